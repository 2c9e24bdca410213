# SPDX-License-Identifier: MIT
foreach(name rtp_packet rtcp rtcp_extended srtp rtp_payloads rtp_demux rtp_rate rtp_rates rtp_allocation rtp_sound_rate rtp_layer_switch rtp_video_scale rtp_send_stream telephone_event)
  crtc_test(test_${name} LABEL unit SEES base media forward rtp MODULES base media congestion forward rtp SOURCES ${name}.c)
endforeach()
crtc_test(test_forward LABEL unit SEES base media forward MODULES base media forward no_codecs SOURCES forward.c)
foreach(name transport_feedback ccfb arrivals redundancy fec rtp_ecn)
  crtc_test(test_${name} LABEL unit SEES base congestion forward rtp MODULES base media congestion forward rtp SOURCES ${name}.c)
endforeach()
