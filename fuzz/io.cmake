# SPDX-License-Identifier: MIT
crtc_fuzz(interfaces SEES base io SOURCES fuzz_interfaces.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/interfaces)
