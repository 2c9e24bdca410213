# SPDX-License-Identifier: MIT
# Descriptions by the sections of webrtc-pc and RFC 9429.
set(jsep_harness renegotiate_scene.c peer_pump.c peer_scene.c sim_peers.c sim_network.c sim_nat.c sim_tcp.c usrsctp_time.c)
foreach(name rollback pranswer descriptions create malformed glare)
  crtc_test(test_sim_jsep_${name} LABEL sim TIMEOUT 300 SEES base media sdp ice dtls sctp forward rtp transport peer
    SOURCES jsep_${name}.c apply_guard.c ${jsep_harness})
  target_link_options(test_sim_jsep_${name} PRIVATE -Wl,--wrap=negotiation_set,--wrap=negotiation_apply,--wrap=memory_alloc,--wrap=memory_zeroed,--wrap=memory_realloc,--wrap=memory_text,--wrap=memory_grow)
endforeach()
