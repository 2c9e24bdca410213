/* SPDX-License-Identifier: MIT */
/* Two whole connections in virtual time, driven through the public interface by the input: the monkey of the tests (tests/monkey.h) takes
 * its choices from here instead of a seed. The first three bytes say how the connections are configured, which codecs they have and how far
 * they are; then each byte is a step, and what it needs to know follows it. Descriptions may change on their way. */
#include "codecs.h"
#include "monkey.h"
#include "peer.h"
#include "prepared.h"
#include "reader.h"
#include "sim_peers.h"
#include "sim_turn_server.h"
#include "snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WITH_RELAYS = 1, RELAY_ONLY = 2, BUNDLE_MAX = 4, LITE = 8, TCP = 16, POOL = 32, LOSS = 64, DESCRIBED_WHOLE = 128 };
enum { REAL_CODECS = 1, WITH_MEDIA = 2, WITH_CHANNEL = 4, NEGOTIATED = 8, CONNECTED = 16, BOTH_OFFER = 32 };
enum { STEPS_MAX = 48, SPARE = 64 };

struct run {
    struct sim_peers p;
    struct monkey m;
    struct sim_turn turn;
    struct reader r;
    uint64_t random;
};
static struct run run;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- Choices ---- */

static uint32_t choose(struct monkey_side *side, uint32_t below)
{
    (void)side;
    if (reader_left(&run.r) == 0)
        return monkey_random(&run.random, below);
    return below <= 256 ? reader_u8(&run.r) % below : reader_u16(&run.r) * 31u % below;
}

static rtc_peer_connection *some_connection(uint8_t choice)
{
    return run.p.peer[choice & 1].pc;
}

/* ---- Descriptions that change on their way ---- */

static const char *const lines[] = {
    "a=inactive",
    "a=recvonly",
    "a=sendonly",
    "a=mid:9",
    "a=group:BUNDLE 0",
    "a=group:BUNDLE 0 1 2",
    "a=setup:passive",
    "a=setup:active",
    "a=setup:holdconn",
    "a=ice-lite",
    "a=ice-ufrag:other",
    "a=ice-pwd:0123456789abcdefghijklmn",
    "a=sctp-port:5001",
    "a=max-message-size:0",
    "a=max-message-size:100",
    "b=AS:100",
    "b=TIAS:64000",
    "a=rtcp-fb:* nack",
    "a=rtcp-fb:96 nack pli",
    "a=rtpmap:96 H264/90000",
    "a=rtpmap:100 VP8/90000",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 maxaveragebitrate=20000;useinbandfec=1;stereo=1;usedtx=1",
    "a=fmtp:97 apt=100",
    "a=ssrc:1 cname:x",
    "a=ssrc-group:FID 1 2",
    "a=msid:- t",
    "a=msid:stream track",
    "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
    "a=fingerprint:sha-512 00",
    "a=candidate:1 1 udp 1 10.0.0.9 9999 typ host",
    "a=candidate:1 1 tcp 1 10.0.0.9 9 typ host tcptype active",
    "a=candidate:2 1 udp 1 0123abcd.local 9999 typ host",
    "a=end-of-candidates",
    "a=bundle-only",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rid:1 send",
    "a=simulcast:send 1",
    "a=ptime:60",
    "a=maxptime:20",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "m=audio 9 RTP/AVP 0",
    "c=IN IP4 10.0.0.1",
    "nonsense",
};

/* Where line `n` begins, or the last one. */
static char *line_at(char *text, unsigned n)
{
    for (char *end; n > 0 && (end = strchr(text, '\n')) != NULL && end[1]; n--)
        text = end + 1;
    return text;
}

