/* SPDX-License-Identifier: MIT */
/* Two transports in virtual time, with nothing above them: no connection, no description. What a negotiation would say is given to them by
 * hand. They find a path, shake hands, and carry messages and frames; one has a gap in its path; one closes. */
#include "transport.h"
#include "transport_internal.h"

#include "context.h"
#include "dscp.h"
#include "usrsctp_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000 * MS, WIRE_US = 20 * MS, FRAME_BYTES = 3000, FRAMES_A_SECOND = 25 };

struct side {
    struct transport_settings settings;
    uint32_t next_request_id;
    struct transport *t;
    struct address address;
    uint32_t socket; /* for host candidates; 0: none yet */
    uint16_t port;
    uint32_t member;
    /* What it was told. */
    enum dtls_state dtls;
    enum ice_state ice;
    unsigned candidates, ends, opened, closed, messages, frames, keyframe_requests;
    uint32_t channel;
    char text[64];
};

struct pair {
    rtc_context *context;
    rtc_time_t now;
    struct side side[2];
    struct packet_queue wire; /* packet->time: when it arrives; flags: to whom */
    unsigned loss_percent;
    uint8_t ecn; /* what routers on the way make of it */
    bool cut;
    uint64_t random;
};

static unsigned dice(struct pair *p)
{
    p->random = p->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(p->random >> 33) % 100;
}

/* ---- The world ---- */

static void answer(struct pair *p, struct side *s, const struct request *r)
{
    struct io_result result = {.type = r->type, .id = r->id, .error = RTC_ERR_NETWORK};
    struct io_interface interface = {.address = s->address, .name = "eth0", .index = 1, .prefix_length = 24};
    if (r->type == REQUEST_INTERFACES) {
        result.error = RTC_OK;
        result.interfaces = &interface;
        result.interface_count = 1;
    } else if (r->type == REQUEST_OPEN_UDP && r->name[0]) {
        result.error = RTC_OK;
        result.local = s->address;
        result.local.port = s->port;
        s->socket = r->id;
    } else if (r->type == REQUEST_CLOSE || r->type == REQUEST_JOIN_MULTICAST) {
        return;
    }
    (void)transport_result(s->t, p->now, &result);
}

static void put_on_wire(struct pair *p, int from, struct packet *packet)
{
    struct packet *copy = p->cut || dice(p) < p->loss_percent ? NULL : packet_new(p->side[from].settings.pool);
    if (copy) {
        memcpy(packet_data(copy), packet_data(packet), packet->len);
        copy->len = packet->len;
        copy->path = packet->path;
        copy->ecn = p->ecn;
        copy->time = p->now + WIRE_US;
        copy->flags = (uint32_t)(1 - from);
        packet_queue_push(&p->wire, copy);
    }
    packet_free(packet);
}

/* ---- What is told ---- */

static void add_candidate(struct pair *p, int to, const struct ice_candidate *candidate)
{
    struct transport *t = p->side[to].t;
    assert_int_equal(transport_ice_add_candidate(t, p->now, transport_ice_latest(t), candidate), RTC_OK);
}

static void on_channel(struct side *s, const struct sctp_event *e)
{
    if (e->head.type == CHANNEL_EVENT_NEW || (e->head.type == CHANNEL_EVENT_STATE && e->channel_state == CHANNEL_OPEN)) {
        s->opened++;
        s->channel = e->channel;
    }
    s->closed += e->head.type == CHANNEL_EVENT_STATE && e->channel_state == CHANNEL_CLOSED;
    if (e->head.type != CHANNEL_EVENT_MESSAGE)
        return;
    s->messages++;
    (void)snprintf(s->text, sizeof s->text, "%.*s", (int)e->message->len, (const char *)packet_data(e->message));
}

static void on_media(struct side *s, const struct rtp_event *e)
{
    assert_int_equal(e->member, s->member);
    s->keyframe_requests += e->head.type == RTP_EVENT_KEYFRAME_REQUEST;
    if (e->head.type == RTP_EVENT_VIDEO_FRAME) {
        s->frames++;
        assert_int_equal(rtc_encoded_frame_len(e->video.frame), FRAME_BYTES);
    }
}

