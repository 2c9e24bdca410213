/* SPDX-License-Identifier: MIT */
/* Offers and answers of our own: against ourselves from both sides, and against what peers offered. */
#include "sdp_fixture.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void check_offer(const struct session_description *d)
{
    assert_int_equal(d->section_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(d->sections[i].bundle.grouped);
        assert_int_equal(d->sections[i].transport.setup, SETUP_ACTPASS);
        assert_true(d->sections[i].transport.ice_trickle);
        assert_int_equal(d->sections[i].bundle.only, i > 0);
        assert_int_equal(d->sections[i].port, i > 0 ? 0 : 9);
    }
    assert_string_equal(d->sections[1].rtp.track_id, "track-video");
    assert_int_equal(d->sections[1].rtp.ssrcs[0], 1001);
    assert_int_equal(d->sections[1].rtp.rtx_ssrcs[0], 2001);
    assert_int_equal(d->sections[1].rtp.codecs[0].rtx_payload_type, 97);
    assert_string_equal(d->sections[1].rtp.cname, "cname-1");
    assert_true(d->sections[2].sctp.data_channel);
    assert_true(d->sections[2].sctp.max_message_size == 262144);
}

/* Who does not ask for max-bundle gives every section a port: peers that never heard of bundle-only take 0 for a rejection. */
static void bundle_only_is_for_max_bundle(void **state)
{
    (void)state;
    for (int max = 0; max < 2; max++) {
        struct local_side a, b;
        local_init(&a, "aaaa");
        (void)local_add(&a, MEDIA_AUDIO, "0");
        (void)local_add(&a, MEDIA_VIDEO, "1");
        (void)local_add(&a, MEDIA_APPLICATION, "2");
        for (size_t i = 0; i < 3; i++)
            a.sections[i].bundle_only = max != 0;
        char *text = offer_text(&a);
        assert_true(contains(text, "a=bundle-only\r\n") == (max != 0));
        struct session_description *offer = parsed(text);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(offer->sections[i].port, max && i > 0 ? 0 : 9);
            assert_false(offer->sections[i].rejected);
        }
        local_init(&b, "bbbb");
        local_match(&b, offer);
        char *reply = answer_text(&b, offer);
        struct session_description *answer = parsed(reply);
        assert_int_equal(jsep_check_answer(offer, answer, NULL), 0);
        for (size_t i = 0; i < 3; i++)
            assert_false(answer->sections[i].rejected);
        session_description_free(NULL, answer);
        session_description_free(NULL, offer);
        free(reply);
        free(text);
    }
}

static void check_agreement(const struct session_description *local, const struct session_description *remote)
{
    struct jsep_negotiated n;
    jsep_negotiate(&local->sections[1], &remote->sections[1], &n);
    assert_false(n.rejected);
    assert_int_equal(n.direction, RTC_DIRECTION_SENDRECV);
    assert_int_equal(n.send_codec.payload_type, 96);
    assert_int_equal(n.send_codec.rtx_payload_type, 97);
    assert_true(n.send_codec.nack && n.send_codec.nack_pli && n.send_codec.ccm_fir && n.send_codec.goog_remb && !n.send_codec.transport_cc);
    assert_int_equal(n.receive_codec_count, 1);
    assert_int_equal(n.extension_count, 4);
    assert_int_equal(n.extensions[1].id, 4);
    assert_true(n.rtcp_reduced_size);
}

