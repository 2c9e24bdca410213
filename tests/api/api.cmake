# SPDX-License-Identifier: MIT
crtc_test(test_api_callbacks LABEL api TIMEOUT 600 SEES base SOURCES api_callbacks.c api_pair.c)
crtc_test(test_api_loops LABEL api threads TIMEOUT 600 SEES base SOURCES api_loops.c api_pair.c)
crtc_test(test_api_media_threads LABEL api threads TIMEOUT 600 SEES base SOURCES api_media_threads.c)
crtc_test(test_api_finalizer LABEL api threads SEES base SOURCES api_finalizer.c)
foreach(name endpoint errors handles media_stream sans_io versions)
  crtc_test(test_api_${name} LABEL api SEES base SOURCES api_${name}.c)
endforeach()
crtc_test(test_api_monkey LABEL api threads TIMEOUT 600 SEES base SOURCES api_monkey.c ../monkey.c)
# The objects of webrtc-pc section 5, on two connections in virtual time.
set(api_scene ../sim/renegotiate_scene.c ../sim/peer_pump.c ../sim/peer_scene.c ../sim/sim_peers.c ../sim/sim_network.c ../sim/sim_nat.c ../sim/sim_tcp.c
  ../sim/usrsctp_time.c ../sim/apply_guard.c)
foreach(name track_event rtp_transceiver)
  crtc_test(test_api_${name} LABEL api sim TIMEOUT 300 SEES base media sdp ice dtls sctp rtp transport peer SOURCES ${name}.c ${api_scene})
  target_include_directories(test_api_${name} PRIVATE ../sim)
  target_link_options(test_api_${name} PRIVATE -Wl,--wrap=negotiation_set,--wrap=negotiation_apply,--wrap=memory_alloc,--wrap=memory_zeroed,--wrap=memory_realloc,--wrap=memory_text,--wrap=memory_grow)
endforeach()
