foreach(name rtp_packet rtcp srtp rtp_payloads rtp_demux rtp_rates)
  crtc_test(test_${name} LABEL unit SEES base rtp MODULES base rtp SOURCES ${name}.c)
endforeach()
