# SPDX-License-Identifier: MIT
crtc_fuzz(snap_init SEES base sctp MODULES base sctp SOURCES fuzz_snap_init.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/snap_init)
crtc_fuzz(dcep SEES base sctp MODULES base sctp SOURCES fuzz_dcep.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/dcep)
crtc_fuzz(sctp SEES base sctp MODULES base sctp SOURCES fuzz_sctp.c ${CMAKE_CURRENT_SOURCE_DIR}/../tests/sim/usrsctp_time.c
  CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/sctp)
target_include_directories(fuzz_sctp PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/../tests/sim)
