crtc_test(test_sim_sctp_transfer LABEL sim SEES base sctp MODULES base sctp
  SOURCES sctp_transfer.c sctp_sim.c sim_network.c usrsctp_time.c)
