/* SPDX-License-Identifier: MIT */
/* See rtp_scripted_peer.h. */
#include "rtp_scripted_peer.h"

#include "ccfb.h"
#include "transport_feedback.h"

rtc_context *context;
struct rtp_session *session;
struct srtp_transport *peer; /* the other end's keys */
struct out out;
rtc_time_t now;
uint32_t video, audio, video_stream;

static struct slice key(unsigned side)
{
    static const char keys[2][31] = {"0123456789abcdefSALTsaltSALT01", "fedcba9876543210saltSALTsalt10"};
    return slice_of(keys[side], 30);
}

struct rtp_section video_section(void)
{
    struct rtp_section s = {.mid = "v",
                            .kind = RTC_MEDIA_VIDEO,
                            .send = true,
                            .receive = true,
                            .reduced_size = true,
                            .receive_codec_count = 1,
                            .encodings = {{.ssrc = OURS, .rtx_ssrc = OURS_RTX}},
                            .encoding_count = 1};
    s.send_codec = (struct rtp_codec){.payload_type = 96,
                                      .rtx_payload_type = 97,
                                      .name = "VP8",
                                      .clock_rate = 90000,
                                      .nack = true,
                                      .pli = true,
                                      .fir = true,
                                      .remb = true};
    s.receive_codecs[0] = s.send_codec;
    return s;
}

