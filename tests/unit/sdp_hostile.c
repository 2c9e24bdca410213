/* SPDX-License-Identifier: MIT */
/* Text that is cut short, broken, oversized or made to mislead: refused with a reason, or read without harm. */
#include "sdp_fixture.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define TRANSPORT                                                                                     \
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=setup:actpass\r\na=fingerprint:sha-1 " \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13\r\n"
#define AUDIO(mid) \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=mid:" mid "\r\n" TRANSPORT

static void refused(const char *text, int code, size_t line)
{
    struct sdp_error error = {0};
    int result = parse_error(text, &error);
    if (result != code || error.code != code || error.text[0] == 0 || (line && error.line != line))
        fail_msg("%s (line %zu, \"%s\") instead of %s (line %zu) for\n%s", rtc_error_name(result), error.line, error.text,
                 rtc_error_name(code), line, text);
}

/* RFC 8866 section 9: as many digits as the author likes. */
static void long_numbers_of_the_origin(void **state)
{
    (void)state;
    static const char *const numbers[] = {"18446744073709551616", "123456789012345678901234567890123456789012345678901234567890", "0"};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            char text[512];
            (void)snprintf(text, sizeof text, "v=0\r\no=- %s %s IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" AUDIO("0"), numbers[i], numbers[k]);
            struct session_description *d = parsed(text);
            assert_true(slice_is(d->sdp->origin.session_id, numbers[i]) && slice_is(d->sdp->origin.version, numbers[k]));
            session_description_free(NULL, d);
        }
}

static void the_base_case_parses(void **state)
{
    (void)state;
    struct session_description *d = parsed(SDP_SESSION AUDIO("0"));
    assert_true(slice_is(d->sdp->origin.session_id, "1"));
    assert_true(slice_is(d->sdp->origin.version, "2"));
    assert_int_equal(d->section_count, 1);
    session_description_free(NULL, d);
    assert_int_equal(parse_error(SDP_SESSION, NULL), 0);
}

