/* SPDX-License-Identifier: MIT */
/* The typed readers: what each takes, what each refuses. */
#include "sdp_attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define S(text) slice_of(text, sizeof(text) - 1)

static void rtpmap(void **state)
{
    (void)state;
    struct sdp_rtpmap r;
    assert_true(sdp_read_rtpmap(S("111 opus/48000/2"), &r));
    assert_int_equal(r.payload_type, 111);
    assert_true(slice_is(r.encoding, "opus"));
    assert_int_equal(r.clock_rate, 48000);
    assert_int_equal(r.channels, 2);
    assert_true(sdp_read_rtpmap(S("0 PCMU/8000"), &r));
    assert_int_equal(r.channels, 1);
    static const char *const bad[] = {"",        "111",    "111 ",    "111 opus",       "111 opus/",  "111 opus/0",  "111 opus/x",
                                      "128 a/1", "-1 a/1", "1 /8000", "1 a/4294967296", "1 a/8000/0", "1 a/8000/256"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (sdp_read_rtpmap(slice_of(bad[i], strlen(bad[i])), &r))
            fail_msg("accepted rtpmap \"%s\"", bad[i]);
}

static void fmtp_and_feedback(void **state)
{
    (void)state;
    struct sdp_fmtp f;
    assert_true(sdp_read_fmtp(S("96 apt=97;x y"), &f));
    assert_true(slice_is(f.parameters, "apt=97;x y"));
    assert_false(sdp_read_fmtp(S("x apt=97"), &f));
    struct sdp_rtcp_fb b;
    assert_true(sdp_read_rtcp_fb(S("* nack pli"), &b));
    assert_true(b.any && slice_is(b.type, "nack") && slice_is(b.parameter, "pli"));
    assert_true(sdp_read_rtcp_fb(S("96 transport-cc"), &b));
    assert_true(!b.any && b.payload_type == 96 && b.parameter.len == 0);
    assert_false(sdp_read_rtcp_fb(S("96"), &b));
    assert_false(sdp_read_rtcp_fb(S("* "), &b));
    assert_false(sdp_read_rtcp_fb(S("200 nack"), &b));
}

static void extmap(void **state)
{
    (void)state;
    struct sdp_extmap e;
    assert_true(sdp_read_extmap(S("3/sendonly urn:x some attributes"), &e));
    assert_int_equal(e.id, 3);
    assert_true(slice_is(e.direction, "sendonly") && slice_is(e.uri, "urn:x"));
    assert_true(sdp_read_extmap(S("15 urn:x"), &e));
    assert_true(sdp_read_extmap(S("255 urn:x"), &e));
    assert_true(sdp_read_extmap(S("4096 urn:x"), &e));
    assert_false(sdp_read_extmap(S("0 urn:x"), &e));
    assert_false(sdp_read_extmap(S("256 urn:x"), &e));
    assert_false(sdp_read_extmap(S("4352 urn:x"), &e));
    assert_false(sdp_read_extmap(S("99999999999999999999 urn:x"), &e));
    assert_false(sdp_read_extmap(S("1"), &e));
    assert_false(sdp_read_extmap(S(""), &e));
}

static void sources(void **state)
{
    (void)state;
    struct sdp_msid m;
    assert_true(sdp_read_msid(S("{a} {b}"), &m));
    assert_true(slice_is(m.stream, "{a}") && slice_is(m.track, "{b}"));
    assert_true(sdp_read_msid(S("-"), &m));
    assert_int_equal(m.track.len, 0);
    assert_false(sdp_read_msid(S(""), &m));
    struct sdp_ssrc s;
    assert_true(sdp_read_ssrc(S("4294967295 cname:a:b"), &s));
    assert_true(s.ssrc == 4294967295u && slice_is(s.attribute, "cname") && slice_is(s.value, "a:b"));
    assert_false(sdp_read_ssrc(S("4294967296 cname:a"), &s));
    struct sdp_ssrc_group g;
    uint32_t ssrc = 0;
    assert_true(sdp_read_ssrc_group(S("FID 1 2"), &g));
    assert_true(sdp_next_ssrc(&g.ssrcs, &ssrc) && ssrc == 1);
    assert_true(sdp_next_ssrc(&g.ssrcs, &ssrc) && ssrc == 2);
    assert_false(sdp_next_ssrc(&g.ssrcs, &ssrc));
    assert_false(sdp_read_ssrc_group(S("FID 1 x"), &g));
    assert_false(sdp_read_ssrc_group(S(""), &g));
}

static void fingerprint(void **state)
{
    (void)state;
    struct sdp_fingerprint f;
    assert_true(sdp_read_fingerprint(S("MD5 00:01:02:03:04:05:06:07:08:09:0a:0B:0c:0D:0e:fF"), &f));
    assert_int_equal(f.len, 16);
    assert_int_equal(f.value[15], 0xff);
    assert_true(sdp_read_fingerprint(S("unknown AA"), &f)); /* a hash we do not know may have any length */
    assert_int_equal(f.len, 1);
    assert_false(sdp_read_fingerprint(S("sha-256 AA:BB"), &f));
    assert_false(sdp_read_fingerprint(S("x AABB"), &f));
    assert_false(sdp_read_fingerprint(S("x AA:B"), &f));
    assert_false(sdp_read_fingerprint(S("x AA:"), &f));
    assert_false(sdp_read_fingerprint(S("x AA:GG"), &f));
    assert_false(sdp_read_fingerprint(S("x AA-BB"), &f));
    assert_false(sdp_read_fingerprint(S("sha-256"), &f));
    char longest[2 + 3 * 65] = "x ";
    for (size_t i = 0; i < 65; i++)
        memcpy(longest + 2 + 3 * i, "AA:", 3);
    assert_true(sdp_read_fingerprint(slice_of(longest, 2 + 3 * 64 - 1), &f));
    assert_false(sdp_read_fingerprint(slice_of(longest, 2 + 3 * 65 - 1), &f));
}

static void rid_and_simulcast(void **state)
{
    (void)state;
    char name[300];
    struct sdp_rid r;
    struct sdp_simulcast s;
    assert_true(sdp_read_rid(S("f-_1 send pt=96;max-width=10"), &r));
    assert_true(r.send && slice_is(r.id, "f-_1") && slice_is(r.restrictions, "pt=96;max-width=10"));
    assert_true(sdp_read_rid(S("q recv"), &r) && !r.send);
    assert_false(sdp_read_rid(S("q"), &r));
    assert_false(sdp_read_rid(S("q both"), &r));
    assert_false(sdp_read_rid(S("q! send"), &r));
    memset(name, 'a', sizeof(name));
    memcpy(name + 255, " send", 5);
    assert_true(sdp_read_rid(slice_of(name, 260), &r));
    memset(name, 'a', sizeof(name));
    memcpy(name + 256, " send", 5);
    assert_false(sdp_read_rid(slice_of(name, 261), &r));
    assert_true(sdp_read_simulcast(S("send q;h;~f recv x"), &s));
    assert_true(slice_is(s.send, "q;h;~f") && slice_is(s.recv, "x"));
    assert_false(sdp_read_simulcast(S(""), &s));
    assert_false(sdp_read_simulcast(S("send"), &s));
    assert_false(sdp_read_simulcast(S("send a send b"), &s));
    assert_false(sdp_read_simulcast(S("up a"), &s));
}

static void data_and_transport(void **state)
{
    (void)state;
    struct sdp_sctpmap m;
    assert_true(sdp_read_sctpmap(S("5000 webrtc-datachannel 65535"), &m));
    assert_true(m.port == 5000 && slice_is(m.application, "webrtc-datachannel"));
    assert_true(sdp_read_sctpmap(S("5000 webrtc-datachannel"), &m));
    assert_false(sdp_read_sctpmap(S("5000"), &m));
    assert_false(sdp_read_sctpmap(S("65536 webrtc-datachannel"), &m));
    assert_false(sdp_read_sctpmap(S("5000 webrtc-datachannel many"), &m));
    struct sdp_group g;
    assert_true(sdp_read_group(S("BUNDLE a b"), &g));
    assert_true(slice_is(g.mids, "a b"));
    assert_false(sdp_read_group(S(""), &g));
    assert_true(sdp_ice_options_has(S("ice2 trickle"), "trickle"));
    assert_true(sdp_ice_options_has(S("ice2,trickle"), "trickle"));
    assert_false(sdp_ice_options_has(S("trickles"), "trickle"));
    assert_false(sdp_ice_options_has(S(""), "trickle"));
}

static void character_classes(void **state)
{
    (void)state;
    assert_true(sdp_is_token(S("{a-b}.~^_`|!#$%&'*+")));
    assert_false(sdp_is_token(S("")));
    static const char excluded[] = " \"(),/:;<=>?@[\\]\x7f\x80\r\n";
    for (size_t i = 0; excluded[i]; i++) {
        char text[3] = {'a', excluded[i], 'b'};
        if (sdp_is_token(slice_of(text, 3)))
            fail_msg("0x%02x is no token character", (unsigned char)excluded[i]);
    }
    assert_false(sdp_is_token(slice_of("a\0b", 3)));
    assert_true(sdp_is_text(S("any text; \xc3\xa4")));
    assert_false(sdp_is_text(S("a\rb")));
    assert_false(sdp_is_text(S("a\nb")));
    assert_false(sdp_is_text(slice_of("a\0b", 3)));
    assert_true(sdp_is_ice_credential(S("abcd"), 4));
    assert_false(sdp_is_ice_credential(S("abc"), 4));
    assert_false(sdp_is_ice_credential(S("ab cd"), 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtpmap),
        cmocka_unit_test(fmtp_and_feedback),
        cmocka_unit_test(extmap),
        cmocka_unit_test(sources),
        cmocka_unit_test(fingerprint),
        cmocka_unit_test(rid_and_simulcast),
        cmocka_unit_test(data_and_transport),
        cmocka_unit_test(character_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
