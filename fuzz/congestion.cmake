# SPDX-License-Identifier: MIT
crtc_fuzz(sent_history SEES base congestion MODULES base congestion SOURCES fuzz_sent_history.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sent_history)
foreach(name gcc scream)
  crtc_fuzz(${name} SEES base congestion MODULES base congestion SOURCES fuzz_${name}.c congestion_events.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/congestion)
endforeach()
