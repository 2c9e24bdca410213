# SPDX-License-Identifier: MIT
set(sim ${PROJECT_SOURCE_DIR}/tests/sim)
crtc_fuzz(endpoint SEES base media sdp ice dtls sctp congestion forward rtp transport peer SOURCES fuzz_endpoint.c prepared.c remembered_curves.c ${sim}/sim_peers.c ${sim}/sim_network.c ${sim}/sim_nat.c ${sim}/sim_tcp.c
  ${sim}/usrsctp_time.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/endpoint)
fuzz_whole(endpoint)
crtc_fuzz(route SEES base media sdp ice dtls sctp forward rtp transport peer SOURCES fuzz_route.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/route)
crtc_fuzz(configuration SEES base SOURCES fuzz_configuration.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/configuration)
if(CRTC_MEDIA)
  crtc_fuzz(calls SEES base media sdp ice dtls sctp forward rtp transport peer codecs SOURCES fuzz_calls.c prepared.c remembered_curves.c ${PROJECT_SOURCE_DIR}/tests/monkey.c ${PROJECT_SOURCE_DIR}/tests/monkey_codecs.c ${PROJECT_SOURCE_DIR}/tests/monkey_objects.c ${sim}/sim_peers.c ${sim}/sim_network.c ${sim}/sim_nat.c
    ${sim}/sim_tcp.c ${sim}/sim_turn_server.c ${sim}/usrsctp_time.c LIBRARIES cmocka CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/calls)
  target_include_directories(fuzz_calls PRIVATE ${sim})
  fuzz_whole(calls)
endif()