/* One line goes, comes twice, is replaced, gets one before it, or has another character. */
static char *change(char *text)
{
    char *at = line_at(text, reader_u8(&run.r)), *end = strchr(at, '\n');
    uint8_t what = reader_u8(&run.r), which = reader_u8(&run.r);
    const char *line = lines[which % (sizeof lines / sizeof lines[0])];
    size_t before = (size_t)(at - text), len = end ? (size_t)(end + 1 - at) : strlen(at);
    if (what % 5 == 4) {
        if (len > 2)
            at[which % (len - 2)] = (char)(' ' + what / 5 % 95);
        return text;
    }
    char *changed = malloc(strlen(text) + len + strlen(line) + 3), *to = changed + before;
    require(changed != NULL);
    memcpy(changed, text, before);
    if (what % 5 == 1) {
        memcpy(to, at, len);
        to += len;
    }
    if (what % 5 == 2 || what % 5 == 3)
        to = stpcpy(stpcpy(to, line), "\r\n");
    (void)strcpy(to, what % 5 == 1 || what % 5 == 3 ? at : at + len);
    free(text);
    return changed;
}

static int hand_over(int from, rtc_sdp_type type, unsigned changes)
{
    const char *sdp = rtc_peer_connection_local_description(run.p.peer[from].pc, NULL);
    char *text = sdp ? strdup(sdp) : NULL;
    if (!text)
        return RTC_ERR_INVALID_STATE;
    for (unsigned i = 0; i < changes; i++)
        text = change(text);
    int error = rtc_peer_connection_set_remote_description(run.p.peer[1 - from].pc, type, text);
    if (error)
        require(rtc_peer_connection_last_error(run.p.peer[1 - from].pc)[0]);
    free(text);
    return error;
}

/* An offer with changes, and its answer with changes; candidates go by themselves. What was refused is taken back now and then. */
static void exchange(uint8_t how)
{
    int from = how & 1;
    rtc_peer_connection *a = run.p.peer[from].pc, *b = run.p.peer[1 - from].pc;
    if (!a || !b || rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, NULL))
        return;
    int error = hand_over(from, RTC_SDP_OFFER, how >> 1 & 3);
    if (!error)
        error = rtc_peer_connection_set_local_description(b, how & 64 ? RTC_SDP_PRANSWER : RTC_SDP_ANSWER, NULL);
    if (!error)
        error = hand_over(1 - from, how & 64 ? RTC_SDP_PRANSWER : RTC_SDP_ANSWER, how >> 3 & 3);
    if (error && how & 32) {
        (void)rtc_peer_connection_set_local_description(a, RTC_SDP_ROLLBACK, NULL);
        (void)rtc_peer_connection_set_remote_description(b, RTC_SDP_ROLLBACK, NULL);
    }
}

/* ---- Steps ---- */

static void let_pass(rtc_time_t duration)
{
    (void)sim_peers_run(&run.p, run.p.now + duration, NULL, NULL);
}

static void push_picture(void)
{
    static const rtc_video_format formats[] = {RTC_VIDEO_NV12, RTC_VIDEO_YUYV, RTC_VIDEO_RGB24,
                                               RTC_VIDEO_BGRA, RTC_VIDEO_RGBA, RTC_VIDEO_I420};
    const rtc_video_frame_options o = {.size = sizeof o,
                                       .format = formats[reader_u8(&run.r) % 6],
                                       .width = 1 + reader_u8(&run.r),
                                       .height = 1 + reader_u8(&run.r),
                                       .rotation = reader_u8(&run.r) % 4 * 90u,
                                       .capture_time_us = run.p.now};
    rtc_video_frame *frame;
    require(rtc_video_frame_new(run.p.context, &o, &frame) == RTC_OK);
    for (size_t i = 0; rtc_video_frame_writable_plane(frame, i); i++)
        memset(rtc_video_frame_writable_plane(frame, i), (int)o.width,
               rtc_video_frame_stride(frame, i) * (i ? (o.height + 1) / 2 : o.height));
    (void)rtc_media_source_push_video(run.m.sources[0], frame);
    rtc_video_frame_unref(frame);
}

static void push_sound(void)
{
    static const uint32_t rates[] = {48000, 8000, 16000, 44100};
    const rtc_audio_frame_options o = {.size = sizeof o,
                                       .format = reader_u8(&run.r) & 1 ? RTC_AUDIO_F32 : RTC_AUDIO_S16,
                                       .sample_rate = rates[reader_u8(&run.r) % 4],
                                       .channels = 1 + reader_u8(&run.r) % 8,
                                       .samples = 1 + reader_u8(&run.r) * 8u,
                                       .capture_time_us = run.p.now};
    rtc_audio_frame *frame;
    require(rtc_audio_frame_new(run.p.context, &o, &frame) == RTC_OK);
    (void)rtc_media_source_push_audio(run.m.sources[1], frame);
    rtc_audio_frame_unref(frame);
}

