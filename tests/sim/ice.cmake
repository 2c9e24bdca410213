# SPDX-License-Identifier: MIT
foreach(name connect gather limits liveness memory names network report tcp tcp_accept)
  crtc_test(test_sim_ice_${name} LABEL sim SEES base ice MODULES base ice
    SOURCES ice_${name}.c ice_sim.c sim_network.c sim_nat.c sim_tcp.c sim_stun_server.c sim_turn_server.c)
endforeach()
foreach(name hostile attack lite reach)
  crtc_test(test_sim_ice_${name} LABEL sim SEES base ice MODULES base ice
    SOURCES ice_${name}.c ice_script.c ice_sim.c sim_network.c sim_nat.c sim_tcp.c sim_stun_server.c sim_turn_server.c)
endforeach()
foreach(name relay relay_lost)
  crtc_test(test_sim_ice_${name} LABEL sim SEES base ice MODULES base ice
    SOURCES ice_${name}.c ice_relay_scene.c ice_sim.c sim_network.c sim_nat.c sim_tcp.c sim_stun_server.c sim_turn_server.c)
endforeach()