static void on_event(struct pair *p, int n, const struct transport_event *e)
{
    struct side *s = &p->side[n];
    switch (e->type) {
    case TRANSPORT_ICE_STATE:
        s->ice = transport_ice_told(s->t);
        break;
    case TRANSPORT_DTLS_STATE:
        s->dtls = e->dtls;
        break;
    case TRANSPORT_CANDIDATE:
        s->candidates++;
        add_candidate(p, 1 - n, e->candidate);
        break;
    case TRANSPORT_CANDIDATES_END:
        s->ends++;
        break;
    case TRANSPORT_CHANNEL:
        on_channel(s, e->sctp);
        break;
    case TRANSPORT_MEDIA:
        on_media(s, e->rtp);
        break;
    case TRANSPORT_GATHERING:
    case TRANSPORT_SELECTED_PAIR:
    case TRANSPORT_SCTP_STATE:
    case TRANSPORT_CANDIDATE_ERROR:
    case TRANSPORT_CANDIDATES_LOST:
        break;
    }
}

static void drain(struct pair *p, int n)
{
    struct side *s = &p->side[n];
    struct transport_event e;
    struct request *r;
    do {
        while (transport_next_event(s->t, p->now, &e)) {
            on_event(p, n, &e);
            transport_free_event(s->t, &e);
        }
        r = transport_next_request(s->t, p->now);
        if (r)
            answer(p, s, r);
        transport_free_request(s->t, r);
    } while (r);
    assert_false(transport_is_starved(s->t));
    for (struct packet *packet; (packet = transport_next_packet(s->t)) != NULL;)
        put_on_wire(p, n, packet);
}

/* ---- Time ---- */

static void arrive(struct pair *p)
{
    while (p->wire.head && p->wire.count > 0 && p->wire.head->time <= p->now) {
        struct packet *packet = packet_queue_pop(&p->wire);
        int to = (int)packet->flags;
        struct side *s = &p->side[to];
        const struct path came = packet->path;
        packet->flags = 0;
        packet->path = (struct path){.socket = s->socket, .protocol = PATH_UDP, .local = came.remote, .remote = came.local};
        transport_receive(s->t, p->now, packet);
        drain(p, to);
    }
}

static void step(struct pair *p)
{
    rtc_time_t next = p->wire.count > 0 ? p->wire.head->time : RTC_TIME_NEVER;
    for (int i = 0; i < 2; i++)
        deadline_min(&next, NULL, transport_deadline(p->side[i].t, &(enum timer_reason){TIMER_NONE}), TIMER_NONE);
    p->now = next > p->now ? next : p->now + 1;
    sim_time_set(p->now);
    arrive(p);
    for (int i = 0; i < 2; i++) {
        transport_tick(p->side[i].t, p->now);
        drain(p, i);
    }
}

static void run(struct pair *p, rtc_time_t duration)
{
    for (rtc_time_t end = p->now + duration; p->now < end;)
        step(p);
}

static void run_until(struct pair *p, bool (*done)(const struct pair *p), rtc_time_t at_most)
{
    for (rtc_time_t end = p->now + at_most; !done(p) && p->now < end;)
        step(p);
    assert_true(done(p));
}

/* ---- The pair ---- */

