# SPDX-License-Identifier: MIT
foreach(name rtp rtcp payloads vp8)
  crtc_fuzz(${name} SEES base media forward rtp MODULES base media congestion forward rtp SOURCES fuzz_${name}.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endforeach()
foreach(name transport_feedback ccfb ulpfec flexfec red redundancy)
  crtc_fuzz(${name} SEES base congestion forward rtp MODULES base media congestion forward rtp SOURCES fuzz_${name}.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endforeach()
