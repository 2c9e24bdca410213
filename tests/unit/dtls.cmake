# SPDX-License-Identifier: MIT
crtc_test(test_client_hello LABEL unit SEES base dtls MODULES base dtls SOURCES client_hello.c)
crtc_test(test_certificate LABEL unit SEES base dtls MODULES base dtls SOURCES certificate.c)
crtc_test(test_dtls LABEL unit threads SEES base dtls MODULES base dtls SOURCES dtls.c dtls_pair.c)
crtc_test(test_dtls_hostile LABEL unit SEES base dtls MODULES base dtls SOURCES dtls_hostile.c dtls_pair.c)
crtc_test(test_dtls_peers LABEL unit SEES base dtls MODULES base dtls SOURCES dtls_peers.c dtls_bare.c dtls_pair.c)
crtc_test(test_dtls_order LABEL unit SEES base dtls MODULES base dtls SOURCES dtls_order.c dtls_pair.c)
crtc_test(test_tls_client LABEL unit SEES base dtls MODULES base dtls SOURCES tls_client.c tls_server.c)
