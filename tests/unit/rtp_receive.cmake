foreach(name stats nack audio video sync session)
  crtc_test(test_rtp_receive_${name} LABEL unit SEES base rtp MODULES base no_media rtp SOURCES rtp_receive_${name}.c)
endforeach()