/* RFC 9429 section 5.10: TIAS is the rate, AS is kilobits with headers and RTCP. */
static void bandwidth_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint64_t bps;
    } cases[] = {
        {"", UINT64_MAX},
        {"b=AS:200\r\n", 174000},
        {"b=AS:2000\r\nb=TIAS:100000\r\n", 100000},
        {"b=TIAS:0\r\n", 0},
        {"b=AS:10\r\n", 0},
        {"b=AS:18446744073709551\r\n", 18446744073709551u * 950 - 16000},
        {"b=AS:18446744073709552\r\nb=AS:\r\nb=TIAS:-1\r\nb=AS\r\nb=as:1\r\nb=X-YZ:128\r\nb=CT:1\r\n", UINT64_MAX},
    };
    static const char head[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n", middle[] = "t=0 0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int in_session = 0; in_session < 2; in_session++) {
            char text[512];
            (void)snprintf(text, sizeof text, "%s%s%s%s", head, in_session ? cases[i].lines : "", middle, in_session ? "" : cases[i].lines);
            struct session_description *d = parsed(text);
            assert_true(d->bandwidth_bps == (in_session ? cases[i].bps : UINT64_MAX));
            assert_true(d->sections[0].bandwidth_bps == (in_session ? UINT64_MAX : cases[i].bps));
            session_description_free(NULL, d);
        }
    }
}

static void offer_is_answered_and_agreed_on_by_both_sides(void **state)
{
    (void)state;
    struct local_side a, b;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_VIDEO, "1");
    (void)local_add(&a, MEDIA_APPLICATION, "2");
    char *text = offer_text(&a);
    struct session_description *offer = parsed(text);
    check_offer(offer);
    local_init(&b, "bbbb");
    local_match(&b, offer);
    char *reply = answer_text(&b, offer);
    struct session_description *answer = parsed(reply);
    assert_int_equal(jsep_check_answer(offer, answer, NULL), 0);
    assert_int_equal(answer->sections[0].transport.setup, SETUP_ACTIVE);
    assert_int_equal(answer->sections[2].port, 9);
    check_agreement(offer, answer);
    check_agreement(answer, offer);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(reply);
    free(text);
}

static void check_answer_to(const char *name, struct slice text, void *user)
{
    (void)text;
    size_t *answered = user;
    if (!contains(name, "offer") || contains(name, "offerToReceive_answer"))
        return;
    struct session_description *offer = parsed_file(name);
    struct local_side local;
    local_init(&local, "bbbb");
    local_match(&local, offer);
    char *reply = answer_text(&local, offer);
    struct session_description *answer = parsed(reply);
    struct sdp_error error = {0};
    if (jsep_check_answer(offer, answer, &error) != 0)
        fail_msg("%s: %s", name, error.text);
    bool accepted = false;
    for (size_t i = 0; i < answer->section_count; i++)
        accepted = accepted || !answer->sections[i].rejected;
    if (!accepted || contains(reply, "transport-cc") || contains(reply, "transport-wide") || contains(reply, " red/") ||
        contains(reply, " ulpfec/"))
        fail_msg("%s is answered by\n%s", name, reply);
    (*answered)++;
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(reply);
}

static void every_offer_of_a_peer_can_be_answered(void **state)
{
    (void)state;
    size_t answered = 0;
    (void)corpus_each(check_answer_to, &answered);
    assert_int_equal(answered, 88);
}

#define AUDIO                                                                                      \
    "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:97 OPUS/48000/2\r\na=fmtp:97 " \
    "sprop-stereo=1\r\na=rtcp-mux\r\na=mid:audio0\r\n" SDP_TRANSPORT
#define DATA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:5000\r\na=mid:data\r\n" SDP_TRANSPORT

/* The answer of a default local side; also checked against the offer. */
static char *answer_to(const char *offer_sdp, struct local_side *side)
{
    struct local_side fresh;
    struct session_description *offer = parsed(offer_sdp);
    if (!side) {
        local_init(&fresh, "bbbb");
        local_match(&fresh, offer);
        side = &fresh;
    }
    char *reply = answer_text(side, offer);
    struct session_description *answer = parsed(reply);
    struct sdp_error error = {0};
    if (jsep_check_answer(offer, answer, &error) != 0)
        fail_msg("%s in\n%s", error.text, reply);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    return reply;
}

