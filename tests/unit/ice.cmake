crtc_test(test_stun_message LABEL unit SEES base ice MODULES base no_media ice SOURCES stun_message.c)
crtc_test(test_ice_candidate LABEL unit SEES base ice MODULES base no_media ice SOURCES ice_candidate.c)
crtc_test(test_turn LABEL unit SEES base ice MODULES base no_media ice SOURCES turn.c)
crtc_test(test_turn_client LABEL unit SEES base ice MODULES base no_media ice SOURCES turn_client.c)
