foreach(name connect liveness memory relay report)
  crtc_test(test_sim_ice_${name} LABEL sim SEES base ice MODULES base no_media ice
    SOURCES ice_${name}.c ice_sim.c sim_network.c sim_stun_server.c sim_turn_server.c)
endforeach()
foreach(name hostile attack)
  crtc_test(test_sim_ice_${name} LABEL sim SEES base ice MODULES base no_media ice
    SOURCES ice_${name}.c ice_script.c ice_sim.c sim_network.c sim_stun_server.c sim_turn_server.c)
endforeach()