static void upper_case_names_and_extra_parameters_match(void **state)
{
    (void)state;
    /* As GStreamer writes it. */
    char *reply = answer_to(SDP_SESSION "a=group:BUNDLE audio0\r\n" AUDIO "a=setup:actpass\r\na=sendrecv\r\n", NULL);
    has(reply, "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\n", true);
    has(reply, "a=rtpmap:97 OPUS/48000/2\r\n", true);
    has(reply, "a=fmtp:97 minptime=10;useinbandfec=1\r\n", true);
    has(reply, "a=group:BUNDLE audio0\r\n", true);
    has(reply, "a=rtcp-rsize", false);
    has(reply, "a=extmap", false);
    free(reply);
}

/* RFC 3611 section 5: of all receivers; what other receivers or reports there may be is nothing that we have. */
static void reference_times_are_told_where_both_say_so(void **state)
{
    static const struct {
        const char *session, *line;
        bool told;
    } cases[] = {
        {"", "", false},
        {"", "a=rtcp-xr:rcvr-rtt=all\r\n", true},
        {"a=rtcp-xr:rcvr-rtt=all\r\n", "", true},
        {"", "a=rtcp-xr:rcvr-rtt=all:10000\r\n", true},
        {"", "a=rtcp-xr:stat-summary=loss,dup,jitt rcvr-rtt=all:100 voip-metrics\r\n", true},
        {"", "a=rtcp-xr:rcvr-rtt=sender\r\n", false},
        {"", "a=rtcp-xr:rcvr-rtt=alle\r\n", false},
        {"", "a=rtcp-xr:xrcvr-rtt=all\r\n", false},
        {"", "a=rtcp-xr\r\n", false},
        {"", "a=rtcp-xr:\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        (void)snprintf(text, sizeof text, "%s%sa=group:BUNDLE audio0\r\n%sa=setup:actpass\r\n%s", SDP_SESSION, cases[i].session, AUDIO,
                       cases[i].line);
        char *reply = answer_to(text, NULL);
        has(reply, "a=rtcp-xr:rcvr-rtt=all\r\n", cases[i].told);
        has(reply, "a=rtcp-xr", cases[i].told);
        free(reply);
    }
}

static void setup_is_what_the_offer_leaves(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "active"}, {"a=setup:actpass\r\n", "active"}, {"a=setup:active\r\n", "passive"}, {"a=setup:passive\r\n", "active"}};
    for (size_t i = 0; i < 4; i++) {
        char text[2048], expected[64];
        snprintf(text, sizeof(text), "%s%s", SDP_SESSION AUDIO, cases[i][0]);
        snprintf(expected, sizeof(expected), "a=setup:%s\r\n", cases[i][1]);
        char *reply = answer_to(text, NULL);
        has(reply, expected, true);
        free(reply);
    }
    struct local_side side;
    local_init(&side, "bbbb");
    (void)local_add(&side, MEDIA_AUDIO, "");
    side.snapshot.transport.setup = SETUP_PASSIVE; /* what an earlier exchange settled */
    char *reply = answer_to(SDP_SESSION AUDIO "a=setup:actpass\r\n", &side);
    has(reply, "a=setup:passive\r\n", true);
    free(reply);
}

