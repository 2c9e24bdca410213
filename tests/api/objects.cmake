# SPDX-License-Identifier: MIT
# One file for each interface, in virtual time: the objects of a connection.
set(object_sees base media sdp ice dtls sctp forward rtp transport peer)
set(object_harness ../sim/peer_pump.c ../sim/peer_scene.c ../sim/sim_peers.c ../sim/sim_network.c ../sim/sim_nat.c ../sim/sim_tcp.c ../sim/usrsctp_time.c)
foreach(name peer_connection peer_connection_data rtc_error ice_candidate ice_transport dtls_transport sctp_transport data_channel certificate)
  crtc_test(test_api_${name} LABEL api SEES ${object_sees} SOURCES ${name}.c ${object_harness})
endforeach()