static struct dtls_fingerprint fingerprint_of(const struct side *s)
{
    struct dtls_fingerprint f = {.hash = "sha-256", .len = 32};
    const char *text = certificate_fingerprint(s->settings.certificate);
    for (size_t i = 0; i < f.len; i++)
        f.value[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
    return f;
}

static void begin(struct pair *p, uint64_t seed)
{
    memset(p, 0, sizeof *p);
    p->random = seed;
    p->now = SECOND;
    sim_time_seed(seed);
    sim_time_set(p->now);
    assert_int_equal(rtc_context_new(NULL, &p->context), RTC_OK);
    for (int i = 0; i < 2; i++) {
        struct side *s = &p->side[i];
        s->address = address_ipv4(10, 0, 0, (uint8_t)(1 + i), 0);
        s->port = (uint16_t)(5000 + i);
        s->settings.tcp_policy = ICE_TCP_DISABLED;
        s->settings.next_request_id = &s->next_request_id;
        s->settings.max_channels = 16;
        s->settings.max_message_size = 65536;
        s->settings.max_bitrate_bps = s->settings.start_bitrate_bps = 1000000;
        assert_int_equal(packet_pool_new(p->context, &s->settings.pool), RTC_OK);
        assert_int_equal(certificate_generate(p->context, CERTIFICATE_ECDSA_P256, 0, &s->settings.certificate), RTC_OK);
        assert_int_equal(transport_new(p->context, &s->settings, NULL, i == 0, &s->t), RTC_OK);
        transport_set_room(s->t, 1 << 20, 1000);
    }
}

static void end(struct pair *p)
{
    packet_queue_clear(&p->wire);
    for (int i = 0; i < 2; i++) {
        transport_free(p->side[i].t);
        certificate_unref(p->side[i].settings.certificate);
        packet_pool_unref(p->side[i].settings.pool);
    }
    rtc_context_unref(p->context);
}

/* What descriptions would say. */
static void negotiate_side(struct pair *p, int i)
{
    struct side *s = &p->side[i], *other = &p->side[1 - i];
    struct ice_agent *agent = transport_ice_agree(s->t, p->now, false, false);
    struct transport_remote *remote = transport_remote_new(p->context, 0);
    const struct ice_credentials *theirs = ice_agent_credentials(transport_ice_latest(other->t));
    struct transport_identity *identity;
    struct data_channels *next;
    assert_non_null(remote);
    text_copy(remote->ufrag, sizeof remote->ufrag, theirs->ufrag);
    text_copy(remote->password, sizeof remote->password, theirs->password);
    assert_int_equal(transport_prepare_dtls(s->t, i == 0 ? DTLS_SERVER : DTLS_CLIENT, false, &identity), RTC_OK);
    identity->fingerprints[identity->fingerprint_count++] = fingerprint_of(other);
    assert_int_equal(transport_prepare_sctp(s->t, SCTP_DEFAULT_PORT, false, &next), RTC_OK);
    transport_set_remote(s->t, remote);
    transport_start_dtls(s->t, identity);
    transport_start_sctp(s->t, SCTP_DEFAULT_PORT, 65536, next, NULL);
    transport_ice_gather(s->t, agent);
}

static void negotiate(struct pair *p)
{
    for (int i = 0; i < 2; i++)
        negotiate_side(p, i);
    for (int i = 0; i < 2; i++)
        drain(p, i);
}

static bool both_connected(const struct pair *p)
{
    return p->side[0].dtls == DTLS_CONNECTED && p->side[1].dtls == DTLS_CONNECTED;
}

static void connect(struct pair *p, uint64_t seed)
{
    begin(p, seed);
    negotiate(p);
    run_until(p, both_connected, 10 * SECOND);
}

/* ---- Tests ---- */

static bool both_opened(const struct pair *p)
{
    return p->side[0].opened > 0 && p->side[1].opened > 0;
}

static bool both_got_a_message(const struct pair *p)
{
    return p->side[0].messages > 0 && p->side[1].messages > 0;
}

static void say(struct pair *p, int from, const char *text)
{
    struct side *s = &p->side[from];
    assert_int_equal(data_channels_send(s->t->channels, p->now, s->channel, true, slice_str(text), &s->t->sctp_out), RTC_OK);
    drain(p, from);
}

static void open_channel(struct pair *p)
{
    struct side *s = &p->side[0];
    struct data_channel_options options = {
        .label = slice_str("chat"), .max_retransmits = -1, .max_packet_life_ms = -1, .id = CHANNEL_ID_NONE};
    assert_int_equal(data_channels_open(s->t->channels, p->now, &options, &s->channel, &s->t->sctp_out), RTC_OK);
    drain(p, 0);
    run_until(p, both_opened, 5 * SECOND);
}

static void they_connect_and_talk(void **state)
{
    struct pair p;
    (void)state;
    for (unsigned loss = 0; loss <= 10; loss += 10) {
        begin(&p, 7 + loss);
        p.loss_percent = loss;
        negotiate(&p);
        run_until(&p, both_connected, 20 * SECOND);
        for (int i = 0; i < 2; i++) {
            assert_in_range(p.side[i].ice, ICE_CONNECTED, ICE_COMPLETED);
            assert_in_range(p.side[i].candidates, 1, 4);
            assert_int_equal(p.side[i].ends, 1);
        }
        open_channel(&p);
        say(&p, 0, "hello");
        say(&p, 1, "good day");
        run_until(&p, both_got_a_message, 5 * SECOND);
        assert_string_equal(p.side[1].text, "hello");
        assert_string_equal(p.side[0].text, "good day");
        end(&p);
    }
}

static void add_video(struct pair *p, int n)
{
    struct side *s = &p->side[n];
    struct rtp_section section = {.mid = "v", .kind = RTC_MEDIA_VIDEO, .send = n == 0, .receive = n == 1};
    struct rtp_codec vp8 = {.payload_type = 96, .rtx_payload_type = 97, .name = "VP8", .clock_rate = 90000, .nack = true, .pli = true};
    section.send_codec = section.receive_codecs[0] = vp8;
    section.receive_codec_count = 1;
    section.encodings[0] = (struct rtp_encoding){.ssrc = 100u + (unsigned)n, .rtx_ssrc = 200u + (unsigned)n};
    section.encoding_count = 1;
    section.remote_ssrcs[0] = 101u - (unsigned)n;
    section.remote_rtx_ssrcs[0] = 201u - (unsigned)n;
    section.remote_ssrc_count = 1;
    section.dscp = dscp_of_media(RTC_MEDIA_VIDEO, RTC_PRIORITY_HIGH);
    assert_int_equal(transport_need_rtp(s->t, p->now), RTC_OK);
    assert_int_equal(rtp_session_set_section(s->t->rtp, p->now, &section, &s->member, &s->t->rtp_out), RTC_OK);
    drain(p, n);
}

static void send_picture(struct pair *p, uint32_t number)
{
    static uint8_t data[FRAME_BYTES];
    const uint8_t head[10] = {number == 0 ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01};
    struct side *s = &p->side[0];
    rtc_encoded_frame *frame;
    memcpy(data, head, sizeof head);
    rtc_encoded_frame_options o = {.size = sizeof o,
                                   .kind = RTC_MEDIA_VIDEO,
                                   .codec = "VP8",
                                   .data = data,
                                   .data_len = sizeof data,
                                   .keyframe = number == 0,
                                   .rtp_timestamp = number * 90000 / FRAMES_A_SECOND,
                                   .capture_time_us = p->now};
    assert_int_equal(rtc_encoded_frame_new(p->context, &o, &frame), RTC_OK);
    uint32_t stream = rtp_session_send_stream(s->t->rtp, s->member, "");
    assert_int_equal(rtp_session_send_frame(s->t->rtp, p->now, stream, frame, RTP_NO_AUDIO_LEVEL, &s->t->rtp_out), RTC_OK);
    rtc_encoded_frame_unref(frame);
    drain(p, 0);
}

static void media_flow(void **state)
{
    struct pair p;
    (void)state;
    connect(&p, 21);
    add_video(&p, 0);
    add_video(&p, 1);
    transport_set_media_mark(p.side[0].t, dscp_of_media(RTC_MEDIA_VIDEO, RTC_PRIORITY_HIGH));
    p.loss_percent = 3;
    for (uint32_t i = 0; i < 100; i++) {
        send_picture(&p, i);
        run(&p, SECOND / FRAMES_A_SECOND);
    }
    run(&p, SECOND);
    assert_in_range(p.side[1].frames, 98, 100);
    assert_true(p.side[0].t->counters.bytes_sent > 100 * FRAME_BYTES);
    /* Nobody takes what comes: media are dropped, and that is counted. */
    transport_set_room(p.side[1].t, 0, 0);
    unsigned before = p.side[1].frames;
    send_picture(&p, 100);
    run(&p, SECOND);
    assert_int_equal(p.side[1].frames, before);
    assert_true(p.side[1].t->counters.over_limit > 0);
    end(&p);
}

static void arrive_at(struct pair *p, rtc_time_t arrived)
{
    struct packet *packet = packet_new(p->side[0].settings.pool);
    assert_non_null(packet);
    packet_data(packet)[0] = 200; /* of no protocol */
    packet->len = 1;
    packet->arrived = arrived;
    transport_receive(p->side[0].t, p->now, packet);
    drain(p, 0);
}

/* When packets arrived is believed while it can be; what routers marked is counted. */
static void the_network_tells(void **state)
{
    struct pair p;
    (void)state;
    connect(&p, 29);
    open_channel(&p);
    const uint64_t *misdated = &p.side[0].t->counters.misdated;
    arrive_at(&p, RTC_TIME_NEVER);
    arrive_at(&p, p.now);
    arrive_at(&p, p.now - 10 * SECOND);
    assert_int_equal(*misdated, 0);
    arrive_at(&p, p.now + 1);
    arrive_at(&p, p.now - 10 * SECOND - 1);
    arrive_at(&p, -RTC_TIME_NEVER);
    assert_int_equal(*misdated, 3);
    assert_int_equal(p.side[1].t->counters.congested, 0);
    p.ecn = ECN_CE;
    say(&p, 0, "through a full queue");
    run(&p, SECOND);
    assert_int_equal(p.side[1].messages, 1);
    assert_true(p.side[1].t->counters.congested > 0);
    end(&p);
}

/* ICE says what became of the path, DTLS stays; then the path comes back. */
static void a_gap_in_the_path(void **state)
{
    struct pair p;
    (void)state;
    connect(&p, 33);
    open_channel(&p);
    p.cut = true;
    run(&p, 8 * SECOND);
    assert_int_equal(p.side[0].ice, ICE_DISCONNECTED);
    assert_int_equal(p.side[0].dtls, DTLS_CONNECTED);
    p.cut = false;
    run(&p, 8 * SECOND);
    assert_in_range(p.side[0].ice, ICE_CONNECTED, ICE_COMPLETED);
    say(&p, 0, "still there");
    run(&p, 5 * SECOND);
    assert_string_equal(p.side[1].text, "still there");
    end(&p);
}

static void one_closes(void **state)
{
    struct pair p;
    (void)state;
    connect(&p, 45);
    open_channel(&p);
    transport_close(p.side[0].t, p.now);
    transport_close(p.side[0].t, p.now);
    drain(&p, 0);
    run(&p, SECOND);
    assert_int_equal(p.side[1].dtls, DTLS_CLOSED);
    assert_true(transport_is_over(p.side[1].t));
    assert_int_equal(p.side[0].dtls, DTLS_CONNECTED); /* it was told nothing any more */
    end(&p);
}

/* The peer aborts the association while an offer has the transport handed over, and we read that late, for want of room: no packet comes
 * any more. No answer follows, so the channels end. */
static void an_abort_that_is_read_late(void **state)
{
    struct pair p;
    (void)state;
    connect(&p, 9);
    open_channel(&p);
    struct side *left = &p.side[0], *gone = &p.side[1];
    transport_set_handed_over(left->t, true);
    transport_set_room(left->t, 0, 0);
    transport_close_channels(gone->t, p.now);
    drain(&p, 1);
    run(&p, SECOND);
    assert_false(data_channels_are_adrift(left->t->channels));
    transport_set_room(left->t, 1 << 20, 1000);
    run(&p, 100 * MS);
    assert_true(data_channels_are_adrift(left->t->channels));
    assert_int_equal(left->closed, 0);
    run(&p, 4 * SECOND);
    assert_int_equal(left->closed, 1);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_connect_and_talk), cmocka_unit_test(media_flow), cmocka_unit_test(the_network_tells),
        cmocka_unit_test(a_gap_in_the_path),     cmocka_unit_test(one_closes), cmocka_unit_test(an_abort_that_is_read_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
