# SPDX-License-Identifier: MIT
if(CRTC_MEDIA)
  crtc_fuzz(sound SEES base MODULES base media SOURCES fuzz_sound.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sound)
  crtc_fuzz(decode SEES base rtp MODULES base media rtp SOURCES fuzz_decode.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/decode)
  crtc_fuzz(picture SEES base media rtp MODULES base media rtp SOURCES fuzz_picture.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/picture)
endif()
