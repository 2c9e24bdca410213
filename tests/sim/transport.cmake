# SPDX-License-Identifier: MIT
# Without src/peer and src/sdp: a transport knows neither.
crtc_test(test_sim_transport_pair LABEL sim SEES base media ice dtls sctp forward rtp transport MODULES base media ice dtls sctp congestion forward rtp transport SOURCES transport_pair.c usrsctp_time.c)
