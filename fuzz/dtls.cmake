# SPDX-License-Identifier: MIT
crtc_fuzz(certificate SEES base dtls MODULES base dtls SOURCES fuzz_certificate.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/certificate)
crtc_fuzz(client_hello SEES base dtls MODULES base dtls SOURCES fuzz_client_hello.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/client_hello)
crtc_fuzz(dtls SEES base dtls MODULES base dtls SOURCES fuzz_dtls.c remembered_curves.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/dtls)
crtc_fuzz(tls_client SEES base dtls MODULES base dtls SOURCES fuzz_tls_client.c remembered_curves.c CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/tls_client)
