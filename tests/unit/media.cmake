# SPDX-License-Identifier: MIT
foreach(name codec_table frames h264 registry vp9)
  crtc_test(test_media_${name} LABEL unit SEES base media MODULES base media SOURCES media_${name}.c)
endforeach()
foreach(name tracks sinks listeners source_states)
  crtc_test(test_media_${name} LABEL unit threads SEES base media MODULES base media SOURCES media_${name}.c)
endforeach()
if(CRTC_MEDIA) # with the resampler
  crtc_test(test_media_audio LABEL unit SEES base media MODULES base media codecs SOURCES media_audio.c)
endif()
