# SPDX-License-Identifier: MIT
crtc_fuzz(stun SEES base ice MODULES base ice SOURCES fuzz_stun.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/stun)
crtc_fuzz(ice SEES base ice MODULES base ice SOURCES fuzz_ice.c ice_script.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/ice)
crtc_fuzz(turn SEES base ice MODULES base ice SOURCES fuzz_turn.c ice_script.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/turn)
crtc_fuzz(turn_stream SEES base ice MODULES base ice SOURCES fuzz_turn_stream.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/turn_stream)
crtc_fuzz(mdns SEES base ice MODULES base ice SOURCES fuzz_mdns.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/mdns)
crtc_fuzz(tcp SEES base ice MODULES base ice SOURCES fuzz_tcp.c ice_script.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/tcp)
crtc_fuzz(agent SEES base ice MODULES base ice SOURCES fuzz_agent.c ice_script.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/agent)
