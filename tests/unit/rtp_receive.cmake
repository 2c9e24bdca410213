# SPDX-License-Identifier: MIT
foreach(name stats nack audio video sync)
  crtc_test(test_rtp_receive_${name} LABEL unit SEES base media rtp MODULES base media congestion rtp SOURCES rtp_receive_${name}.c)
endforeach()
foreach(name session sources rids)
  crtc_test(test_rtp_receive_${name} LABEL unit SEES base media rtp MODULES base media congestion rtp SOURCES rtp_receive_${name}.c rtp_scripted_peer.c)
endforeach()
crtc_test(test_rtp_limits LABEL unit SEES base media rtp MODULES base media congestion rtp SOURCES rtp_limits.c)
crtc_test(test_rtp_numbers LABEL unit SEES base media rtp MODULES base media congestion rtp SOURCES rtp_numbers.c rtp_scripted_peer.c)
