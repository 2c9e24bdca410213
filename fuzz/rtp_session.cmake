# SPDX-License-Identifier: MIT
crtc_fuzz(rtp_session SEES base media congestion forward rtp MODULES base media congestion forward rtp SOURCES fuzz_rtp_session.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/rtp_session)
