# SPDX-License-Identifier: MIT
crtc_fuzz(sdp SEES base sdp MODULES base media sdp SOURCES fuzz_sdp.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sdp)
