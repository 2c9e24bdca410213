# SPDX-License-Identifier: MIT
crtc_test(test_sdp_attributes LABEL unit SEES base sdp MODULES base media sdp SOURCES sdp_attributes_test.c)
crtc_test(test_sdp_rid LABEL unit SEES base sdp MODULES base media sdp SOURCES sdp_rid.c)
crtc_test(test_sdp_corpus LABEL unit SEES base sdp MODULES base media sdp SOURCES sdp_corpus.c sdp_fixture.c)
crtc_test(test_sdp_hostile LABEL unit SEES base sdp MODULES base media sdp SOURCES sdp_hostile.c sdp_fixture.c)
crtc_test(test_jsep_offer_answer LABEL unit SEES base sdp MODULES base media sdp SOURCES jsep_offer_answer.c sdp_fixture.c)
crtc_test(test_jsep_agreement LABEL unit SEES base sdp MODULES base media sdp SOURCES jsep_agreement.c sdp_fixture.c)
crtc_test(test_jsep_renegotiate LABEL unit SEES base sdp MODULES base media sdp SOURCES jsep_renegotiate.c sdp_fixture.c)
crtc_test(test_sdp_oom LABEL unit SEES base sdp MODULES base media sdp SOURCES sdp_oom.c sdp_fixture.c)