struct rtp_section audio_section(void)
{
    struct rtp_section s = {.mid = "a", .kind = RTC_MEDIA_AUDIO, .send = true, .receive = true, .receive_codec_count = 1};
    s.encodings[s.encoding_count++].ssrc = OURS + 2;
    s.send_codec = (struct rtp_codec){
        .payload_type = 111, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus", .clock_rate = 48000, .channels = 2};
    s.receive_codecs[0] = s.send_codec;
    return s;
}

void give_keys(void)
{
    assert_int_equal(rtp_session_set_keys(session, SRTP_PROFILE_AES128_CM_SHA1_80, key(0), key(1)), RTC_OK);
    rtp_session_set_writable(session, now, true, &out);
}

int begin(void **state)
{
    (void)state;
    const struct rtp_session_options options = {.cname = "us"};
    now = SECOND;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    context_seed(context, 1);
    assert_int_equal(out_init(&out, context), RTC_OK);
    assert_int_equal(rtp_session_new(context, &options, &session), RTC_OK);
    assert_int_equal(srtp_transport_new(context, SRTP_PROFILE_AES128_CM_SHA1_80, key(1), key(0), &peer), RTC_OK);
    const struct rtp_section v = video_section(), a = audio_section();
    assert_int_equal(rtp_session_set_section(session, now, &v, &video, &out), RTC_OK);
    assert_int_equal(rtp_session_set_section(session, now, &a, &audio, &out), RTC_OK);
    assert_true(video != 0 && audio != 0 && video != audio);
    video_stream = rtp_session_send_stream(session, video, "");
    assert_true(video_stream != 0 && video_stream != video && video_stream != audio);
    return 0;
}

int end(void **state)
{
    (void)state;
    rtp_session_free(session);
    srtp_transport_free(peer);
    out_fini(&out);
    rtc_context_unref(context);
    return 0;
}

int begin_call(void **state)
{
    (void)begin(state);
    give_keys();
    return 0;
}

/* ---- The peer ---- */

void give(struct packet *packet)
{
    rtp_session_input(session, now, packet, &out);
}

void say(uint32_t ssrc, uint8_t payload_type, uint16_t sequence, uint32_t timestamp, bool marker, struct slice payload)
{
    static const uint8_t no_ids[RTP_EXTENSIONS];
    struct packet *packet = packet_new(out.pool);
    const struct rtp_header header = {
        .payload_type = payload_type, .marker = marker, .sequence = sequence, .timestamp = timestamp, .ssrc = ssrc};
    assert_true(rtp_write_header(packet, &header, no_ids));
    if (payload.len > 0)
        memcpy(packet_data(packet) + packet->len, payload.data, payload.len);
    packet->len += (uint32_t)payload.len;
    assert_int_equal(srtp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

struct slice picture(bool key_frame)
{
    static uint8_t bytes[2][12] = {{0x10, 0x01, 0, 0, 0}, {0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}};
    return slice_of(bytes[key_frame], sizeof bytes[0]);
}

/* A video frame of one packet. */
void show(uint16_t sequence, bool key_frame)
{
    say(MEDIA, 96, sequence, sequence * 3000u, true, picture(key_frame));
}

void tell(void (*write)(struct writer *))
{
    struct packet *packet = packet_new(out.pool);
    struct writer w = writer_of(packet_data(packet), 1000);
    write(&w);
    assert_true(writer_ok(&w));
    packet->len = (uint32_t)writer_len(&w);
    assert_int_equal(srtcp_protect_packet(peer, packet), RTC_OK);
    give(packet);
}

/* ---- What comes out ---- */

unsigned events(int type, uint32_t member)
{
    unsigned n = 0;
    for (struct rtp_event *e; (e = out_pop_event(&out)) != NULL;) {
        n += e->head.type == type && e->member == member;
        out_free_event(&out, e);
    }
    return n;
}

static struct arrivals_told feedback;

const struct arrivals_told *arrivals_told(void)
{
    static struct arrivals_told last;
    (void)sent();
    last = feedback;
    feedback.count = feedback.messages = 0;
    return &last;
}

static void hear_feedback(const struct rtcp_packet *p)
{
    static struct transport_feedback_clock clock;
    struct transport_feedback f;
    assert_true(transport_feedback_read(p->body, &f));
    if (feedback.messages++ > 0)
        assert_int_equal(f.message, (uint8_t)(feedback.last_message + 1));
    feedback.last_message = f.message;
    struct transport_feedback_iterator it = transport_feedback_numbers(&f, transport_feedback_reference(&clock, &f));
    for (; feedback.count < TOLD_MAX && transport_feedback_next(&it, &feedback.numbers[feedback.count]); feedback.count++)
        ;
}

static void hear_report(const struct rtcp_packet *p)
{
    struct ccfb_clock clock = {0};
    struct ccfb f;
    assert_true(ccfb_read(p->body, &f));
    feedback.messages++;
    struct ccfb_iterator it = ccfb_packets(&f, ccfb_time(&clock, &f));
    for (; feedback.count < TOLD_MAX && ccfb_next(&it, &feedback.ssrcs[feedback.count], &feedback.numbers[feedback.count]);
         feedback.count++)
        ;
}

static void hear(struct sent *s, struct packet *packet)
{
    struct rtcp_packet p;
    bool first = true;
    s->largest = packet->len > s->largest ? packet->len : s->largest;
    if (!rtp_is_rtcp(packet_slice(packet))) {
        assert_int_equal(srtp_unprotect_packet(peer, packet), RTC_OK);
        s->media++;
        s->sequence = (uint16_t)(packet_data(packet)[2] << 8 | packet_data(packet)[3]);
        return;
    }
    assert_int_equal(srtcp_unprotect_packet(peer, packet), RTC_OK);
    for (struct rtcp_iterator it = rtcp_packets(packet_slice(packet)); rtcp_next(&it, &p); first = false) {
        if (first)
            s->first = p.kind;
        s->kinds[p.kind]++;
        s->reports += p.kind == RTCP_SR || p.kind == RTCP_RR ? (unsigned)p.count : 0;
        s->byes += p.kind == RTCP_BYE ? (unsigned)p.count : 0;
        s->last[p.kind] = p;
        if (p.kind == RTCP_CONGESTION_FEEDBACK)
            hear_report(&p);
        if (p.kind == RTCP_TRANSPORT_FEEDBACK)
            hear_feedback(&p);
        if (p.kind == RTCP_NACK)
            rtcp_nack_at(&p, 0, &s->nack, &s->nack_mask);
    }
}

struct sent sent(void)
{
    struct sent s = {0};
    for (struct packet *packet; (packet = packet_queue_pop(&out.tx)) != NULL; packet_free(packet))
        hear(&s, packet);
    return s;
}

void wait_until(rtc_time_t until)
{
    for (rtc_time_t at; (at = rtp_session_deadline(session, NULL)) <= until;) {
        now = at > now ? at : now;
        rtp_session_tick(session, now, &out);
    }
    now = until;
}
