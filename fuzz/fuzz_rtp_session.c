/* SPDX-License-Identifier: MIT */
/* A whole RTP session fed with authentic packets whose contents are the fuzzer's: RTP, RTCP and frames to send, with time passing in
 * between. The input is a row of chunks: one byte of what to do, one byte of length, that many bytes. The plain packets are protected with
 * known keys first. */
#include "gcc.h"
#include "scream.h"
#include "rtp_packet.h"
#include "rtp_session.h"
#include "srtp.h"
#include "text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OPTION_ANONYMOUS = 1,
    OPTION_FULL_SIZE = 2,
    OPTION_NO_VIDEO = 4,
    OPTION_H264 = 8,
    OPTION_VP9 = 16,
    OPTION_BY_SOURCE = 32,
    OPTION_NO_FEEDBACK = 64,
    OPTION_SCREAM = 128,
    TONES = 110
};

struct call {
    rtc_context *context;
    struct rtp_session *session;
    struct srtp_transport *peer;
    struct out out;
    rtc_time_t now;
    uint32_t audio, video;
    const char *video_codec;
};

static const char *video_codec(unsigned options)
{
    return options & OPTION_H264 ? "H264" : options & OPTION_VP9 ? "VP9" : "VP8";
}

static struct slice key(unsigned side)
{
    static const char keys[2][31] = {"0123456789abcdefSALTsaltSALT01", "fedcba9876543210saltSALTsalt10"};
    return slice_of(keys[side], 30);
}

static struct rtp_section section(rtc_media_kind kind, unsigned options)
{
    bool video = kind == RTC_MEDIA_VIDEO;
    struct rtp_section s = {.kind = kind,
                            .send = true,
                            .receive = true,
                            .reduced_size = !(options & OPTION_FULL_SIZE),
                            .receive_codec_count = 1,
                            .encodings = {{.ssrc = video ? 0x1010 : 0x1000, .rtx_ssrc = video ? 0x1011 : 0}},
                            .encoding_count = 1,
                            .remote_stream_id = "s"};
    s.mid[0] = video ? 'v' : 'a';
    s.send_codec = (struct rtp_codec){.payload_type = video ? 96 : 111,
                                      .rtx_payload_type = video ? 97 : RTP_NO_PAYLOAD_TYPE,
                                      .clock_rate = video ? 90000 : 48000,
                                      .nack = video,
                                      .pli = video,
                                      .fir = video,
                                      .remb = video,
                                      .transport_cc = !(options & (OPTION_BY_SOURCE | OPTION_NO_FEEDBACK)),
                                      .ccfb = options & OPTION_BY_SOURCE};
    text_copy(s.send_codec.name, sizeof s.send_codec.name, video ? video_codec(options) : "opus");
    s.receive_codecs[0] = s.send_codec;
    if (!video) { /* telephone events both ways */
        s.tone_payload_type = TONES;
        s.tone_clock_rate = 48000;
        s.receive_codecs[s.receive_codec_count++] = (struct rtp_codec){
            .payload_type = TONES, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "telephone-event", .clock_rate = 48000, .tones = true};
    }
    for (uint8_t i = 0; i < RTP_EXTENSIONS; i++)
        s.extension_ids[i] = (uint8_t)(i + 1);
    if (options & OPTION_ANONYMOUS)
        return s;
    s.remote_ssrc_count = 1;
    s.remote_ssrcs[0] = video ? 0x2010 : 0x2000;
    s.remote_rtx_ssrcs[0] = video ? 0x2011 : 0;
    return s;
}

static void drain(struct call *c)
{
    packet_queue_clear(&c->out.tx);
    for (struct event *e; (e = out_pop_event(&c->out)) != NULL;)
        out_free_event(&c->out, e);
}

static void wait_for(struct call *c, rtc_time_t duration)
{
    rtc_time_t until = c->now + duration;
    unsigned ticks = 0;
    for (rtc_time_t at; (at = rtp_session_deadline(c->session, NULL)) <= until;) {
        c->now = at > c->now ? at : c->now;
        rtp_session_tick(c->session, c->now, &c->out);
        drain(c);
        if (++ticks > 100000)
            abort(); /* it spins */
    }
    c->now = until;
}

/* The fuzzer's bytes as a packet of the peer's; the header's first two bits are set right, so that it gets past the first look. */
static void hear(struct call *c, struct slice bytes, bool control, bool authentic)
{
    struct packet *p = packet_copy(c->out.pool, bytes);
    if (!p)
        return;
    if (p->len > 1)
        packet_data(p)[0] = (uint8_t)(0x80 | (packet_data(p)[0] & 0x3f));
    if (authentic && p->len > 1 && rtp_is_rtcp(packet_slice(p)) == control) {
        int error = control ? srtcp_protect_packet(c->peer, p) : srtp_protect_packet(c->peer, p);
        if (error) {
            packet_free(p);
            return;
        }
    }
    rtp_session_input(c->session, c->now, p, &c->out);
    drain(c);
}

