/* SPDX-License-Identifier: MIT */
/* See rtp_sim.h. */
#include "rtp_sim.h"

#include "srtp.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPIN = 20000, KEYFRAME_BYTES = 20000, AUDIO_BYTES = 90, HEAD = 16, SKEW_MAX_US = 45000, FRAME_BYTES_MAX = 200000 };

struct slice rtp_sim_key(unsigned side)
{
    static const char keys[2][31] = {"0123456789abcdefSALTsaltSALT01", "fedcba9876543210saltSALTsalt10"};
    return slice_of(keys[side], 30);
}

static struct rtp_codec codec_of(rtc_media_kind kind)
{
    struct rtp_codec audio = {
        .payload_type = 111, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus", .clock_rate = 48000, .channels = 2};
    struct rtp_codec video = {
        .payload_type = 96, .rtx_payload_type = 97, .name = "VP8", .clock_rate = 90000, .nack = true, .pli = true, .fir = true};
    return kind == RTC_MEDIA_AUDIO ? audio : video;
}

static uint32_t ssrc_of(unsigned side, rtc_media_kind kind, bool rtx)
{
    return 0x1000u * (side + 1) + (kind == RTC_MEDIA_VIDEO ? 0x10u : 0) + rtx;
}

struct rtp_section rtp_sim_section(const struct rtp_sim_options *o, rtc_media_kind kind, unsigned local, unsigned remote)
{
    struct rtp_section s = {.kind = kind,
                            .send = true,
                            .receive = true,
                            .reduced_size = !o->full_size_rtcp,
                            .send_codec = codec_of(kind),
                            .receive_codec_count = 1,
                            .encodings = {{.ssrc = ssrc_of(local, kind, false)}},
                            .encoding_count = 1};
    (void)snprintf(s.mid, sizeof s.mid, "%s", kind == RTC_MEDIA_AUDIO ? "a" : "v");
    (void)snprintf(s.remote_stream_id, sizeof s.remote_stream_id, "stream");
    s.send_codec.transport_cc = o->controller && !o->by_source;
    s.send_codec.ccfb = o->controller && o->by_source;
    s.receive_codecs[0] = s.send_codec;
    s.receive_codecs[0].remb = o->remb && kind == RTC_MEDIA_VIDEO;
    s.extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] = s.send_codec.transport_cc ? 5 : 0;
    s.extension_ids[RTP_EXTENSION_MID] = 4;
    s.extension_ids[RTP_EXTENSION_ABS_SEND_TIME] = 3;
    s.extension_ids[RTP_EXTENSION_AUDIO_LEVEL] = 1;
    if (o->redundancy && kind == RTC_MEDIA_AUDIO) {
        s.fec.redundancy = 63;
        s.receive_codecs[s.receive_codec_count++] = (struct rtp_codec){
            .payload_type = 63, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "red", .clock_rate = 48000, .channels = 2, .redundancy = true};
    }
    if (kind == RTC_MEDIA_VIDEO) {
        s.encodings[0].rtx_ssrc = ssrc_of(local, kind, true);
        s.fec.send = s.fec.receive = o->parity;
        s.encodings[0].fec_ssrc = o->parity.flexfec ? rtp_parity_ssrc(s.encodings[0].ssrc) : 0;
    }
    if (o->anonymous)
        return s;
    s.remote_ssrc_count = 1;
    s.remote_ssrcs[0] = ssrc_of(remote, kind, false);
    s.fec.remote_ssrcs[0] = kind == RTC_MEDIA_VIDEO && o->parity.flexfec ? rtp_parity_ssrc(s.remote_ssrcs[0]) : 0;
    s.remote_rtx_ssrcs[0] = kind == RTC_MEDIA_VIDEO ? ssrc_of(remote, kind, true) : 0;
    return s;
}

/* ---- Scripted media ---- */

static void put_time(uint8_t *p, rtc_time_t t)
{
    put_u32(p, (uint32_t)((uint64_t)t >> 32));
    put_u32(p + 4, (uint32_t)t);
}

static rtc_time_t get_time(const uint8_t *p)
{
    uint64_t t = 0;
    for (int i = 0; i < 8; i++)
        t = t << 8 | p[i];
    return (rtc_time_t)t;
}

