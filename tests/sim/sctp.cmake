# SPDX-License-Identifier: MIT
foreach(name transfer channels anew snap memory throughput)
  crtc_test(test_sim_sctp_${name} LABEL sim TIMEOUT 300 SEES base sctp MODULES base sctp
    SOURCES sctp_${name}.c sctp_scenario.c sctp_sim.c sim_network.c sim_nat.c sim_tcp.c usrsctp_time.c)
endforeach()
foreach(name hostile forged)
  crtc_test(test_sim_sctp_${name} LABEL sim SEES base sctp MODULES base sctp SOURCES sctp_${name}.c usrsctp_time.c)
endforeach()
