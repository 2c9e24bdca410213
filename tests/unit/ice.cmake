# SPDX-License-Identifier: MIT
crtc_test(test_stun_message LABEL unit SEES base ice MODULES base no_media ice SOURCES stun_message.c)
crtc_test(test_ice_candidate LABEL unit SEES base ice MODULES base no_media ice SOURCES ice_candidate.c)
crtc_test(test_ice_filter LABEL unit SEES base ice MODULES base no_media ice SOURCES ice_filter.c)
crtc_test(test_turn LABEL unit SEES base ice MODULES base no_media ice SOURCES turn.c)
crtc_test(test_turn_client LABEL unit SEES base ice MODULES base no_media ice SOURCES turn_client.c)
foreach(name dns_message mdns tcp_framing)
  crtc_test(test_${name} LABEL unit SEES base ice MODULES base no_media ice SOURCES ${name}.c)
endforeach()