/* A while of media in steady time. */
static void play(uint8_t frames)
{
    for (int i = 0; i < 1 + frames % 24; i++) {
        monkey_push(&run.m, &run.random, run.p.now);
        let_pass(10000 + (frames >> 5) * 5000);
    }
}

static void look(rtc_peer_connection *pc)
{
    rtc_stats_report *report;
    require(rtc_peer_connection_explain(pc) != NULL);
    if (rtc_peer_connection_get_stats(pc, &report) != RTC_OK)
        return;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *stats = rtc_stats_report_at(report, i);
        double number;
        require(rtc_stats_report_find(report, rtc_stats_id(stats)) && rtc_stats_report_find_type(report, rtc_stats_type(stats)));
        for (size_t k = 0; k < rtc_stats_member_count(stats); k++)
            require(rtc_stats_number(stats, rtc_stats_member_name(stats, k), &number) ==
                    (rtc_stats_member_type(stats, k) == RTC_STATS_NUMBER));
    }
    rtc_stats_report_unref(report);
}

/* The network between them, or the relay, changes. */
static void upset(uint8_t how)
{
    struct sim_link link = {.delay_us = 1000 + how * 100, .loss = how & 1 ? 0.2 : 0};
    link.loss = how & 2 ? 1 : link.loss;
    *sim_host_link(run.p.peer[how >> 2 & 1].host) = link;
    run.turn.dead = how & 8;
    run.turn.forgets = how & 16;
    run.turn.nonce += how >> 5 & 1;
}

static void step(uint8_t what)
{
    struct monkey_side *side = &run.m.side[what & 1];
    rtc_peer_connection *pc = some_connection(what);
    switch (what >> 1 & 15) {
    case 0:
        exchange(reader_u8(&run.r));
        break;
    case 1:
        push_picture();
        break;
    case 2:
        push_sound();
        break;
    case 3:
        play(reader_u8(&run.r));
        break;
    case 4:
        if (pc)
            look(pc);
        break;
    case 5:
        upset(reader_u8(&run.r));
        break;
    case 6:
        let_pass((rtc_time_t)reader_u8(&run.r) * (what & 32 ? 100000 : 2000));
        break;
    case 7:
        if (pc)
            (void)sim_peers_negotiate(&run.p, what & 1);
        break;
    default:
        monkey_act(side);
        break;
    }
}

/* ---- Beginning and end ---- */

static void negotiate(struct monkey_side *s)
{
    if (s->pc && run.p.peer[s->index].pc)
        (void)sim_peers_negotiate(&run.p, s->index);
}

static void ended(struct monkey_side *s)
{
    run.p.peer[s->index].pc = NULL;
}

static void serve(struct sim_peers *p, const struct packet *packet)
{
    sim_turn_serve(&run.turn, p->now, packet);
}

static void make_peers(uint8_t flags)
{
    static const char *const urls[] = {"turn:198.51.100.7:3478", "stun:198.51.100.7:3478"};
    static const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 2, .username = "user", .credential = "secret"};
    static const rtc_ice_server *const servers[] = {&server};
    rtc_certificate *certificates[] = {prepared_certificate()};
    rtc_configuration c = {.size = sizeof c, .certificates = certificates, .certificate_count = 1, .max_channels = 16};
    const struct sim_link link = {.delay_us = 2000, .jitter_us = 1000, .loss = flags & LOSS ? 0.05 : 0};
    if (flags & LITE)
        flags &= (uint8_t)~WITH_RELAYS; /* it is refused */
    c.ice_servers = servers;
    c.ice_server_count = flags & WITH_RELAYS ? 1 : 0;
    c.ice_transport_policy =
        (flags & (WITH_RELAYS | RELAY_ONLY)) == (WITH_RELAYS | RELAY_ONLY) ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
    c.bundle_policy = flags & BUNDLE_MAX ? RTC_BUNDLE_MAX_BUNDLE : RTC_BUNDLE_BALANCED;
    c.ice_lite = flags & LITE;
    c.ice_tcp_policy = flags & TCP ? RTC_ICE_TCP_ENABLED : RTC_ICE_TCP_DISABLED;
    c.ice_candidate_pool_size = flags & POOL ? 1 : 0;
    require(sim_peers_init(&run.p, 1, &link, &prepared_allocator, &c));
    run.p.trickle = !(flags & DESCRIBED_WHOLE);
    sim_turn_init(&run.turn, run.p.net, run.p.scratch.pool, "198.51.100.7", NULL);
    run.p.serve = serve;
}

