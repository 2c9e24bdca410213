# SPDX-License-Identifier: MIT
foreach(name rtp_packet rtcp rtcp_extended srtp rtp_payloads rtp_demux rtp_rate rtp_rates rtp_allocation rtp_layer_switch rtp_video_scale rtp_send_stream telephone_event)
  crtc_test(test_${name} LABEL unit SEES base media rtp MODULES base media congestion rtp SOURCES ${name}.c)
endforeach()
foreach(name transport_feedback ccfb arrivals redundancy fec)
  crtc_test(test_${name} LABEL unit SEES base congestion rtp MODULES base media congestion rtp SOURCES ${name}.c)
endforeach()
