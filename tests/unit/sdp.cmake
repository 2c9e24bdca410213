crtc_test(test_sdp_corpus LABEL unit SEES base sdp MODULES base sdp SOURCES sdp_corpus.c sdp_fixture.c)
crtc_test(test_jsep_offer_answer LABEL unit SEES base sdp MODULES base sdp SOURCES jsep_offer_answer.c sdp_fixture.c)
