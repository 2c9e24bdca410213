# SPDX-License-Identifier: MIT
foreach(name sent_history)
  crtc_fuzz(${name} SEES base congestion MODULES base congestion SOURCES fuzz_${name}.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endforeach()
