/* SPDX-License-Identifier: MIT */
/* What two descriptions agree on: codecs and their formats, payload types, retransmissions, and how codecs are listed where nothing is
 * agreed on. */
#include "sdp_fixture.h"

#include "context.h"
#include "fmtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void fmtp_values(void **state)
{
    (void)state;
    assert_true(slice_is(fmtp_value("minptime=10;useinbandfec=1", "useinbandfec"), "1"));
    assert_true(slice_is(fmtp_value(" A = 1 ; b=2=3 ;c", "a"), "1"));
    assert_true(slice_is(fmtp_value("a=1; b=2=3 ;c", "B"), "2=3"));
    assert_int_equal(fmtp_value("a=1;c", "c").len, 0);
    assert_int_equal(fmtp_value("a=1", "x").len, 0);
    assert_int_equal(fmtp_value("", "x").len, 0);
}

static void formats_of_one_codec_are_told_apart(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("chromium_156_simulcast3_offer.sdp");
    struct jsep_negotiated n;
    struct jsep_section local = d->sections[1]; /* we can only do one of its H.264 formats: packetization mode 0, baseline */
    local.rtp.codec_count = 0;
    for (size_t i = 0; i < d->sections[1].rtp.codec_count; i++)
        if (d->sections[1].rtp.codecs[i].payload_type == 104) {
            local.rtp.codecs = &d->sections[1].rtp.codecs[i];
            local.rtp.codec_count = 1;
        }
    jsep_negotiate(&local, &d->sections[1], &n);
    assert_int_equal(n.send_codec.payload_type, 104);
    assert_int_equal(n.receive_codec_count, 1);
    assert_int_equal(n.direction, RTC_DIRECTION_INACTIVE); /* both only send */
    session_description_free(NULL, d);
}

