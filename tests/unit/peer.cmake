# SPDX-License-Identifier: MIT
crtc_test(test_configuration LABEL unit SEES base media sdp ice dtls sctp rtp transport peer SOURCES configuration.c)
crtc_test(test_decode_budget LABEL unit SEES base peer SOURCES decode_budget.c)
crtc_test(test_tls_streams LABEL unit SEES base ice SOURCES tls_streams.c tls_server.c)
crtc_test(test_endpoint LABEL unit SEES base media sdp ice dtls sctp rtp transport peer SOURCES endpoint.c)
crtc_test(test_negotiation_plan LABEL unit SEES base media sdp ice dtls sctp rtp transport peer SOURCES negotiation_plan.c)
crtc_test(test_capabilities LABEL unit SEES base media sdp rtp peer SOURCES capabilities.c)
crtc_test(test_peer_moves LABEL unit SEES base media sdp ice dtls sctp rtp transport peer SOURCES peer_moves.c)
crtc_test(test_connection_states LABEL unit SEES base media ice dtls peer SOURCES connection_states.c)
