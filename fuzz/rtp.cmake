# SPDX-License-Identifier: MIT
foreach(name rtp rtcp payloads vp8)
  crtc_fuzz(${name} SEES base media rtp MODULES base media congestion rtp SOURCES fuzz_${name}.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endforeach()
foreach(name transport_feedback ccfb ulpfec flexfec red redundancy)
  crtc_fuzz(${name} SEES base congestion rtp MODULES base media congestion rtp SOURCES fuzz_${name}.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endforeach()
