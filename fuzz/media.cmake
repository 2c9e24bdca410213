# SPDX-License-Identifier: MIT
if(CRTC_MEDIA)
  crtc_fuzz(sound SEES base media MODULES base media codecs SOURCES fuzz_sound.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sound)
  crtc_fuzz(decode SEES base media forward rtp MODULES base media codecs congestion forward rtp SOURCES fuzz_decode.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/decode)
  crtc_fuzz(picture SEES base media codecs forward rtp MODULES base media codecs congestion forward rtp SOURCES fuzz_picture.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/picture)
endif()
