# SPDX-License-Identifier: MIT
crtc_test(test_api_log LABEL api SEES base SOURCES api_log.c api_pair.c)
