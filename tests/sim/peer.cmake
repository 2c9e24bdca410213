set(peer_sees base sdp ice dtls sctp rtp peer)
set(peer_harness sim_peers.c sim_network.c usrsctp_time.c)
crtc_test(sim_peer_data LABEL sim SEES ${peer_sees} SOURCES peer_data.c ${peer_harness})
