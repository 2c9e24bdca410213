# SPDX-License-Identifier: MIT
crtc_test(test_api_callbacks LABEL api TIMEOUT 600 SEES base SOURCES api_callbacks.c api_pair.c)
crtc_test(test_api_loops LABEL api threads TIMEOUT 600 SEES base SOURCES api_loops.c api_pair.c)
crtc_test(test_api_media_threads LABEL api threads TIMEOUT 600 SEES base SOURCES api_media_threads.c)
crtc_test(test_api_finalizer LABEL api threads SEES base SOURCES api_finalizer.c)
foreach(name endpoint errors handles sans_io versions)
  crtc_test(test_api_${name} LABEL api SEES base SOURCES api_${name}.c)
endforeach()
crtc_test(test_api_monkey LABEL api threads TIMEOUT 600 SEES base SOURCES api_monkey.c ../monkey.c)