static void auxiliary_formats_are_not_sent_with(void **state)
{
    (void)state;
    struct session_description *a = parsed(
        SDP_SESSION
        "m=audio 9 UDP/TLS/RTP/SAVPF 13 63 111\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:111 opus/48000/2\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct jsep_negotiated n;
    jsep_negotiate(&a->sections[0], &a->sections[0], &n);
    assert_int_equal(n.send_codec.payload_type, 111);
    assert_int_equal(n.receive_codec_count, 3);
    session_description_free(NULL, a);
}

static void the_sides_keep_their_own_payload_types(void **state)
{
    (void)state;
    struct session_description *a = parsed(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\na=rtpmap:100 VP8/90000\r\na=rtpmap:101 "
                                                       "rtx/90000\r\na=fmtp:101 apt=100\r\na=extmap:5 urn:x\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct session_description *b = parsed(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 120 121\r\na=rtpmap:120 VP8/90000\r\na=rtpmap:121 "
                                                       "rtx/90000\r\na=fmtp:121 apt=120\r\na=extmap:5 urn:x\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct jsep_negotiated n;
    jsep_negotiate(&a->sections[0], &b->sections[0], &n);
    assert_int_equal(n.send_codec.payload_type, 120);
    assert_int_equal(n.send_codec.rtx_payload_type, 121);
    assert_int_equal(n.receive_codecs[0].payload_type, 100);
    assert_int_equal(n.receive_codecs[0].rtx_payload_type, 101);
    assert_int_equal(n.extension_count, 1);
    session_description_free(NULL, a);
    session_description_free(NULL, b);
}

/* Retransmissions are sent only to whom offers a format for them, and expected only from whom. */
static void rtx_needs_both_sides(void **state)
{
    (void)state;
    struct session_description *with = parsed(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\na=rtpmap:100 VP8/90000\r\na=rtpmap:101 "
                                                          "rtx/90000\r\na=fmtp:101 apt=100\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct session_description *without =
        parsed(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 120\r\na=rtpmap:120 VP8/90000\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct jsep_negotiated n;
    jsep_negotiate(&with->sections[0], &without->sections[0], &n);
    assert_int_equal(n.send_codec.rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    assert_int_equal(n.receive_codecs[0].rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    jsep_negotiate(&without->sections[0], &with->sections[0], &n);
    assert_int_equal(n.send_codec.rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    assert_int_equal(n.receive_codecs[0].rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    session_description_free(NULL, with);
    session_description_free(NULL, without);
}

/* Our side with one codec that has both kinds of feedback about all packets. */
static struct jsep_local_section *both_kinds(struct local_side *side)
{
    static struct jsep_codec codec;
    local_init(side, "bbbb");
    struct jsep_local_section *s = local_add(side, MEDIA_VIDEO, "0");
    codec = s->codecs[0];
    codec.transport_cc = codec.ccfb = true;
    s->codecs = &codec;
    s->codec_count = 1;
    return s;
}

/* RFC 8888 section 6: an answer has one kind. We have offered the other one before. */
static void one_kind_of_feedback_about_all_packets(void **state)
{
    (void)state;
    static const struct {
        const char *offered;
        bool transport_cc, ccfb;
    } rows[] = {{"", false, false},
                {"a=rtcp-fb:100 transport-cc\r\n", true, false},
                {"a=rtcp-fb:* ack ccfb\r\n", false, true},
                {"a=rtcp-fb:* ack ccfb\r\na=rtcp-fb:* transport-cc\r\n", true, false},
                {"a=rtcp-fb:100 ack ccfb\r\n", false, false}, /* it is for all formats or for none */
                {"a=rtcp-fb:* ack ccfb-2\r\n", false, false}};
    struct local_side side;
    (void)both_kinds(&side);
    char *first = offer_text(&side);
    assert_non_null(strstr(first, "a=rtcp-fb:96 transport-cc\r\n"));
    assert_null(strstr(first, "ccfb"));
    free(first);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%sm=video 9 UDP/TLS/RTP/SAVPF 100\r\na=rtpmap:100 VP8/90000\r\n%sa=rtcp-mux\r\na=mid:0\r\n%s",
                 SDP_SESSION, rows[i].offered, SDP_TRANSPORT);
        struct session_description *offer = parsed(text);
        (void)both_kinds(&side);
        char *reply = answer_text(&side, offer);
        assert_int_equal(strstr(reply, "a=rtcp-fb:100 transport-cc\r\n") != NULL, rows[i].transport_cc);
        assert_int_equal(strstr(reply, "a=rtcp-fb:* ack ccfb\r\n") != NULL, rows[i].ccfb);
        struct session_description *answer = parsed(reply);
        struct jsep_negotiated n;
        jsep_negotiate(&answer->sections[0], &offer->sections[0], &n);
        assert_int_equal(n.send_codec.transport_cc, rows[i].transport_cc);
        assert_int_equal(n.send_codec.ccfb, rows[i].ccfb);
        assert_int_equal(n.receive_codecs[0].ccfb, rows[i].ccfb);
        /* What was agreed on is what we offer later. */
        side.snapshot.previous_local = answer;
        side.snapshot.previous_remote = offer;
        char *later = offer_text(&side);
        assert_int_equal(strstr(later, "a=rtcp-fb:100 transport-cc\r\n") != NULL, !rows[i].ccfb);
        assert_int_equal(strstr(later, "a=rtcp-fb:* ack ccfb\r\n") != NULL, rows[i].ccfb);
        free(later);
        free(reply);
        session_description_free(NULL, answer);
        session_description_free(NULL, offer);
    }
}

/* Who answers marks of ECN offers both, and answers with the one that tells of them, also to who is like it. */
static void the_kind_that_tells_of_marks(void **state)
{
    (void)state;
    static const char *const theirs[] = {"a=rtcp-fb:* transport-cc\r\n", "a=rtcp-fb:* ack ccfb\r\n",
                                         "a=rtcp-fb:* transport-cc\r\na=rtcp-fb:* ack ccfb\r\n"};
    for (size_t i = 0; i < 3; i++) {
        char text[2048];
        struct local_side side;
        struct jsep_codec codec = both_kinds(&side)->codecs[0];
        codec.ccfb_first = true;
        snprintf(text, sizeof text, "%sm=video 9 UDP/TLS/RTP/SAVPF 100\r\na=rtpmap:100 VP8/90000\r\n%sa=rtcp-mux\r\na=mid:0\r\n%s",
                 SDP_SESSION, theirs[i], SDP_TRANSPORT);
        struct session_description *offer = parsed(text);
        struct jsep_local_section *s = both_kinds(&side);
        s->codecs = &codec;
        char *reply = answer_text(&side, offer);
        assert_int_equal(strstr(reply, "transport-cc") != NULL, i == 0);
        assert_int_equal(strstr(reply, "a=rtcp-fb:* ack ccfb\r\n") != NULL, i > 0);
        struct session_description *answer = parsed(reply);
        struct jsep_negotiated n;
        jsep_negotiate(&answer->sections[0], &offer->sections[0], &n);
        assert_true(n.send_codec.ccfb == (i > 0) && n.send_codec.transport_cc == (i == 0));
        side.snapshot.previous_local = answer;
        side.snapshot.previous_remote = offer;
        char *later = offer_text(&side);
        assert_non_null(strstr(later, "a=rtcp-fb:100 transport-cc\r\n"));
        assert_non_null(strstr(later, "a=rtcp-fb:* ack ccfb\r\n"));
        free(later);
        free(reply);
        session_description_free(NULL, answer);
        session_description_free(NULL, offer);
    }
}

static void expect_list(const char *sdp, const char *expected)
{
    struct session_description *d = parsed(sdp);
    struct text text = text_new(context_resolve(NULL));
    jsep_list_codecs(d->sections[0].rtp.codecs, d->sections[0].rtp.codec_count, &text);
    assert_string_equal(text.data, expected);
    text_fini(&text);
    session_description_free(NULL, d);
}

/* Each name once, and only of what media can be sent with. */
static void codecs_are_listed(void **state)
{
    (void)state;
#define VIDEO(formats, maps) SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF " formats "\r\n" maps "a=rtcp-mux\r\na=mid:0\r\n" SDP_TRANSPORT
    expect_list(VIDEO("102 103 104 105",
                      "a=rtpmap:102 H264/90000\r\na=rtpmap:103 h264/90000\r\na=rtpmap:104 red/90000\r\na=rtpmap:105 AV1/90000\r\n"),
                "H264, AV1");
    expect_list(VIDEO("104", "a=rtpmap:104 ulpfec/90000\r\n"), "none");
    struct session_description *a = parsed(VIDEO("104 96", "a=rtpmap:104 red/90000\r\na=rtpmap:96 VP8/90000\r\n")),
                               *b = parsed(VIDEO("104 97", "a=rtpmap:104 red/90000\r\na=rtpmap:97 VP9/90000\r\n"));
    assert_false(jsep_codecs_meet(a->sections[0].rtp.codecs, 2, b->sections[0].rtp.codecs, 2)); /* red alone carries nothing */
    assert_true(jsep_codecs_meet(a->sections[0].rtp.codecs, 2, a->sections[0].rtp.codecs, 2));
    session_description_free(NULL, a);
    session_description_free(NULL, b);
}

static void nothing_in_common_gives_no_codec(void **state)
{
    (void)state;
    struct session_description *a = parsed(SDP_SESSION "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct session_description *b = parsed(SDP_SESSION "m=audio 0 UDP/TLS/RTP/SAVPF 8\r\na=mid:0\r\n" SDP_TRANSPORT);
    struct jsep_negotiated n;
    jsep_negotiate(&a->sections[0], &b->sections[0], &n);
    assert_true(n.rejected);
    assert_int_equal(n.direction, RTC_DIRECTION_INACTIVE);
    assert_int_equal(n.send_codec.payload_type, JSEP_NO_PAYLOAD_TYPE);
    assert_int_equal(n.receive_codec_count, 0);
    session_description_free(NULL, a);
    session_description_free(NULL, b);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fmtp_values),
        cmocka_unit_test(formats_of_one_codec_are_told_apart),
        cmocka_unit_test(auxiliary_formats_are_not_sent_with),
        cmocka_unit_test(the_sides_keep_their_own_payload_types),
        cmocka_unit_test(rtx_needs_both_sides),
        cmocka_unit_test(one_kind_of_feedback_about_all_packets),
        cmocka_unit_test(the_kind_that_tells_of_marks),
        cmocka_unit_test(codecs_are_listed),
        cmocka_unit_test(nothing_in_common_gives_no_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
