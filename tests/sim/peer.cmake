# SPDX-License-Identifier: MIT
set(peer_sees base media sdp ice dtls sctp rtp transport peer)
set(peer_harness peer_pump.c peer_scene.c sim_peers.c sim_network.c sim_tcp.c usrsctp_time.c)
foreach(name data explain signaling renegotiate offers channels unread hostile limits stats names marks network refused goodbye hops load pictures undone)
  crtc_test(test_sim_peer_${name} LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_${name}.c ${peer_harness})
endforeach()
crtc_test(test_sim_peer_memory LABEL sim TIMEOUT 600 PARTS 6 SEES ${peer_sees} SOURCES peer_memory.c ${peer_harness})
crtc_test(test_sim_peer_setup LABEL sim TIMEOUT 300 PARTS 2 SEES ${peer_sees} SOURCES peer_setup.c ${peer_harness})
foreach(name restart restart_offers restart_dropped)
  crtc_test(test_sim_peer_${name} LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_${name}.c restart_scene.c ${peer_harness})
endforeach()
crtc_test(test_sim_peer_relays LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_relays.c sim_turn_server.c ${peer_harness})
crtc_test(test_sim_peer_endpoint LABEL sim TIMEOUT 300 SEES ${peer_sees}
  SOURCES peer_endpoint.c sim_hall.c sim_network.c sim_tcp.c sim_stun_server.c usrsctp_time.c)
if(TARGET crtc_codecs) # real codecs, and the conversion that they need
  crtc_test(test_sim_peer_media LABEL sim TIMEOUT 600 SEES ${peer_sees} codecs SOURCES peer_media.c ${peer_harness})
  crtc_program(test_sim_peer_camera SEES ${peer_sees} codecs SOURCES peer_camera.c ${peer_harness} LIBRARIES cmocka)
  add_test(NAME test_sim_peer_camera COMMAND test_sim_peer_camera 30 *300_kbit) # the cheapest; all of them for ten minutes are for an idle machine
  set_tests_properties(test_sim_peer_camera PROPERTIES LABELS sim TIMEOUT 300)
  crtc_test(test_sim_peer_slow LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_slow.c ${peer_harness})
endif()
crtc_test(test_sim_peer_monkey LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_monkey.c ../monkey.c ${peer_harness})
crtc_test(test_sim_peer_sctp LABEL sim TIMEOUT 300 SEES ${peer_sees} SOURCES peer_sctp.c sim_turn_server.c ${peer_harness})