/* A short way to say a packet of media: sequence and timestamp move by what the bytes tell. */
static void hear_media(struct call *c, uint32_t ssrc, uint8_t payload_type, struct slice bytes)
{
    static uint8_t packet[300];
    if (bytes.len < 4)
        return;
    memset(packet, 0, 12);
    packet[0] = (uint8_t)(0x80 | (bytes.data[0] & 0x30));
    packet[1] = (uint8_t)(payload_type | (bytes.data[0] & 0x80));
    packet[3] = bytes.data[1];
    packet[6] = bytes.data[2];
    packet[7] = bytes.data[3];
    packet[10] = (uint8_t)(ssrc >> 8);
    packet[11] = (uint8_t)ssrc;
    memcpy(packet + 12, bytes.data + 4, bytes.len - 4);
    hear(c, slice_of(packet, 12 + bytes.len - 4), false, true);
}

static void send(struct call *c, uint32_t section, rtc_media_kind kind, struct slice bytes)
{
    rtc_encoded_frame *frame;
    const rtc_encoded_frame_options o = {.size = sizeof o,
                                         .kind = kind,
                                         .codec = kind == RTC_MEDIA_VIDEO ? c->video_codec : "opus",
                                         .data = bytes.data,
                                         .data_len = bytes.len,
                                         .keyframe = true,
                                         .rtp_timestamp = (uint32_t)c->now,
                                         .capture_time_us = c->now};
    if (rtc_encoded_frame_new(c->context, &o, &frame) != RTC_OK)
        return;
    (void)rtp_session_send_frame(c->session, c->now, rtp_session_send_stream(c->session, section, ""), frame, RTP_NO_AUDIO_LEVEL, &c->out);
    rtc_encoded_frame_unref(frame);
    drain(c);
}

static void step(struct call *c, uint8_t what, struct slice bytes)
{
    switch (what % 14) {
    case 0: hear(c, bytes, false, true); break;
    case 1: hear(c, bytes, true, true); break;
    case 2: hear(c, bytes, false, false); break;
    case 3: hear_media(c, 0x2010, 96, bytes); break;
    case 4: hear_media(c, 0x2011, 97, bytes); break;
    case 5: hear_media(c, 0x2000, 111, bytes); break;
    case 6: send(c, c->video, RTC_MEDIA_VIDEO, bytes); break;
    case 7: send(c, c->audio, RTC_MEDIA_AUDIO, bytes); break;
    case 8:
        (void)rtp_session_takes_data(c->session, c->now, (uint32_t)bytes.len);
        wait_for(c, (rtc_time_t)bytes.len * 1000);
        break;
    case 9: wait_for(c, (rtc_time_t)bytes.len * 20000); break;
    case 10: rtp_session_request_keyframe(c->session, c->now, rtp_session_receive_stream(c->session, c->video, ""), &c->out); break;
    case 11: rtp_session_set_writable(c->session, c->now, bytes.len & 1, &c->out); break;
    case 12: hear_media(c, 0x2000, TONES, bytes); break;
    case 13: (void)rtp_session_send_tone(c->session, c->now, rtp_session_send_stream(c->session, c->audio, ""), bytes.len ? bytes.data[0] & 15 : 0, (rtc_time_t)bytes.len * 20000); break;
    }
    drain(c);
}

static bool begin(struct call *c, unsigned options)
{
    const struct congestion_controller *controller = options & OPTION_SCREAM ? &scream_controller : options & 1 ? &gcc_controller : NULL;
    const struct rtp_session_options so = {.cname = "fuzz", .controller = controller};
    struct rtp_section audio = section(RTC_MEDIA_AUDIO, options), video = section(RTC_MEDIA_VIDEO, options);
    *c = (struct call){.now = 1000000, .video_codec = video_codec(options)};
    if (rtc_context_new(NULL, &c->context) != RTC_OK)
        return false;
    context_seed(c->context, 1);
    if (out_init(&c->out, c->context) != RTC_OK || rtp_session_new(c->context, &so, &c->session) != RTC_OK ||
        rtp_session_set_keys(c->session, SRTP_PROFILE_AES128_CM_SHA1_80, key(0), key(1)) != RTC_OK ||
        srtp_transport_new(c->context, SRTP_PROFILE_AES128_CM_SHA1_80, key(1), key(0), &c->peer) != RTC_OK ||
        rtp_session_set_section(c->session, c->now, &audio, &c->audio, &c->out) != RTC_OK)
        return false;
    if (!(options & OPTION_NO_VIDEO))
        (void)rtp_session_set_section(c->session, c->now, &video, &c->video, &c->out);
    rtp_session_set_writable(c->session, c->now, true, &c->out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call c;
    if (size < 1 || !begin(&c, data[0]))
        return 0;
    for (size_t at = 1; at + 2 <= size;) {
        size_t len = data[at + 1], left = size - at - 2;
        len = len < left ? len : left;
        step(&c, data[at], slice_of(data + at + 2, len));
        at += 2 + len;
    }
    rtp_session_close(c.session, c.now, &c.out);
    rtp_session_free(c.session);
    srtp_transport_free(c.peer);
    out_fini(&c.out);
    rtc_context_unref(c.context);
    return 0;
}
