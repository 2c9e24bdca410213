/* SPDX-License-Identifier: MIT */
/* Payload types and ids of header extensions in several BUNDLE groups and outside of any (RFC 8843 sections 9.1 and 9.2, RFC 8285 section
 * 5): in a group a number means one thing, in another it may mean another one, and in a section it keeps its meaning over renegotiations.
 */
#include "renegotiate_scene.h"

#include "negotiation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MID "urn:ietf:params:rtp-hdrext:sdes:mid"
#define LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
#define TIME "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
#define TRANSPORT                                                                                          \
    "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 " \
    "24:03:06:DF:68:41:C7:59:D6:FD:1D:2B:B3:2B:65:59:59:6A:F5:F6:1B:00:11:54:8C:C6:4B:A0:DA:A8:B3:A6\r\na=setup:actpass\r\na=rtcp-mux\r\n"

/* Somebody's offer, in which sound and pictures use the same numbers. `groups`: its lines. */
static char *offer_of(const char *groups)
{
    const char *parts[] = {
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-options:trickle\r\n",
        groups,
        "m=audio 9 UDP/TLS/RTP/SAVPF 96 97\r\n" TRANSPORT "a=mid:a\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n"
        "a=extmap:1 " LEVEL "\r\na=extmap:2 " MID "\r\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" TRANSPORT
        "a=mid:v\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
        "a=extmap:1 " MID "\r\na=extmap:2 " TIME "\r\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 98\r\n" TRANSPORT "a=mid:w\r\na=rtpmap:98 opus/48000/2\r\na=extmap:1 " MID "\r\na=extmap:3 " LEVEL
        "\r\n",
    };
    size_t len = 1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        len += strlen(parts[i]);
    char *text = malloc(len);
    text[0] = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        strcat(text, parts[i]);
    return text;
}

static const struct session_description *local_of(struct scene *s, int i)
{
    return negotiation_local(&s->p.peer[i].pc->negotiation)->parsed;
}

static bool share(const struct jsep_section *a, const struct jsep_section *b)
{
    return a == b || (a->bundle.grouped && b->bundle.grouped && a->bundle.group == b->bundle.group);
}

/* What a payload type stands for, as text; retransmissions by what they repair. */
static const char *meaning(const struct jsep_section *s, unsigned number)
{
    static char text[2][400];
    static int turn;
    char *out = text[turn = !turn];
    out[0] = 0;
    for (size_t i = 0; i < s->rtp.codec_count; i++) {
        const struct jsep_codec *c = &s->rtp.codecs[i];
        if (c->payload_type == number || c->rtx_payload_type == number)
            (void)snprintf(out, sizeof text[0], "%s of %u %s/%u/%u %s", c->payload_type == number ? "it" : "rtx",
                           c->rtx_payload_type == number ? c->payload_type : 0, c->name, c->clock_rate, c->channels, c->fmtp);
    }
    return out;
}

static const char *uri(const struct jsep_section *s, unsigned id)
{
    for (size_t i = 0; i < s->rtp.extension_count; i++)
        if (s->rtp.extensions[i].id == id)
            return s->rtp.extensions[i].uri;
    return "";
}

static void expect_same(const struct jsep_section *a, const struct jsep_section *b)
{
    for (unsigned n = 0; n < 128; n++)
        if (meaning(a, n)[0] && meaning(b, n)[0])
            assert_string_equal(meaning(a, n), meaning(b, n));
    for (unsigned n = 1; n < 256; n++)
        if (uri(a, n)[0] && uri(b, n)[0])
            assert_string_equal(uri(a, n), uri(b, n));
}

/* In each group each number means one thing. */
static void expect_unique(const struct session_description *d)
{
    for (size_t i = 0; i < d->section_count; i++)
        for (size_t k = 0; k < i; k++)
            if (!d->sections[i].rejected && !d->sections[k].rejected && share(&d->sections[i], &d->sections[k]))
                expect_same(&d->sections[i], &d->sections[k]);
}

/* What a section said before, it says still: the first codec, which is sent, under its number, and each extension under its id. */
static void expect_kept(const struct jsep_section *before, const struct jsep_section *now)
{
    const struct jsep_codec *first = &before->rtp.codecs[0];
    char was[256];
    text_copy(was, sizeof was, first->name);
    expect_same(before, now);
    assert_non_null(strstr(meaning(now, first->payload_type), was));
    for (size_t i = 0; i < before->rtp.extension_count; i++)
        assert_string_equal(uri(now, before->rtp.extensions[i].id), before->rtp.extensions[i].uri);
}

static void set(struct scene *s, int i, bool local, rtc_sdp_type type, const char *sdp)
{
    rtc_peer_connection *pc = s->p.peer[i].pc;
    if (local ? rtc_peer_connection_set_local_description(pc, type, sdp) : rtc_peer_connection_set_remote_description(pc, type, sdp))
        fail_msg("%s", rtc_peer_connection_last_error(pc));
}