static void sections_outside_the_first_ones_group_are_rejected(void **state)
{
    (void)state;
    char *reply = answer_to(SDP_SESSION AUDIO DATA, NULL);
    has(reply, "a=group", false);
    has(reply, "m=audio 9 ", true);
    has(reply, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n", true);
    free(reply);
    reply = answer_to(SDP_SESSION "a=group:BUNDLE data\r\n" AUDIO DATA, NULL);
    has(reply, "m=application 0 ", true);
    free(reply);
    /* The first section is not acceptable, so the second decides. */
    struct local_side side;
    local_init(&side, "bbbb");
    local_add(&side, MEDIA_AUDIO, "")->rejected = true;
    (void)local_add(&side, MEDIA_APPLICATION, "");
    reply = answer_to(SDP_SESSION "a=group:BUNDLE audio0 data\r\n" AUDIO DATA, &side);
    has(reply, "a=group:BUNDLE data\r\n", true);
    has(reply, "m=audio 0 UDP/TLS/RTP/SAVPF 97\r\n", true);
    has(reply, "m=application 9 ", true);
    free(reply);
}

static void the_group_keeps_the_offers_order(void **state)
{
    (void)state;
    char *reply = answer_to(SDP_SESSION "a=group:LS audio0 data\r\na=group:BUNDLE data audio0\r\n" AUDIO DATA, NULL);
    has(reply, "a=group:BUNDLE data audio0\r\n", true);
    has(reply, "a=group:LS", false);
    free(reply);
}

static void the_tagged_section_decides_the_role(void **state)
{
    (void)state;
    char *reply = answer_to(SDP_SESSION "a=group:BUNDLE data audio0\r\n" AUDIO "a=setup:passive\r\n" DATA "a=setup:active\r\n", NULL);
    has(reply, "a=setup:passive\r\n", true);
    has(reply, "a=setup:active\r\n", false);
    free(reply);
    struct session_description *d = parsed(SDP_SESSION "a=group:BUNDLE data audio0\r\n" AUDIO DATA);
    assert_int_equal(session_description_tagged(d, 0), 1);
    assert_int_equal(session_description_tagged(d, 1), 1);
    d->sections[1].rejected = true;
    assert_int_equal(session_description_tagged(d, 0), 0);
    assert_int_equal(session_description_tagged(d, 1), 0);
    session_description_free(NULL, d);
    d = parsed(SDP_SESSION AUDIO DATA);
    assert_int_equal(session_description_tagged(d, 1), 1);
    session_description_free(NULL, d);
}

static void what_we_can_not_do_is_rejected(void **state)
{
    (void)state;
    static const char *const sections[] = {
        "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\na=rtcp-mux\r\na=mid:x\r\n" SDP_TRANSPORT,                          /* no codec in common */
        "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 opus/48000/2\r\na=mid:x\r\n" SDP_TRANSPORT,             /* no rtcp-mux */
        "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 opus/48000\r\na=rtcp-mux\r\na=mid:x\r\n" SDP_TRANSPORT, /* another number of channels
                                                                                                                */
        "m=text 9 UDP/TLS/RTP/SAVPF 98\r\na=rtcp-mux\r\na=mid:x\r\n" SDP_TRANSPORT,
        "m=application 9 UDP/DTLS/SCTP something\r\na=mid:x\r\n" SDP_TRANSPORT,
        "m=application 9 UDP/BFCP *\r\na=mid:x\r\n" SDP_TRANSPORT,
    };
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        char text[2048];
        snprintf(text, sizeof(text), "%sa=group:BUNDLE x\r\n%s", SDP_SESSION, sections[i]);
        char *reply = answer_to(text, NULL);
        has(reply, "a=group", false);
        has(reply, " 9 ", false);
        has(reply, "a=mid:x\r\n", true);
        free(reply);
    }
}

static void directions_meet(void **state)
{
    (void)state;
    static const char *const names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
    for (unsigned theirs = 0; theirs < 4; theirs++)
        for (unsigned ours = 0; ours < 4; ours++) {
            struct local_side side;
            char text[2048], expected[64];
            local_init(&side, "bbbb");
            local_add(&side, MEDIA_AUDIO, "")->direction = (rtc_rtp_direction)ours;
            snprintf(text, sizeof(text), "%sa=%s\r\n", SDP_SESSION AUDIO, names[theirs]);
            unsigned agreed = ours & ((theirs & 1) << 1 | theirs >> 1);
            snprintf(expected, sizeof(expected), "a=%s\r\n", names[agreed]);
            char *reply = answer_to(text, &side);
            has(reply, expected, true);
            has(reply, "a=msid:stream-1 track-audio\r\n", (agreed & 1) != 0);
            has(reply, "a=ssrc:1000 cname:cname-1\r\n", (agreed & 1) != 0);
            free(reply);
        }
}