static void give_media(int index)
{
    for (int i = 0; i < MONKEY_SOURCES; i++) {
        rtc_media_stream_track *track;
        require(rtc_media_stream_track_new(run.m.sources[i], &track) == RTC_OK);
        require(rtc_peer_connection_add_track(run.p.peer[index].pc, track, NULL, 0, NULL) == RTC_OK);
        rtc_media_stream_track_unref(track);
    }
}

static void begin(uint8_t stage)
{
    monkey_init(&run.m, run.p.context, 1);
    run.m.choose = choose;
    run.m.negotiate = negotiate;
    run.m.ended = ended;
    if (stage & REAL_CODECS) {
        require(rtc_context_add_codec(run.p.context, &vp8_codec) == RTC_OK);
        require(rtc_context_add_codec(run.p.context, &opus_codec) == RTC_OK);
    }
    for (int i = 0; i < 2; i++) {
        run.m.side[i].pc = run.p.peer[i].pc;
        run.p.peer[i].extra = monkey_callbacks;
        run.p.peer[i].extra_user = &run.m.side[i];
        if (stage & WITH_MEDIA)
            give_media(i);
    }
    if (stage & WITH_CHANNEL)
        require(rtc_peer_connection_create_data_channel(run.p.peer[0].pc, "x", 1, NULL, &run.m.side[0].channels[0]) == RTC_OK);
    if (stage & NEGOTIATED)
        (void)sim_peers_negotiate(&run.p, 0);
    if (stage & BOTH_OFFER)
        (void)sim_peers_negotiate(&run.p, 1);
}

static void end(void)
{
    if (!run.p.context)
        return; /* nothing has begun */
    atomic_store(&run.m.calm, true);
    for (int i = 0; i < 2; i++)
        if (run.p.peer[i].pc)
            look(run.p.peer[i].pc);
    let_pass(300000);
    for (int i = 0; i < 2; i++) {
        monkey_side_fini(&run.m.side[i]);
        run.p.peer[i].pc = NULL;
    }
    monkey_fini(&run.m);
    sim_peers_fini(&run.p);
    prepared_nothing_left();
}

/* How the connections are configured and how far they are. What comes while they connect has no choices of the input: callbacks do nothing
 * yet. */
static void start(uint8_t configuration, uint8_t stage)
{
    make_peers(configuration);
    begin(stage);
    if (stage & CONNECTED) {
        atomic_store(&run.m.calm, true);
        let_pass(400000);
        atomic_store(&run.m.calm, false);
    }
}

/* What libraries make for their first connection is there from the beginning. */
static void once(void)
{
    prepared_once();
    start(0, 0xff & ~BOTH_OFFER);
    end();
}

static void prepare(unsigned stage)
{
    (void)stage;
    memset(&run, 0, sizeof run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct snapshot_plan plan = {.once = once, .prepare = prepare, .finish = end, .spare = SPARE};
    snapshot_begin(&plan, 0);
    run.r = reader_of(slice_of(data, size));
    uint8_t configuration = reader_u8(&run.r), stage = reader_u8(&run.r);
    run.random = reader_u8(&run.r);
    start(configuration, stage);
    for (unsigned steps = 0; reader_left(&run.r) > 0 && steps < STEPS_MAX; steps++) {
        step(reader_u8(&run.r));
        let_pass(1000);
    }
    snapshot_end(&plan, 0);
    return 0;
}
