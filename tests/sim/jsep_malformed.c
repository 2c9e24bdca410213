/* SPDX-License-Identifier: MIT */
/* Offers that break the rules of JSEP (RFC 9429 section 5.8), or that are of another time: each refused with the standard's error and its
 * line, or taken in part; and negotiationneeded for the streams of a track (webrtc-pc 4.7.3). */
#include "negotiation_needed.h"
#include "sending.h"
#include "transceiver.h"

#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

#define TOP "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define TRANSPORT                                                                                                               \
    "c=IN IP4 0.0.0.0\r\na=ice-ufrag:uuuu\r\na=ice-pwd:pppppppppppppppppppppp\r\na=ice-options:trickle\r\n"                     \
    "a=fingerprint:sha-256 12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0\r\n" \
    "a=setup:actpass\r\n"
#define AUDIO(mid, rest) "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" TRANSPORT "a=mid:" mid "\r\na=rtpmap:111 opus/48000/2\r\n" rest
#define VIDEO(mid, rest) "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" TRANSPORT "a=mid:" mid "\r\na=rtpmap:96 VP8/90000\r\n" rest
#define MUX "a=rtcp-mux\r\n"

static const struct {
    const char *sdp;
    int error;
    const char *says[2];
} refused[] = {
    {TOP AUDIO("0", ""), RTC_ERR_INVALID_ACCESS, {"'m=audio 9 UDP/TLS/RTP/SAVPF 111'", "a=rtcp-mux"}},
    {TOP AUDIO("0", MUX "a=msid:s t\r\n") AUDIO("1", MUX "a=msid:s t\r\n"), RTC_ERR_OPERATION, {"line 16", "the same a=msid"}},
    {TOP VIDEO("0", MUX "a=ssrc:1 msid:s one\r\na=ssrc:2 msid:s two\r\n"), RTC_ERR_INVALID_ACCESS, {"a=ssrc:2 msid:s two", "plan B"}},
    {TOP AUDIO("0", MUX) VIDEO("0", MUX), RTC_ERR_INVALID_ACCESS, {"m=video", "the mid \"0\""}},
    {TOP "a=group:BUNDLE 0 x\r\n" AUDIO("0", MUX), RTC_ERR_INVALID_ACCESS, {"a=group:BUNDLE 0 x", "x"}},
    {TOP AUDIO("0", MUX "a=rtpmap:nothing\r\n"), RTC_ERR_SYNTAX, {"a=rtpmap:nothing", "grammar"}},
    {"no SDP", RTC_ERR_SYNTAX, {"line 1, 'no SDP'", ""}},
};

static void each_is_refused(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *b = s.p.peer[1].pc;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int error = rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, refused[i].sdp);
        const char *said = rtc_peer_connection_last_error(b);
        if (error != refused[i].error || !strstr(said, refused[i].says[0]) || !strstr(said, refused[i].says[1]))
            fail_msg("%zu: %s: %s", i, rtc_error_name(error), said);
        assert_int_equal(rtc_peer_connection_signaling_state(b), RTC_SIGNALING_STABLE);
        assert_int_equal(rtc_peer_connection_transceiver_count(b), 0);
    }
    scene_end(&s);
}

/* Of kinds that nobody knows, and data channels as they were once spelled. */
static void taken_in_part(void **state)
{
    static const char offer[] = TOP "a=group:BUNDLE 0 2\r\n" AUDIO("0", MUX) "m=whatever 9 UDP/TLS/RTP/SAVPF 7\r\n" TRANSPORT "a=mid:1\r\n"
                                                                             "m=application 9 DTLS/SCTP 5000\r\n" TRANSPORT
                                                                             "a=mid:2\r\na=sctpmap:5000 webrtc-datachannel 1024\r\n";
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    rtc_peer_connection *b = s.p.peer[1].pc;
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    char *audio = text_section(peer_description(&s.p, 1), 0), *other = text_section(peer_description(&s.p, 1), 1),
         *data = text_section(peer_description(&s.p, 1), 2);
    assert_int_equal(strncmp(audio, "m=audio 9 ", 10), 0);
    assert_int_equal(strncmp(other, "m=whatever 0 UDP/TLS/RTP/SAVPF ", 31), 0);
    assert_int_equal(strncmp(data, "m=application 9 DTLS/SCTP 5000\r\n", 32), 0);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=group:BUNDLE 0 2\r\n"), 1);
    free(audio);
    free(other);
    free(data);
    scene_end(&s);
}

/* ---- Negotiation is needed for other streams, and for nothing else ---- */

static void set_streams(struct scene *s, rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count)
{
    assert_int_equal(sending_set_streams(sender, streams, count), RTC_OK);
    negotiation_update_needed(s->p.peer[0].pc);
    peer_run(&s->p, MS);
}

static void other_streams(void **state)
{
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_media_stream *one, *two;
    (void)state;
    scene_begin(&s, 3);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, &sender);
    assert_int_equal(rtc_media_stream_new(NULL, "one", &one), RTC_OK);
    assert_int_equal(rtc_media_stream_new(NULL, "two", &two), RTC_OK);
    rtc_media_stream *const both[] = {one, two}, *const turned[] = {two, one};
    set_streams(&s, sender, both, 2);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, MS);
    scene_forget_logs(&s);
    set_streams(&s, sender, turned, 2);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    set_streams(&s, sender, both, 1);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 1);
    set_streams(&s, sender, both, 2); /* as it was */
    set_streams(&s, sender, NULL, 0);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 2);
    peer_exchange(&s.p, 0);
    peer_run(&s.p, SECOND);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 2);
    rtc_media_stream_unref(one);
    rtc_media_stream_unref(two);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_refused),
        cmocka_unit_test(taken_in_part),
        cmocka_unit_test(other_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