static void tracks_without_stream_or_track_id(void **state)
{
    (void)state;
    struct local_side side;
    local_init(&side, "aaaa");
    struct jsep_local_section *audio = local_add(&side, MEDIA_AUDIO, "0");
    audio->stream_count = 0;
    char *text = offer_text(&side);
    has(text, "a=msid:- track-audio\r\n", true);
    free(text);
    audio->track_id = NULL;
    text = offer_text(&side);
    has(text, "a=msid:", false);
    has(text, "a=ssrc:1000", true);
    free(text);
}

static void one_extension_id_for_two_uris_keeps_the_first(void **state)
{
    (void)state;
    char *text = corpus_read("aiortc_1.4.0_avd_offer.sdp");
    char *reply = answer_to(text, NULL);
    has(reply, "a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n", true);
    has(reply, "abs-send-time", false);
    has(reply, "m=application 9 DTLS/SCTP 5000\r\n", true);
    has(reply, "a=sctpmap:5000 webrtc-datachannel 65535\r\n", true);
    has(reply, "a=sctp-port", false);
    free(reply);
    free(text);
}

static void extension_directions_are_reversed(void **state)
{
    (void)state;
    char *text = corpus_read("firefox_153_simulcast3_offer.sdp");
    char *reply = answer_to(text, NULL);
    has(reply, "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n", true);
    has(reply, "a=extmap:10/recvonly urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n", true);
    has(reply, "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", true);
    free(reply);
    free(text);
}

static void large_extension_ids(void **state)
{
    (void)state;
#define LARGE "a=extmap:16 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:15 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    char *reply = answer_to(SDP_SESSION AUDIO LARGE, NULL);
    has(reply, "a=extmap:16 ", true); /* all packets are in the two-byte form then */
    has(reply, "a=extmap-allow-mixed", false);
    has(reply, "a=extmap:15 ", false);
    free(reply);
    reply = answer_to(SDP_SESSION AUDIO LARGE "a=extmap-allow-mixed\r\n", NULL);
    has(reply, "a=extmap:16 ", true);
    has(reply, "a=extmap:15 ", false);
    free(reply);
}

static int create_error(struct local_side *side)
{
    struct text out = text_new(context_resolve(NULL));
    int result = jsep_create_offer(NULL, &side->snapshot, &out);
    assert_true((result == 0) == (out.len > 0));
    text_fini(&out);
    return result;
}

/* RFC 9429 section 5.2.1: bundle-only sections of a strict peer have none of the transport's lines; the tagged section's count. */
static void bundle_only_sections_without_a_transport(void **state)
{
    (void)state;
    static const char offered[] =
        SDP_SESSION "a=group:BUNDLE 0 1 2\r\nm=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 opus/48000/2\r\na=mid:0\r\n"
                    "a=rtcp-mux\r\na=setup:actpass\r\n" SDP_TRANSPORT
                    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=mid:1\r\na=bundle-only\r\n"
                    "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\na=mid:2\r\n"
                    "a=bundle-only\r\n";
    struct session_description *offer = parsed(offered);
    for (size_t i = 0; i < 3; i++) {
        assert_true(slice_is(offer->sections[i].transport.ice_ufrag, "abcd"));
        assert_int_equal(offer->sections[i].transport.fingerprint_count, 1);
        assert_int_equal(offer->sections[i].transport.setup, SETUP_ACTPASS);
    }
    session_description_free(NULL, offer);
    char *reply = answer_to(offered, NULL);
    has(reply, "a=group:BUNDLE 0 1 2\r\n", true);
    has(reply, "m=video 9 ", true);
    has(reply, "m=application 9 ", true);
    free(reply);
}

/* What a section of a group does not say comes from the first one that is not rejected, and from no other. */
static void attributes_come_from_the_tagged_section(void **state)
{
    (void)state;
#define BUNDLED(port, mid, rest) "m=audio " port " UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\na=mid:" mid "\r\n" rest
    struct session_description *d =
        parsed(SDP_SESSION "a=group:BUNDLE 0 1\r\n" BUNDLED("9", "0", "a=ice-options:trickle\r\n" SDP_TRANSPORT) BUNDLED("9", "1", ""));
    assert_true(d->sections[1].transport.ice_trickle);
    assert_true(slice_is(d->sections[1].transport.ice_pwd, "0123456789abcdefghijkl"));
    session_description_free(NULL, d);
    assert_int_equal(parse_error(SDP_SESSION "a=group:BUNDLE 0 1\r\n" BUNDLED("0", "0", SDP_TRANSPORT) BUNDLED("9", "1", ""), NULL),
                     RTC_ERR_INVALID_ACCESS);
}