/* The second peer has answered that offer, with tracks of its own. */
static void begin(struct scene *s, uint64_t seed, const char *groups)
{
    scene_begin(s, seed);
    (void)scene_add_track(s, 1, RTC_MEDIA_AUDIO, NULL);
    (void)scene_add_track(s, 1, RTC_MEDIA_VIDEO, NULL);
    char *offer = offer_of(groups);
    set(s, 1, false, RTC_SDP_OFFER, offer);
    set(s, 1, true, RTC_SDP_NONE, NULL);
    free(offer);
}

/* Its answer has the offer's numbers, and an offer of its own afterwards those of its answer. */
static void expect_stable(struct scene *s, size_t kept)
{
    const char *answer = peer_description(&s->p, 1);
    char *before = strdup(answer);
    assert_int_equal(text_count(before, "a=rtpmap:96 opus/48000/2\r\n"), 1);
    assert_int_equal(text_count(before, "a=rtpmap:96 VP8/90000\r\n"), 1);
    assert_int_equal(text_count(before, "a=extmap:1 " LEVEL "\r\n"), 1);
    assert_int_equal(text_count(before, "a=extmap:1 " MID "\r\n"), 2);
    struct jsep_section *was = calloc(3, sizeof *was);
    struct jsep_codec codecs[3][8];
    struct jsep_extension extensions[3][8];
    for (size_t i = 0; i < 3; i++) { /* the description goes when there is another one */
        was[i] = local_of(s, 1)->sections[i];
        assert_true(was[i].rtp.codec_count <= 8 && was[i].rtp.extension_count <= 8);
        memcpy(codecs[i], was[i].rtp.codecs, was[i].rtp.codec_count * sizeof codecs[i][0]);
        memcpy(extensions[i], was[i].rtp.extensions, was[i].rtp.extension_count * sizeof extensions[i][0]);
        was[i].rtp.codecs = codecs[i];
        was[i].rtp.extensions = extensions[i];
    }
    (void)scene_add_track(s, 1, RTC_MEDIA_VIDEO, NULL); /* joins the first group, where its numbers are taken */
    set(s, 1, true, RTC_SDP_OFFER, NULL);
    expect_unique(local_of(s, 1));
    for (size_t i = 0; i < kept; i++)
        expect_kept(&was[i], &local_of(s, 1)->sections[i]);
    for (size_t i = 0; i < 3; i++)
        expect_same(&was[i], &local_of(s, 1)->sections[i]);
    free(was);
    free(before);
}

/* The first peer, which knows nothing of all this, answers, and media go over all of it. Then it offers, and nothing is numbered anew. */
static void expect_media(struct scene *s)
{
    peer_run(&s->p, 100 * MS);
    char *offer = strdup(peer_description(&s->p, 1));
    set(s, 0, false, RTC_SDP_OFFER, offer);
    set(s, 0, true, RTC_SDP_NONE, NULL);
    peer_run(&s->p, 100 * MS);
    expect_unique(local_of(s, 0));
    set(s, 1, false, RTC_SDP_ANSWER, peer_description(&s->p, 0));
    peer_connect(&s->p, 5 * SECOND);
    const size_t sent[] = {0, 1, 3};
    for (size_t i = 0; i < 3; i++)
        scene_expect_frames(s, 0, sent[i]);
    char *mine = strdup(peer_description(&s->p, 0));
    set(s, 0, true, RTC_SDP_OFFER, NULL);
    expect_unique(local_of(s, 0));
    const char *lines[] = {"a=extmap:1 " LEVEL "\r\n", "a=extmap:1 " MID "\r\n", "a=rtpmap:96 opus/48000/2\r\n",
                           "a=rtpmap:96 VP8/90000\r\n"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(text_count(peer_description(&s->p, 0), lines[i]), text_count(mine, lines[i]));
    set(s, 1, false, RTC_SDP_OFFER, peer_description(&s->p, 0));
    set(s, 1, true, RTC_SDP_NONE, NULL);
    set(s, 0, false, RTC_SDP_ANSWER, peer_description(&s->p, 1));
    for (size_t i = 0; i < 3; i++)
        scene_expect_frames(s, 0, sent[i]);
    free(mine);
    free(offer);
}

static void two_groups(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, "a=group:BUNDLE a\r\na=group:BUNDLE v w\r\n");
    expect_stable(&s, 3);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:BUNDLE a 0\r\na=group:BUNDLE v w\r\n"), 1);
    expect_media(&s);
    scene_end(&s);
}

/* The sound is in no group, and stays alone. */
static void outside_of_a_group(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, "a=group:BUNDLE v w\r\n");
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:"), 1);
    expect_stable(&s, 3);
    expect_media(&s);
    scene_end(&s);
}

/* Nothing is: our offer asks for one group of all, in which one of the two has to give way. */
static void without_groups(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3, "");
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:"), 0);
    expect_stable(&s, 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:BUNDLE a v w 0\r\n"), 1);
    expect_media(&s);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_groups),
        cmocka_unit_test(outside_of_a_group),
        cmocka_unit_test(without_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