static void session_part_is_checked(void **state)
{
    (void)state;
    refused("", RTC_ERR_SYNTAX, 0);
    refused("\r\n", RTC_ERR_SYNTAX, 0);
    refused("v=1\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 1);
    refused("o=- 1 2 IN IP4 127.0.0.1\r\nv=0\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 0);
    refused("v=0\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 0);
    refused("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 0);
    refused("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n", RTC_ERR_SYNTAX, 0);
    refused("v=0\r\no=- one 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 2);
    refused("v=0\r\no=- -1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 2);
    refused("v=0\r\no=- 1 2x IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 2);
    refused("v=0\r\no=- 1\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 2);
    refused("v=0\r\no=- 1 2 IN IP4\r\ns=-\r\nt=0 0\r\n", RTC_ERR_SYNTAX, 2);
    refused(SDP_SESSION "v=0\r\n", RTC_ERR_SYNTAX, 0);
    refused(SDP_SESSION "x\r\n", RTC_ERR_SYNTAX, 5);
    refused(SDP_SESSION "A=x\r\n", RTC_ERR_SYNTAX, 5);
    refused(SDP_SESSION "=\r\n", RTC_ERR_SYNTAX, 5);
    refused(SDP_SESSION "\r\na=x\r\n", RTC_ERR_SYNTAX, 5);
    refused(SDP_SESSION "a=x\ry\r\n", RTC_ERR_SYNTAX, 5);
    refused(SDP_SESSION "a=group:\r\n", RTC_ERR_SYNTAX, 5);
}

/* An attribute of a kind of media that we do not know costs nothing but that section. */
static void foreign_sections_have_their_own_grammar(void **state)
{
    (void)state;
    struct session_description *d = parsed(SDP_SESSION AUDIO("0") "m=application 9 TCP/DTLS/BFCP *\r\na=mid:1\r\na=fmtp:* x\r\n"
                                                                  "a=rtpmap:x\r\na=setup:whenever\r\na=ssrc:x\r\n" TRANSPORT);
    assert_int_equal(d->section_count, 2);
    assert_int_equal(d->sections[1].type, MEDIA_OTHER);
    assert_string_equal(d->sections[1].mid, "1");
    session_description_free(NULL, d);
}

/* Directions are none of SCTP's business, and the first of several rtx formats repairs. */
static void what_does_not_count(void **state)
{
    (void)state;
    struct session_description *d =
        parsed(SDP_SESSION
               "a=inactive\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=inactive\r\na=sctp-port:5000\r\n" TRANSPORT
               "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
               "a=fmtp:97 apt=96\r\na=rtpmap:98 rtx/90000\r\na=fmtp:98 apt=96\r\n" TRANSPORT);
    assert_false(d->sections[0].rejected);
    assert_int_equal(d->sections[0].direction, RTC_DIRECTION_SENDRECV);
    assert_int_equal(d->sections[1].direction, RTC_DIRECTION_INACTIVE);
    assert_int_equal(d->sections[1].rtp.codec_count, 1);
    assert_int_equal(d->sections[1].rtp.codecs[0].rtx_payload_type, 97);
    session_description_free(NULL, d);
}

/* A section's own extensions stand in place of the session's; a stream that repairs itself has no repair. */
static void a_section_speaks_for_itself(void **state)
{
    (void)state;
    struct session_description *d = parsed("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=extmap:3 urn:session\r\n" AUDIO("0")
                                               AUDIO("1") "a=extmap:5 urn:own\r\n"
                                                          "a=ssrc-group:FID 7 7\r\na=ssrc:7 cname:c\r\n");
    assert_int_equal(d->sections[0].rtp.extension_count, 1);
    assert_string_equal(d->sections[0].rtp.extensions[0].uri, "urn:session");
    assert_int_equal(d->sections[1].rtp.extension_count, 1);
    assert_string_equal(d->sections[1].rtp.extensions[0].uri, "urn:own");
    assert_int_equal(d->sections[1].rtp.ssrc_count, 1);
    assert_int_equal(d->sections[1].rtp.rtx_ssrcs[0], 0);
    session_description_free(NULL, d);
}

static void nul_is_refused(void **state)
{
    (void)state;
    static const char text[] = SDP_SESSION "a=x\0y\r\n";
    struct session_description *d = NULL;
    assert_int_equal(session_description_parse(NULL, slice_of(text, sizeof(text) - 1), &d, NULL), RTC_ERR_SYNTAX);
    assert_null(d);
}

static void media_lines_are_checked(void **state)
{
    (void)state;
    static const char *const lines[] = {"m=",
                                        "m=audio",
                                        "m=audio 9",
                                        "m=audio 9 RTP/AVP",
                                        "m=audio -1 RTP/AVP 0",
                                        "m=audio 65536 RTP/AVP 0",
                                        "m=audio 99999999999999999999 RTP/AVP 0",
                                        "m=audio x RTP/AVP 0",
                                        "m=audio 9/x RTP/AVP 0",
                                        "m=audio 9 RTP/AVP 128",
                                        "m=audio 9 RTP/AVP opus"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s%s\r\n%s", SDP_SESSION, lines[i], TRANSPORT);
        refused(text, RTC_ERR_SYNTAX, 5);
    }
}

static void attributes_are_checked(void **state)
{
    (void)state;
    static const char *const lines[] = {"extmap:0 urn:x",
                                        "extmap:256 urn:x",
                                        "extmap:1/both urn:x",
                                        "rtpmap:111",
                                        "fmtp:x y",
                                        "rtcp-fb:111",
                                        "ssrc:x cname:y",
                                        "ssrc-group:FID x",
                                        "msid:",
                                        "setup:",
                                        "setup:both",
                                        "ice-ufrag:abc",
                                        "ice-pwd:short",
                                        "fingerprint:sha-256 00",
                                        "mid:",
                                        "mid:a b",
                                        "rid:",
                                        "simulcast:",
                                        "sctp-port:65536",
                                        "sctpmap:",
                                        "max-message-size:x",
                                        "max-message-size:18446744073709551616"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%sa=%s\r\n", SDP_SESSION AUDIO("0"), lines[i]);
        refused(text, RTC_ERR_SYNTAX, 14);
    }
}

static void long_ids_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"rid", "mid", "msid", "ice-ufrag"};
    for (size_t i = 0; i < 4; i++) {
        char text[2048], id[301];
        memset(id, 'a', 300);
        id[300] = 0;
        snprintf(text, sizeof(text), "%sa=%s:%s send\r\n", SDP_SESSION AUDIO("0"), names[i], id);
        refused(text, RTC_ERR_SYNTAX, 14);
    }
}

static void jsep_rules_are_checked(void **state)
{
    (void)state;
    refused(SDP_SESSION "a=group:BUNDLE 0 7\r\n" AUDIO("0"), RTC_ERR_INVALID_ACCESS, 5);
    refused(SDP_SESSION "a=group:BUNDLE 0 0\r\n" AUDIO("0"), RTC_ERR_INVALID_ACCESS, 5);
    refused(SDP_SESSION "a=group:BUNDLE 0\r\na=group:BUNDLE 0\r\n" AUDIO("0"), RTC_ERR_INVALID_ACCESS, 6);
    refused(SDP_SESSION AUDIO("0") AUDIO("0"), RTC_ERR_INVALID_ACCESS, 0);
    refused(SDP_SESSION AUDIO("0") "a=setup:holdconn\r\n", RTC_ERR_INVALID_ACCESS, 14);
    refused(SDP_SESSION "m=audio 9 RTP/AVP 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n", RTC_ERR_INVALID_ACCESS, 5);
    refused(SDP_SESSION "m=audio 9 RTP/AVP 0\r\n", RTC_ERR_INVALID_ACCESS, 5);
    assert_int_equal(parse_error(SDP_SESSION "m=audio 0 RTP/AVP 0\r\n", NULL), 0);
    assert_int_equal(parse_error(SDP_SESSION "m=text 9 RTP/AVP 98\r\n", NULL), 0);
}

static void missing_c_and_lf_line_ends_are_forgiven(void **state)
{
    (void)state;
    struct session_description *d = parsed(
        "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijkl\n"
        "a=fingerprint:x 00\na=mid:0\n\n");
    assert_string_equal(d->sections[0].rtp.codecs[0].name, "PCMU");
    assert_true(slice_is(d->sections[0].transport.ice_ufrag, "abcd"));
    session_description_free(NULL, d);
}

static void numbers_that_overflow_do_no_harm(void **state)
{
    (void)state;
    struct session_description *d =
        parsed(SDP_SESSION "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
                           "a=fmtp:97 apt=99999999999999999999999\r\na=rtpmap:98 rtx/90000\r\na=fmtp:98 apt=97\r\na=mid:0\r\n" TRANSPORT);
    assert_int_equal(d->sections[0].rtp.codec_count, 1);
    assert_int_equal(d->sections[0].rtp.codecs[0].rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    session_description_free(NULL, d);
}

static void duplicate_extensions_keep_the_first(void **state)
{
    (void)state;
    struct session_description *d =
        parsed(SDP_SESSION AUDIO("0") "a=extmap:1 urn:a\r\na=extmap:1 urn:b\r\na=extmap:2 urn:a\r\na=extmap:3 urn:c\r\n");
    assert_int_equal(d->sections[0].rtp.extension_count, 2);
    assert_string_equal(d->sections[0].rtp.extensions[0].uri, "urn:a");
    assert_int_equal(d->sections[0].rtp.extensions[0].id, 1);
    session_description_free(NULL, d);
}

static void own_fingerprints_replace_those_of_the_session(void **state)
{
    (void)state;
    struct session_description *d = parsed(SDP_SESSION "a=fingerprint:x 01\r\na=fingerprint:y 02\r\n" AUDIO("0") "a=fingerprint:Z 03\r\n");
    assert_int_equal(d->sections[0].transport.fingerprint_count, 2);
    assert_string_equal(d->sections[0].transport.fingerprints[0].hash, "sha-1");
    assert_string_equal(d->sections[0].transport.fingerprints[1].hash, "z");
    session_description_free(NULL, d);
}

static void bundled_sections_take_transport_from_the_tagged_one(void **state)
{
    (void)state;
    struct session_description *d = parsed(
        SDP_SESSION "a=group:BUNDLE 0 1\r\n" AUDIO("0") "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=bundle-only\r\n");
    assert_false(d->sections[1].rejected);
    assert_true(slice_is(d->sections[1].transport.ice_ufrag, "abcd"));
    assert_int_equal(d->sections[1].transport.fingerprint_count, 1);
    assert_int_equal(d->sections[1].transport.setup, SETUP_ACTPASS);
    assert_int_equal(d->sections[1].sctp.port, 0); /* there is no default */
    session_description_free(NULL, d);
    d = parsed(SDP_SESSION AUDIO("0") "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\na=bundle-only\r\n");
    assert_true(d->sections[1].rejected); /* in no group, so without a transport */
    session_description_free(NULL, d);
}

static void plan_b_track_ids_come_from_ssrc_lines(void **state)
{
    (void)state;
    struct session_description *d = parsed(SDP_SESSION AUDIO("0") "a=ssrc:5 cname:c\r\na=ssrc:5 msid:s t\r\n");
    assert_string_equal(d->sections[0].rtp.track_id, "t");
    assert_string_equal(d->sections[0].rtp.stream_ids[0], "s");
    assert_int_equal(d->sections[0].rtp.ssrc_count, 1);
    session_description_free(NULL, d);
}

static void more_than_fits_is_left_out(void **state)
{
    (void)state;
    struct text text = text_new(context_resolve(NULL));
    text_print(&text, "%s", SDP_SESSION AUDIO("0"));
    for (unsigned i = 1; i <= 100; i++)
        text_print(&text,
                   "a=ssrc-group:FID %u %u\r\na=ssrc:%u cname:c\r\na=msid:s%u t\r\na=extmap:%u urn:%u\r\na=fingerprint:x%u "
                   "00\r\na=candidate:%u\r\n",
                   i, i + 1000, i, i, i, i, i, i);
    struct session_description *d = parsed(text.data);
    const struct jsep_section *s = &d->sections[0];
    assert_int_equal(s->rtp.ssrc_count, JSEP_SSRCS_MAX);
    assert_int_equal(s->rtp.stream_count, JSEP_STREAMS_MAX);
    assert_int_equal(s->rtp.extension_count, JSEP_EXTENSIONS_MAX);
    assert_int_equal(s->transport.fingerprint_count, JSEP_FINGERPRINTS_MAX);
    assert_int_equal(s->transport.candidate_count, 100);
    assert_true(slice_is(s->transport.candidates[99], "candidate:100"));
    session_description_free(NULL, d);
    text_fini(&text);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct text text = text_new(context_resolve(NULL));
    text_print(&text, "%sa=x:", SDP_SESSION);
    for (size_t i = 0; i < 1024; i++)
        text_print(&text, "%01024d", 0);
    text_print(&text, "\r\n");
    refused(text.data, RTC_ERR_RANGE, 0);
    text_fini(&text);
    for (size_t line = 1; line <= 2000; line = line * 2 + 1) { /* lines of every length, up to the last byte that is allowed and one more */
        size_t limit = context_limits(context_resolve(NULL))->sdp_bytes;
        text_print(&text, "%s", SDP_SESSION);
        while (limit - text.len >= line + 14)
            text_print(&text, "a=x:%0*d\r\n", (int)line, 0);
        text_print(&text, "a=x:%0*d\r\n", (int)(limit - text.len - 6), 0);
        assert_int_equal(text.len, limit);
        assert_int_equal(parse_error(text.data, NULL), 0);
        text_print(&text, "\n");
        refused(text.data, RTC_ERR_RANGE, 0);
        text_fini(&text);
    }
    text_print(&text, "%s", SDP_SESSION);
    for (size_t i = 0; i < 128; i++)
        text_print(&text, "m=audio 0 RTP/AVP 0\r\n");
    assert_int_equal(parse_error(text.data, NULL), 0);
    text_print(&text, "m=audio 0 RTP/AVP 0\r\n");
    refused(text.data, RTC_ERR_RANGE, 0);
    for (size_t i = 129; i < 1000; i++)
        text_print(&text, "m=audio 0 RTP/AVP 0\r\n");
    refused(text.data, RTC_ERR_RANGE, 0);
    text_fini(&text);
}

/* What costs most for its size still takes well under a second of CPU. */
static void expensive_text(struct text *text, const char *line, size_t sections)
{
    text_print(text, "%s", SDP_SESSION);
    while (text->len < 200000)
        text_print(text, "%s\r\n", line);
    for (size_t i = 0; i < sections; i++)
        text_print(text, "m=audio 9 RTP/AVP 0\r\n");
}

static void no_text_is_expensive(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "a=x", "a=group:BUNDLE", "a=fingerprint:x 00", "a=extmap:1 urn:a", "a=setup:active", "a=ice-options:a b c d e"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct text text = text_new(context_resolve(NULL));
        expensive_text(&text, lines[i], 100);
        clock_t start = clock();
        (void)parse_error(text.data, NULL);
        assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2.0);
        text_fini(&text);
    }
}

static void check_prefixes(const char *name)
{
    char *text = corpus_read(name);
    size_t len = strlen(text);
    for (size_t n = 0; n < len; n++) {
        struct session_description *d = NULL;
        struct sdp_error error = {0};
        char *cut = malloc(n + 1); /* exactly as long, so that a sanitizer sees reads past the end */
        assert_non_null(cut);
        memcpy(cut, text, n);
        int result = session_description_parse(NULL, slice_of(cut, n), &d, &error);
        free(cut);
        if (result == 0)
            session_description_free(NULL, d);
        else if (error.text[0] == 0 || (result != RTC_ERR_SYNTAX && result != RTC_ERR_INVALID_ACCESS))
            fail_msg("%s cut at %zu: %s", name, n, rtc_error_name(result));
    }
    free(text);
}

static void every_prefix_ends_cleanly(void **state)
{
    (void)state;
    check_prefixes("firefox_153_simulcast3_offer.sdp");
    check_prefixes("chromium_156_avdata_offer_gathered.sdp");
    check_prefixes("aiortc_1.4.0_avd_offer.sdp");
    check_prefixes("libdatachannel_ndc0.33.4_avd_offer.sdp");
}

static void damaged_bytes_do_no_harm(void **state)
{
    (void)state;
    char *text = corpus_read("firefox_153_simulcast3_offer.sdp");
    size_t len = strlen(text);
    static const char replacements[] = " :;/=\n\r0a\x7f\xff";
    for (size_t i = 0; i < len; i++)
        for (size_t k = 0; k < 3; k++) { /* three of them at each place, each of them at many */
            char kept = text[i];
            text[i] = replacements[(3 * i + k) % sizeof(replacements)];
            struct session_description *d = NULL;
            if (session_description_parse(NULL, slice_of(text, len), &d, NULL) == 0)
                session_description_free(NULL, d);
            text[i] = kept;
        }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_case_parses),
        cmocka_unit_test(long_numbers_of_the_origin),
        cmocka_unit_test(session_part_is_checked),
        cmocka_unit_test(foreign_sections_have_their_own_grammar),
        cmocka_unit_test(what_does_not_count),
        cmocka_unit_test(a_section_speaks_for_itself),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(media_lines_are_checked),
        cmocka_unit_test(attributes_are_checked),
        cmocka_unit_test(long_ids_are_refused),
        cmocka_unit_test(jsep_rules_are_checked),
        cmocka_unit_test(missing_c_and_lf_line_ends_are_forgiven),
        cmocka_unit_test(numbers_that_overflow_do_no_harm),
        cmocka_unit_test(duplicate_extensions_keep_the_first),
        cmocka_unit_test(own_fingerprints_replace_those_of_the_session),
        cmocka_unit_test(bundled_sections_take_transport_from_the_tagged_one),
        cmocka_unit_test(plan_b_track_ids_come_from_ssrc_lines),
        cmocka_unit_test(more_than_fits_is_left_out),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(no_text_is_expensive),
        cmocka_unit_test(every_prefix_ends_cleanly),
        cmocka_unit_test(damaged_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
