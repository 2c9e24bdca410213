crtc_test(test_api_callbacks LABEL api TIMEOUT 300 SEES base SOURCES api_callbacks.c api_pair.c)
crtc_test(test_api_loops LABEL api threads TIMEOUT 300 SEES base SOURCES api_loops.c api_pair.c)