static uint32_t get_serial(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void send(struct rtp_sim_peer *p, uint32_t member, rtc_encoded_frame_options *o, uint8_t level)
{
    rtc_encoded_frame *frame = NULL;
    o->size = sizeof *o;
    o->capture_time_us = p->sim->now;
    if (rtc_encoded_frame_new(NULL, o, &frame) != RTC_OK)
        return;
    p->refused +=
        rtp_session_send_frame(p->session, p->sim->now, rtp_session_send_stream(p->session, member, ""), frame, level, &p->out) != RTC_OK;
    rtc_encoded_frame_unref(frame);
    rtp_sim_drain(p);
}

/* How long an interval by the source's own clocks takes. */
static rtc_time_t lasts(struct rtp_sim_peer *p, rtc_time_t interval)
{
    p->ahead += interval * p->fast_ppm;
    rtc_time_t whole = p->ahead / 1000000;
    p->ahead -= whole * 1000000;
    return interval - whole;
}

/* How large the camera's next picture comes out of the encoder; 0: it is left out. Bits for each pixel of a moving picture at the coarsest
 * quantizer: 0.012 for a delta, 0.08 for a keyframe; keyframes may take 300 ms of the rate. */
static size_t camera_frame(struct rtp_sim_peer *p)
{
    struct rtp_sim_camera *c = &p->camera;
    uint32_t width = c->width, height = c->height;
    int64_t share = p->bitrate_bps / p->frame_rate;
    c->ahead_bits = c->ahead_bits > share ? c->ahead_bits - share : 0;
    const struct video_scale_limits limits = {.frames_per_second = p->frame_rate, .bitrate_bps = p->bitrate_bps};
    if (video_scale_choose(&c->scale, p->sim->now, &limits, &width, &height)) {
        p->wants_keyframe = true;
        c->resized++;
        c->ahead_bits = 0; /* another encoder */
    }
    if (rtp_session_backlog(p->session) > 100 * MS || c->ahead_bits > (int64_t)p->bitrate_bps / 4 || p->bitrate_bps == 0) {
        c->skipped++;
        return 0;
    }
    int64_t pixels = (int64_t)width * height, least = pixels * (p->wants_keyframe ? 80 : 12) / 1000;
    int64_t bits = p->wants_keyframe ? (int64_t)p->bitrate_bps * 3 / 10
                                     : share / 2 + (int64_t)(sim_network_random(p->sim->net) % (uint64_t)(share + 1));
    bits = bits > least ? bits : least;
    c->ahead_bits += bits;
    return (size_t)bits / 8;
}

/* A VP8 frame header (RFC 6386 9.1), then serial number and capture time; delta frames of half to one and a half times the average size. */
static void send_video(struct rtp_sim_peer *p)
{
    static uint8_t data[FRAME_BYTES_MAX];
    p->next_video += lasts(p, SECOND / p->frame_rate);
    uint32_t timestamp = p->video_timestamp;
    p->video_timestamp += 90000 / p->frame_rate;
    size_t camera = p->camera.on ? camera_frame(p) : 0;
    if (p->camera.on && camera == 0)
        return;
    bool key = p->wants_keyframe;
    size_t average = p->bitrate_bps / 8 / p->frame_rate;
    size_t len = camera ? camera : key ? KEYFRAME_BYTES : average / 2 + sim_network_random(p->sim->net) % (average + 1);
    if (len < 64)
        len = 64;
    if (len > sizeof data)
        len = sizeof data;
    const uint8_t head[10] = {key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    memcpy(data, head, sizeof head);
    put_u32(data + HEAD, p->video_serial++);
    put_time(data + HEAD + 4, p->sim->now);
    data[len - 1] = (uint8_t)len;
    p->wants_keyframe = false;
    p->video_sent++;
    rtc_encoded_frame_options o = {
        .kind = RTC_MEDIA_VIDEO, .codec = "VP8", .data = data, .data_len = len, .keyframe = key, .rtp_timestamp = timestamp};
    send(p, p->video, &o, RTP_NO_AUDIO_LEVEL);
}

/* An Opus packet of 20 ms in hybrid mode, mono, with redundancy (RFC 6716 4.2.3), then serial number and capture time; or one of silence.
 */
static void send_audio(struct rtp_sim_peer *p)
{
    uint8_t data[AUDIO_BYTES] = {0x78, p->bare ? 0x80 : 0xc0};
    bool silence = p->dtx && p->audio_serial % 20 != 0;
    put_u32(data + 2, p->audio_serial++);
    put_time(data + 6, p->sim->now);
    rtc_encoded_frame_options o = {
        .kind = RTC_MEDIA_AUDIO, .codec = "opus", .data = data, .data_len = p->dtx ? 1 : AUDIO_BYTES, .rtp_timestamp = p->audio_timestamp};
    if (!silence)
        send(p, p->audio, &o, 30);
    p->audio_timestamp += 960;
    p->next_audio += lasts(p, 20 * MS);
}

/* ---- What comes out ---- */

static void see_video(struct rtp_sim_peer *p, const struct rtp_event *e)
{
    struct rtp_sim_seen *s = &p->seen;
    rtc_encoded_frame *frame = e->video.frame;
    const uint8_t *data = rtc_encoded_frame_data(frame);
    uint32_t serial = get_serial(data + HEAD);
    bool key = rtc_encoded_frame_keyframe(frame), whole = data[rtc_encoded_frame_len(frame) - 1] == (uint8_t)rtc_encoded_frame_len(frame);
    s->misplaced += s->video_frames > 0 && serial <= s->video_serial;
    s->broken = !whole || !(key || (!s->broken && serial == s->video_serial + 1));
    if (s->video_frames++ == 0)
        s->first_timestamp_video = rtc_encoded_frame_rtp_timestamp(frame);
    s->decodable += !s->broken;
    s->key_frames += key;
    s->video_serial = serial;
    s->timestamp_video = rtc_encoded_frame_rtp_timestamp(frame);
    if (s->last_shown && e->video.play_time - s->last_shown > s->longest_freeze)
        s->longest_freeze = e->video.play_time - s->last_shown;
    s->last_shown = e->video.play_time;
    s->video_latency = e->video.play_time - get_time(data + HEAD + 4);
    if (s->audio_latency == 0 || p->sim->now < p->sim->settled)
        return;
    rtc_time_t skew = s->video_latency - s->audio_latency;
    skew = skew < 0 ? -skew : skew;
    s->skews++;
    s->skewed += skew > SKEW_MAX_US;
    s->worst_skew = skew > s->worst_skew ? skew : s->worst_skew;
}

static void see_audio(struct rtp_sim_peer *p, const struct rtp_event *e)
{
    struct rtp_sim_seen *s = &p->seen;
    s->packets += e->audio.action == RTP_AUDIO_PACKET;
    s->fec += e->audio.action == RTP_AUDIO_FEC;
    s->concealed += e->audio.action == RTP_AUDIO_CONCEAL;
    s->accelerated += e->audio.action == RTP_AUDIO_ACCELERATE;
    if (e->audio.action == RTP_AUDIO_CONCEAL || rtc_encoded_frame_len(e->audio.frame) < AUDIO_BYTES)
        return;
    const uint8_t *data = rtc_encoded_frame_data(e->audio.frame);
    if (e->audio.action == RTP_AUDIO_FEC)
        return;
    s->misplaced += s->packets + s->accelerated > 1 && get_serial(data + 2) <= s->audio_serial && s->audio_latency != 0;
    s->audio_serial = get_serial(data + 2);
    s->timestamp_audio = rtc_encoded_frame_rtp_timestamp(e->audio.frame);
    s->audio_latency = p->sim->now - get_time(data + 6);
}

static void see(struct rtp_sim_peer *p, const struct rtp_event *e)
{
    switch (e->head.type) {
    case RTP_EVENT_VIDEO_FRAME:
        see_video(p, e);
        break;
    case RTP_EVENT_AUDIO:
        see_audio(p, e);
        break;
    case RTP_EVENT_KEYFRAME_REQUEST:
        p->seen.keyframe_requests++;
        p->wants_keyframe = true;
        break;
    case RTP_EVENT_TARGET_BITRATE:
        if (e->member == p->audio)
            break; /* frames of sound keep their size */
        p->seen.target_bps = e->target_bps;
        p->bitrate_bps = p->stubborn ? p->bitrate_bps : e->target_bps;
        break;
    case RTP_EVENT_MUTE:
        p->seen.mutes++;
        break;
    case RTP_EVENT_UNMUTE:
        p->seen.unmutes++;
        break;
    case RTP_EVENT_CIRCUIT_BREAKER:
        p->seen.breakers += e->circuit.state == RTP_CIRCUIT_STOPPED;
        p->seen.reduced += e->circuit.state == RTP_CIRCUIT_REDUCED;
        p->seen.closed += e->circuit.state == RTP_CIRCUIT_CLOSED;
        p->seen.sound_stopped = p->seen.sound_stopped || (e->member == p->audio && e->circuit.state == RTP_CIRCUIT_STOPPED);
        break;
    default:
        fail_msg("event %d", e->head.type);
    }
}

void rtp_sim_forget(struct rtp_sim_peer *p)
{
    struct rtp_sim_seen old = p->seen;
    p->seen = (struct rtp_sim_seen){.video_serial = old.video_serial,
                                    .audio_serial = old.audio_serial,
                                    .broken = old.broken,
                                    .audio_latency = old.audio_latency,
                                    .video_latency = old.video_latency,
                                    .last_shown = old.last_shown,
                                    .target_bps = old.target_bps};
    p->video_sent = 0;
}

void rtp_sim_drain(struct rtp_sim_peer *p)
{
    bool b = p == &p->sim->b;
    for (struct packet *packet; (packet = packet_queue_pop(&p->out.tx)) != NULL;) {
        if (packet->len > PACKET_MTU)
            fail_msg("a packet of %u bytes", packet->len);
        packet->path.socket = 1;
        packet->path.local = address_ipv4(10, 0, 0, b ? 2 : 1, 5000);
        packet->path.remote = address_ipv4(10, 0, 0, b ? 1 : 2, 5000);
        sim_host_send(p->host, p->sim->now, packet);
    }
    for (struct rtp_event *e; (e = out_pop_event(&p->out)) != NULL;) {
        see(p, e);
        out_free_event(&p->out, e);
    }
    p->sim->failed = p->sim->failed || p->out.failed;
}

/* ---- Time ---- */

static rtc_time_t source_due(const struct rtp_sim_peer *p)
{
    rtc_time_t at = p->sends_video ? p->next_video : RTC_TIME_NEVER;
    return p->sends_audio && p->next_audio < at ? p->next_audio : at;
}

/* When its loop looks at what is due then. */
static rtc_time_t turn_after(const struct rtp_sim_peer *p, rtc_time_t due)
{
    if (p->turn == 0 || due == RTC_TIME_NEVER)
        return due;
    due = due > p->sim->now ? due : p->sim->now;
    return (due + p->turn - 1) / p->turn * p->turn;
}

static rtc_time_t due_of(const struct rtp_sim_peer *p, enum timer_reason *why)
{
    rtc_time_t at = source_due(p), session = turn_after(p, p->socket.count > 0 ? p->sim->now : rtp_session_deadline(p->session, why));
    return session < at ? session : at;
}

/* What an association sends as soon as it may: it looks like DTLS, and is thrown away at the other end. */
static void send_data(struct rtp_sim_peer *p)
{
    enum { DATA_BYTES = 1163, RECORD = 23, AT_ONCE = 100 };
    for (int i = 0; i < AT_ONCE && rtp_session_takes_data(p->session, p->sim->now, DATA_BYTES); i++) {
        struct packet *packet = packet_new(p->out.pool);
        if (!packet)
            return;
        memset(packet_data(packet), RECORD, DATA_BYTES);
        packet->len = DATA_BYTES;
        p->data_bytes += DATA_BYTES;
        packet_queue_push(&p->out.tx, packet);
    }
    rtp_sim_drain(p);
}

static void serve(struct rtp_sim_peer *p)
{
    rtc_time_t now = p->sim->now;
    if (p->sends_video && p->next_video <= now)
        send_video(p);
    if (p->sends_audio && p->next_audio <= now)
        send_audio(p);
    if (turn_after(p, now) > now)
        return;
    while (p->socket.count > 0) { /* before the timers, as in a real loop */
        rtp_session_input(p->session, now, packet_queue_pop(&p->socket), &p->out);
        rtp_sim_drain(p);
    }
    if (rtp_session_deadline(p->session, NULL) <= now) {
        rtp_session_tick(p->session, now, &p->out);
        rtp_sim_drain(p);
    }
    if (p->sends_data)
        send_data(p);
}

static void deliver(struct rtp_sim *sim)
{
    struct sim_delivery d;
    while (sim_network_pop(sim->net, sim->now, &d)) {
        struct rtp_sim_peer *p = sim_host_user(d.host);
        struct packet *packet = d.packet;
        d.packet = NULL;
        packet->arrived = p->stamped ? sim->now : RTC_TIME_NEVER;
        if (p->turn > 0) {
            packet_queue_push(&p->socket, packet);
        } else {
            rtp_session_input(p->session, sim->now, packet, &p->out);
            rtp_sim_drain(p);
        }
        sim_delivery_free(&d);
    }
}

static rtc_time_t earliest(rtc_time_t a, rtc_time_t b)
{
    return a < b ? a : b;
}

void rtp_sim_run(struct rtp_sim *sim, rtc_time_t until)
{
    unsigned spins = 0;
    enum timer_reason why_a = TIMER_NONE, why_b = TIMER_NONE;
    for (;;) {
        rtc_time_t at = earliest(earliest(due_of(&sim->a, &why_a), due_of(&sim->b, &why_b)), sim_network_next(sim->net));
        if (at > until)
            break;
        spins = at > sim->now ? 0 : spins + 1;
        if (spins > SPIN)
            fail_msg("seed %llu: spins at %lld for %s or %s", (unsigned long long)sim->seed, (long long)sim->now, timer_reason_name(why_a),
                     timer_reason_name(why_b));
        sim->now = at > sim->now ? at : sim->now;
        deliver(sim);
        serve(&sim->a);
        serve(&sim->b);
    }
    sim->now = until;
}

/* ---- Life ---- */

static int init_peer(struct rtp_sim *sim, struct rtp_sim_peer *p, unsigned side, const struct rtp_sim_options *o)
{
    const struct rtp_session_options so = {.cname = side ? "bob" : "alice",
                                           .disable_nack = o->disable_nack,
                                           .max_bitrate_bps = o->max_bitrate_bps,
                                           .start_bitrate_bps = o->start_bitrate_bps,
                                           .controller = o->controller};
    struct rtp_section audio = rtp_sim_section(o, RTC_MEDIA_AUDIO, side, !side), video = rtp_sim_section(o, RTC_MEDIA_VIDEO, side, !side);
    int error = rtp_session_new(sim->context, &so, &p->session);
    if (!error)
        error = rtp_session_set_keys(p->session, SRTP_PROFILE_AES128_CM_SHA1_80, rtp_sim_key(side), rtp_sim_key(!side));
    if (!error)
        error = rtp_session_set_section(p->session, sim->now, &audio, &p->audio, &p->out);
    if (!error)
        error = rtp_session_set_section(p->session, sim->now, &video, &p->video, &p->out);
    if (error)
        return error;
    rtp_session_set_rtt(p->session, 2 * o->link.delay_us);
    rtp_session_set_writable(p->session, sim->now, true, &p->out);
    rtp_sim_drain(p);
    p->sends_audio = p->sends_video = p->wants_keyframe = true;
    p->next_video = sim->now + 7 * MS;
    p->next_audio = sim->now + 3 * MS;
    p->video_timestamp = o->video_timestamp;
    p->audio_timestamp = o->audio_timestamp;
    return RTC_OK;
}

int rtp_sim_init(struct rtp_sim *sim, rtc_context *context, const struct rtp_sim_options *o)
{
    *sim = (struct rtp_sim){
        .context = context, .net = sim_network_new(o->seed), .now = SECOND, .settled = SECOND + o->settle, .seed = o->seed};
    context_seed(context, o->seed);
    struct rtp_sim_peer *peers[] = {&sim->a, &sim->b};
    static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};
    for (unsigned i = 0; i < 2; i++) {
        struct rtp_sim_peer *p = peers[i];
        p->sim = sim;
        p->other = peers[!i];
        p->frame_rate = 30;
        p->bitrate_bps = 1000000;
        p->host = sim_host_new(sim->net, &o->link, p);
        sim_host_add_address(p->host, addresses[i]);
        sim_host_open(p->host, 1, addresses[i], 5000);
        int error = out_init(&p->out, context);
        if (!error)
            error = init_peer(sim, p, i, o);
        if (error)
            return error;
    }
    return RTC_OK;
}

void rtp_sim_fini(struct rtp_sim *sim)
{
    struct rtp_sim_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++)
        rtp_session_free(peers[i]->session);
    for (int i = 0; i < 2; i++)
        packet_queue_clear(&peers[i]->socket);
    sim_network_free(sim->net);
    for (int i = 0; i < 2; i++)
        if (peers[i]->out.pool)
            out_fini(&peers[i]->out);
}

struct rtp_inbound_stats rtp_sim_inbound(struct rtp_sim_peer *p, uint32_t handle)
{
    struct rtp_inbound_stats stats = {0};
    (void)rtp_session_inbound_stats(p->session, rtp_session_receive_stream(p->session, handle, ""), p->sim->now, &stats);
    return stats;
}

struct rtp_outbound_stats rtp_sim_outbound(struct rtp_sim_peer *p, uint32_t handle)
{
    struct rtp_outbound_stats stats = {0};
    (void)rtp_session_outbound_stats(p->session, rtp_session_send_stream(p->session, handle, ""), p->sim->now, &stats);
    return stats;
}
