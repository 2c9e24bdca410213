# SPDX-License-Identifier: MIT
crtc_fuzz(forward SEES base media forward MODULES base media forward no_codecs SOURCES fuzz_forward.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/forward)
