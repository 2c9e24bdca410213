# SPDX-License-Identifier: MIT
if(CRTC_MEDIA)
  foreach(name convert g711 layers memory opus pictures vp8 test_picture test_voice)
    crtc_test(test_codecs_${name} LABEL unit SEES base media codecs MODULES base media codecs SOURCES codecs_${name}.c)
  endforeach()
  crtc_test(test_codecs_test_sources LABEL unit threads SEES base media codecs MODULES base media codecs SOURCES codecs_test_sources.c)
endif()