/* RFC 5761 section 4: they look like RTCP, and are refused where both share a port. */
static void payload_types_that_look_like_rtcp(void **state)
{
    (void)state;
#define VP8_AND(pt, rtx)                                                                                                               \
    SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF " pt " " rtx "\r\na=rtpmap:" pt " VP8/90000\r\na=rtpmap:" rtx " rtx/90000\r\na=fmtp:" rtx \
                " apt=" pt "\r\na=rtcp-mux\r\na=mid:0\r\n" SDP_TRANSPORT
    static const char *const offers[] = {VP8_AND("64", "96"), VP8_AND("95", "96"), VP8_AND("72", "73"), VP8_AND("63", "96"),
                                         VP8_AND("96", "63"), VP8_AND("96", "64"), VP8_AND("96", "95")};
    for (size_t i = 0; i < 7; i++) {
        if (i != 3 && i != 4) {
            assert_int_equal(parse_error(offers[i], NULL), RTC_ERR_INVALID_ACCESS);
            continue;
        }
        struct session_description *d = parsed(offers[i]);
        assert_int_equal(d->sections[0].rtp.codec_count, 1);
        assert_int_equal(d->sections[0].rtp.codecs[0].rtx_payload_type, i == 3 ? 96 : 63);
        session_description_free(NULL, d);
        char *reply = answer_to(offers[i], NULL);
        has(reply, "m=video 9 ", true);
        has(reply, "rtx/90000", true);
        free(reply);
    }
    struct session_description *d = parsed(SDP_SESSION "m=video 0 UDP/TLS/RTP/SAVPF 64\r\na=rtpmap:64 VP8/90000\r\na=rtcp-mux\r\n"
                                                       "a=mid:0\r\n" SDP_TRANSPORT);
    assert_int_equal(d->sections[0].rtp.codec_count, 0); /* in what is rejected it does not matter */
    session_description_free(NULL, d);
    struct local_side side;
    struct jsep_codec codec;
    local_init(&side, "aaaa");
    struct jsep_local_section *video = local_add(&side, MEDIA_VIDEO, "0");
    codec = video->codecs[0];
    video->codecs = &codec;
    video->codec_count = 1;
    codec.payload_type = 80;
    assert_int_equal(create_error(&side), RTC_ERR_TYPE);
    codec.payload_type = 96;
    codec.rtx_payload_type = 95;
    assert_int_equal(create_error(&side), RTC_ERR_TYPE);
    codec.rtx_payload_type = 97;
    assert_int_equal(create_error(&side), 0);
}

static void nothing_is_smuggled_into_a_line(void **state)
{
    (void)state;
    static const char *const evil[] = {"a\r\na=evil", "a\nb", "a b", "", "\x01"};
    for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
        struct local_side side;
        for (int field = 0; field < 9; field++) {
            local_init(&side, "aaaa");
            struct jsep_local_section *s = local_add(&side, MEDIA_AUDIO, "0");
            struct jsep_codec codec = s->codecs[0];
            struct jsep_extension extension = s->extensions[0];
            assert_int_equal(create_error(&side), 0);
            s->codecs = &codec;
            s->extensions = &extension;
            s->extension_count = 1;
            if (field == 0)
                s->track_id = evil[i];
            else if (field == 1)
                s->stream_ids = &evil[i];
            else if (field == 2)
                side.snapshot.cname = evil[i];
            else if (field == 3)
                side.snapshot.transport.ice_ufrag = evil[i];
            else if (field == 4)
                side.snapshot.transport.ice_pwd = evil[i];
            else if (field == 5)
                snprintf(codec.name, sizeof(codec.name), "%s", evil[i]);
            else if (field == 6)
                snprintf(codec.fmtp, sizeof(codec.fmtp), "%s\n", evil[i]);
            else if (field == 7)
                snprintf(extension.uri, sizeof(extension.uri), "%s", evil[i]);
            else
                snprintf(s->mid, sizeof(s->mid), "%s\r", evil[i]);
            assert_int_equal(create_error(&side), RTC_ERR_TYPE);
        }
    }
}

