# SPDX-License-Identifier: MIT
foreach(name quality network memory slow)
  crtc_test(test_sim_rtp_${name} LABEL sim TIMEOUT 900 SEES base rtp MODULES base no_media rtp
    SOURCES rtp_${name}.c rtp_sim.c sim_network.c sim_tcp.c)
endforeach()
