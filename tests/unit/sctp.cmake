# SPDX-License-Identifier: MIT
foreach(name dcep crc32c flight handshake reset_gate sack snap_init sctp_engine sctp_moves)
  crtc_test(test_${name} LABEL unit SEES base sctp MODULES base sctp SOURCES ${name}.c)
endforeach()
crtc_test(test_sctp_threads LABEL unit threads SEES base sctp MODULES base sctp SOURCES sctp_threads.c)