static void a_snapshot_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct local_side side;
    local_init(&side, "aaaa");
    (void)local_add(&side, MEDIA_AUDIO, "0");
    (void)local_add(&side, MEDIA_VIDEO, "0"); /* twice the same mid */
    assert_int_equal(create_error(&side), RTC_ERR_TYPE);
    local_init(&side, "aaaa");
    (void)local_add(&side, MEDIA_OTHER, "0"); /* only ever kept as rejected */
    assert_int_equal(create_error(&side), RTC_ERR_TYPE);
    local_init(&side, "aaaa");
    side.snapshot.fingerprint = NULL;
    assert_int_equal(create_error(&side), RTC_ERR_TYPE);
}

static void an_offer_without_sections_and_its_answer(void **state)
{
    (void)state;
    struct local_side side;
    local_init(&side, "aaaa");
    char *text = offer_text(&side);
    has(text, "a=group", false);
    char *reply = answer_to(text, NULL);
    has(reply, "m=", false);
    free(reply);
    free(text);
}

static void answers_keep_feedback_that_both_have(void **state)
{
    (void)state;
    char *reply = answer_to(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 100 101 102\r\na=rtpmap:100 H264/90000\r\na=rtpmap:101 "
                                        "VP8/90000\r\na=rtpmap:102 rtx/90000\r\na=fmtp:102 apt=100\r\n"
                                        "a=rtcp-fb:* nack\r\na=rtcp-fb:101 transport-cc\r\na=rtcp-mux\r\na=mid:v\r\n" SDP_TRANSPORT,
                            NULL);
    has(reply, "m=video 9 UDP/TLS/RTP/SAVPF 101\r\n", true); /* the rtx is not for VP8 */
    has(reply, "a=rtcp-fb:101 nack\r\n", true);
    has(reply, "nack pli", false);
    has(reply, "transport-cc", false);
    has(reply, "FID", false);
    free(reply);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundle_only_is_for_max_bundle),
        cmocka_unit_test(bandwidth_is_read),
        cmocka_unit_test(offer_is_answered_and_agreed_on_by_both_sides),
        cmocka_unit_test(every_offer_of_a_peer_can_be_answered),
        cmocka_unit_test(upper_case_names_and_extra_parameters_match),
        cmocka_unit_test(reference_times_are_told_where_both_say_so),
        cmocka_unit_test(setup_is_what_the_offer_leaves),
        cmocka_unit_test(sections_outside_the_first_ones_group_are_rejected),
        cmocka_unit_test(the_group_keeps_the_offers_order),
        cmocka_unit_test(the_tagged_section_decides_the_role),
        cmocka_unit_test(what_we_can_not_do_is_rejected),
        cmocka_unit_test(directions_meet),
        cmocka_unit_test(tracks_without_stream_or_track_id),
        cmocka_unit_test(one_extension_id_for_two_uris_keeps_the_first),
        cmocka_unit_test(extension_directions_are_reversed),
        cmocka_unit_test(large_extension_ids),
        cmocka_unit_test(bundle_only_sections_without_a_transport),
        cmocka_unit_test(attributes_come_from_the_tagged_section),
        cmocka_unit_test(payload_types_that_look_like_rtcp),
        cmocka_unit_test(nothing_is_smuggled_into_a_line),
        cmocka_unit_test(a_snapshot_that_makes_no_sense_is_refused),
        cmocka_unit_test(an_offer_without_sections_and_its_answer),
        cmocka_unit_test(answers_keep_feedback_that_both_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
