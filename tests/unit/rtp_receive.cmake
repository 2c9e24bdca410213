foreach(name stats nack audio video sync)
  crtc_test(test_rtp_receive_${name} LABEL unit SEES base rtp MODULES base rtp SOURCES rtp_receive_${name}.c)
endforeach()
