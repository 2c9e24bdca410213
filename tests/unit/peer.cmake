crtc_test(test_configuration LABEL unit SOURCES configuration.c)
