# SPDX-License-Identifier: MIT
foreach(name quality network memory slow hostile parity sound)
  crtc_test(test_sim_rtp_${name} LABEL sim TIMEOUT 900 SEES base media forward rtp MODULES base media congestion forward rtp
    SOURCES rtp_${name}.c rtp_sim.c sim_network.c sim_nat.c sim_tcp.c)
endforeach()
foreach(name feedback hostile_feedback l4s)
  crtc_test(test_sim_rtp_${name} LABEL sim TIMEOUT 900 SEES base media congestion forward rtp MODULES base media congestion forward rtp
    SOURCES rtp_${name}.c rtp_sim.c sim_network.c sim_nat.c sim_tcp.c)
endforeach()
