/* SPDX-License-Identifier: MIT */
/* See rtp_budget_scene.h. */
#include "rtp_budget_scene.h"

/* ---- A controller that says what it is told to say ---- */

struct script script;

static int make(const struct congestion_controller *self, rtc_context *c, const struct congestion_limits *limits, rtc_time_t at,
                struct congestion **made)
{
    (void)self;
    (void)c;
    (void)at;
    script.limits = *limits;
    script.alive = true;
    *made = &script.face;
    return RTC_OK;
}

static void release(struct congestion *c)
{
    (void)c;
    script.alive = false;
}

static void set_limits(struct congestion *c, rtc_time_t at, const struct congestion_limits *limits)
{
    (void)c;
    (void)at;
    script.limits = *limits;
}

static void path_changed(struct congestion *c, rtc_time_t at)
{
    (void)c;
    (void)at;
    script.paths++;
}

static void packet_sent(struct congestion *c, const struct congestion_packet *packet)
{
    (void)c;
    script.packets[script.sent++ % 256] = *packet;
}

static void feedback(struct congestion *c, const struct congestion_feedback *f)
{
    (void)c;
    for (size_t i = 0; i < f->count; i++)
        script.results[script.told++ % 256] = f->results[i];
}

static void report(struct congestion *c, const struct congestion_report *r)
{
    (void)c;
    (void)r;
}

static void remb(struct congestion *c, rtc_time_t at, uint64_t bps)
{
    (void)c;
    (void)at;
    script.remb = bps;
}

static void tick(struct congestion *c, rtc_time_t at)
{
    (void)c;
    (void)at;
    script.ticks++;
}

static rtc_time_t deadline(const struct congestion *c)
{
    (void)c;
    return RTC_TIME_NEVER;
}

static struct congestion_target target(const struct congestion *c)
{
    (void)c;
    return script.target;
}

static bool next_probe(struct congestion *c, rtc_time_t at, struct congestion_probe *probe)
{
    (void)c;
    (void)at;
    *probe = script.probe;
    script.probe.id = 0;
    return probe->id != 0;
}

static const struct congestion_controller scripted = {"script", make, release, set_limits, path_changed, packet_sent, feedback,
                                                      report,   remb, tick,    deadline,   target,       next_probe,  false};

/* ---- A call with feedback ---- */

struct rtp_section numbered(struct rtp_section section)
{
    section.extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBER_ID;
    section.send_codec.transport_cc = true;
    return section;
}

int begin_numbered(void **state)
{
    const struct rtp_session_options options = {.cname = "us", .controller = &scripted};
    script = (struct script){.face.controller = &scripted, .target = {500000, 600000, 0}};
    (void)begin(state);
    rtp_session_free(session);
    assert_int_equal(rtp_session_new(context, &options, &session), RTC_OK);
    const struct rtp_section v = numbered(video_section()), a = audio_section();
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &audio, &out), RTC_OK);
    video_stream = rtp_session_send_stream(session, video, "");
    give_keys();
    (void)events(0, 0);
    return 0;
}

int end_numbered(void **state)
{
    (void)end(state); /* a test may have another controller in its session */
    assert_false(script.alive);
    return 0;
}

static int send_frame(size_t len, bool keyframe)
{
    static uint8_t bytes[100000] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_VIDEO,
                                         .codec = "VP8",
                                         .data = bytes,
                                         .data_len = len,
                                         .keyframe = keyframe,
                                         .rtp_timestamp = (uint32_t)(now * 9 / 100),
                                         .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    int error = rtp_session_send_frame(session, now, video_stream, frame, RTP_NO_AUDIO_LEVEL, &out);
    rtc_encoded_frame_unref(frame);
    return error;
}

void send_picture(size_t len)
{
    assert_int_equal(send_frame(len, true), RTC_OK);
}

int send_delta(size_t len)
{
    return send_frame(len, false);
}

void send_sound(void)
{
    static const uint8_t bytes[90] = {0x78, 0xc0};
    rtc_encoded_frame *frame = NULL;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = RTC_MEDIA_AUDIO,
                                         .codec = "opus",
                                         .data = bytes,
                                         .data_len = sizeof bytes,
                                         .rtp_timestamp = (uint32_t)(now * 48 / 1000),
                                         .capture_time_us = now};
    assert_int_equal(rtc_encoded_frame_new(context, &o, &frame), RTC_OK);
    assert_int_equal(rtp_session_send_frame(session, now, rtp_session_send_stream(session, audio, ""), frame, 30, &out), RTC_OK);
    rtc_encoded_frame_unref(frame);
}

static struct on_wire on_wire(void)
{
    static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_TRANSPORT_SEQUENCE] = NUMBER_ID};
    struct on_wire w = {0};
    for (struct packet *p; (p = packet_queue_pop(&out.tx)) != NULL; packet_free(p)) {
        struct rtp_header h;
        uint16_t number = 0;
        if (rtp_is_rtcp(packet_slice(p)))
            continue;
        w.bytes += p->len + WIRE;
        assert_int_equal(srtp_unprotect_packet(peer, p), RTC_OK);
        assert_true(rtp_parse(packet_slice(p), ids, &h));
        bool has = h.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE].data != NULL;
        assert_true(!has || rtp_transport_sequence_read(h.extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE], &number));
        w.numbers[w.count] = has ? number : 0x10000;
        w.ssrcs[w.count++] = h.ssrc;
        w.padding += h.padding;
        assert_true(h.padding == 0 || h.payload.len == 0);
    }
    return w;
}

struct on_wire run(rtc_time_t until)
{
    struct on_wire all = {0};
    for (;;) {
        enum timer_reason why;
        struct on_wire w = on_wire();
        for (size_t i = 0; i < w.count; i++) {
            all.numbers[all.count] = w.numbers[i];
            all.ssrcs[all.count++] = w.ssrcs[i];
        }
        all.bytes += w.bytes;
        all.padding += w.padding;
        rtc_time_t at = rtp_session_deadline(session, &why);
        if (at > until)
            break;
        now = at > now ? at : now;
        rtp_session_tick(session, now, &out);
    }
    now = until;
    return all;
}
