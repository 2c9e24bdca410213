/* SPDX-License-Identifier: MIT */
/* A whole connection as the network and the signalling see it, without a loop. The input is a script of steps, each a kind, a length and
 * that many bytes: datagrams from a validated path and from others, records that DTLS protected, RTP and RTCP that SRTP protected, session
 * descriptions, candidates, results, calls and time. The first byte says how far the connection has come before. Its deadline must always
 * move on, and nothing may stay behind.
 *
 * An input does the same in every process and after any other: certificate, random numbers and time are given (prepared.h), and before each
 * one the process is brought back to where the connection had come (snapshot.h), which is also what makes it 500 inputs a second. A crash
 * is seen again with its file alone; a build without snapshots connects anew and comes to the same state. */
#include "../tests/sim/sim_peers.h"

#include "context.h"
#include "crc32c.h"
#include "peer_transport.h"
#include "prepared.h"
#include "rtp_session_parts.h"
#include "snapshot.h"
#include "srtp.h"
#include "transport.h"
#include "transport_internal.h"

#include "reader.h"
#include "writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum phase { PHASE_NEW, PHASE_OFFERED, PHASE_CONNECTED, PHASES };
enum step {
    STEP_DATAGRAM, /* from the peer's path */
    STEP_STRANGER, /* from an address that nobody validated */
    STEP_RECORD,   /* application data of DTLS: an SCTP packet, with a checksum that fits */
    STEP_RTP,
    STEP_RTCP,
    STEP_DESCRIPTION, /* set as it stands */
    STEP_LINE,        /* a line in the peer's own description */
    STEP_CANDIDATE,
    STEP_RESULT,
    STEP_CALL,
    STEP_TIME,
    STEPS
};
enum { STEPS_MAX = 64, TICKS_MAX = 64 }; /* ticks while an input lets time pass */

struct run {
    struct sim_peers p;
    rtc_data_channel *channel;
    uint16_t sequence;
    int ticks;
};
static struct run run;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void let_pass(rtc_time_t duration)
{
    (void)sim_peers_run(&run.p, run.p.now + duration, NULL, NULL);
}

/* Both have media and a channel. */
static void prepare(unsigned phase)
{
    run = (struct run){.sequence = 65530};
    rtc_certificate *certificates[] = {prepared_certificate()};
    const rtc_configuration configuration = {
        .size = sizeof configuration, .certificates = certificates, .certificate_count = 1, .max_channels = 16};
    const struct sim_link link = {.delay_us = 1000};
    require(sim_peers_init(&run.p, 1, &link, &prepared_allocator, &configuration));
    for (int i = 0; phase != PHASE_NEW && i < 2; i++) {
        require(rtc_peer_connection_add_transceiver(run.p.peer[i].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL) == RTC_OK);
        require(rtc_peer_connection_add_transceiver(run.p.peer[i].pc, RTC_MEDIA_VIDEO, NULL, NULL, NULL) == RTC_OK);
    }
    if (phase == PHASE_NEW)
        return;
    require(rtc_peer_connection_create_data_channel(run.p.peer[0].pc, "x", 1, NULL, &run.channel) == RTC_OK);
    require(sim_peers_negotiate(&run.p, 0) == RTC_OK);
    if (phase == PHASE_OFFERED)
        let_pass(11000);
    else
        let_pass(300000);
}

static void finish(void)
{
    rtc_data_channel_unref(run.channel);
    sim_peers_fini(&run.p);
    prepared_nothing_left();
}

/* What libraries make for their first connection is there from the beginning. */
static void once(void)
{
    prepared_once();
    prepare(PHASE_CONNECTED);
    finish();
}

static void receive(const struct path *from, struct slice bytes)
{
    rtc_path path = {.socket = from->socket, .protocol = from->protocol};
    path.local.family = path.remote.family = RTC_ADDRESS_IPV4;
    memcpy(path.local.ip, from->local.ip, sizeof path.local.ip);
    memcpy(path.remote.ip, from->remote.ip, sizeof path.remote.ip);
    path.local.port = from->local.port;
    path.remote.port = from->remote.port;
    rtc_peer_connection_receive_copy(run.p.peer[1].pc, run.p.now, &path, bytes.data, bytes.len);
}

static const struct path *selected(int index)
{
    struct transport *t = peer_first_transport(run.p.peer[index].pc);
    return t ? ice_agent_selected(t->ice.current.agent) : NULL;
}

static void datagram(struct slice bytes, bool stranger)
{
    struct path from = {.socket = 2, .local = address_ipv4(10, 0, 0, 2, 5000), .remote = address_ipv4(10, 0, 0, 1, 6000)};
    if (selected(1))
        from = *selected(1);
    if (stranger)
        from.remote = address_ipv4(10, 0, 0, (uint8_t)(bytes.len ? bytes.data[bytes.len - 1] : 9), 7000);
    receive(&from, bytes);
}

/* ---- Protected by the peer's own keys ---- */

static void record(struct slice bytes)
{
    struct transport *t = peer_first_transport(run.p.peer[0].pc);
    uint8_t packet[512];
    size_t len = bytes.len < sizeof packet ? bytes.len : sizeof packet;
    if (!t || len == 0)
        return;
    memcpy(packet, bytes.data, len);
    if (len >= 12) {
        const uint8_t ports[4] = {5000 >> 8, 5000 & 0xff, 5000 >> 8, 5000 & 0xff};
        memcpy(packet, ports, sizeof ports);
        crc32c_packet_seal(packet, len);
    }
    (void)dtls_send(t->dtls, slice_of(packet, len), &t->out);
    peer_run_transport(run.p.peer[0].pc, run.p.now);
}

static uint32_t ssrc_of(uint8_t choice)
{
    const struct rtp_session *s = peer_first_transport(run.p.peer[0].pc)->rtp;
    if ((choice & 3) == 3)
        return 0x5eed0000u + choice;
    const struct rtp_member *m = s->members.all[(choice & 1) % s->members.count];
    const struct rtp_encoding *e = &m->config.encodings[0];
    return choice & 2 && e->rtx_ssrc ? e->rtx_ssrc : e->ssrc;
}

/* RTP: payload type, SSRC and flags from the first two bytes; the rest follows the fixed header. RTCP: the bytes are the first packet's,
 * from its type on. */
static void protected_packet(struct slice bytes, bool control)
{
    static const uint8_t types[8] = {96, 97, 111, 96, 97, 111, 0, 127};
    struct transport *t = peer_first_transport(run.p.peer[0].pc);
    struct packet *p =
        t && t->rtp && t->rtp->outlet.srtp && t->rtp->members.count > 0 && bytes.len >= 4 ? packet_new(t->settings->pool) : NULL;
    if (!p)
        return;
    struct writer w = writer_of(packet_data(p), 1100);
    uint8_t flags = bytes.data[0], choice = bytes.data[1];
    writer_u8(&w, (uint8_t)(0x80 | (flags & 0x3f)));
    if (control) {
        writer_u8(&w, (uint8_t)(192 + choice % 32));
        writer_u16(&w, (uint16_t)(flags & 0x20 ? 0xffff : (bytes.len - 2 + 4) / 4));
        writer_u32(&w, ssrc_of(choice));
    } else {
        writer_u8(&w, (uint8_t)(types[choice >> 4 & 7] | (choice & 0x80)));
        writer_u16(&w, run.sequence++);
        writer_u32(&w, (uint32_t)run.sequence * 3000);
        writer_u32(&w, ssrc_of(choice));
    }
    writer_bytes(&w, slice_of(bytes.data + 2, bytes.len - 2));
    p->len = (uint32_t)writer_len(&w);
    if ((control ? srtcp_protect_packet(t->rtp->outlet.srtp, p) : srtp_protect_packet(t->rtp->outlet.srtp, p)) == RTC_OK)
        out_send(&t->rtp_out, p);
    else
        packet_free(p);
    peer_run_transport(run.p.peer[0].pc, run.p.now);
}

/* ---- Signalling ---- */

static char *text_of(struct slice bytes)
{
    char *text = malloc(bytes.len + 1);
    require(text != NULL);
    if (bytes.len > 0)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = 0;
    return text;
}

static void set_description(const char *sdp)
{
    rtc_peer_connection *pc = run.p.peer[1].pc;
    rtc_sdp_type type = rtc_peer_connection_signaling_state(pc) == RTC_SIGNALING_HAVE_LOCAL_OFFER ? RTC_SDP_ANSWER : RTC_SDP_OFFER;
    if (rtc_peer_connection_set_remote_description(pc, type, sdp) == RTC_OK && type == RTC_SDP_OFFER)
        (void)rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL);
}

static void description(struct slice bytes)
{
    char *sdp = text_of(bytes);
    set_description(sdp);
    free(sdp);
}

/* The first byte is the place of the line. */
static void line(struct slice bytes)
{
    const char *theirs = rtc_peer_connection_local_description(run.p.peer[0].pc, NULL), *at = theirs;
    if (!theirs || bytes.len == 0)
        return;
    for (unsigned i = 0; i < bytes.data[0]; i++) {
        const char *next = strchr(at, '\n');
        if (!next || !next[1])
            break;
        at = next + 1;
    }
    char *inserted = text_of(slice_of(bytes.data + 1, bytes.len - 1));
    size_t before = (size_t)(at - theirs);
    char *sdp = malloc(strlen(theirs) + strlen(inserted) + 3);
    require(sdp != NULL);
    memcpy(sdp, theirs, before);
    strcpy(stpcpy(stpcpy(sdp + before, inserted), "\r\n"), at);
    set_description(sdp);
    free(sdp);
    free(inserted);
}

static void candidate(struct slice bytes)
{
    char *text = text_of(bytes);
    const rtc_ice_candidate_init init = {
        .size = sizeof init, .candidate = text, .sdp_mid = bytes.len & 1 ? "0" : NULL, .has_sdp_m_line_index = true};
    (void)rtc_peer_connection_add_ice_candidate(run.p.peer[1].pc, &init);
    free(text);
}

static void result(struct slice bytes)
{
    static const uint32_t types[] = {RTC_REQUEST_OPEN_UDP, RTC_REQUEST_CLOSE, RTC_REQUEST_RESOLVE, RTC_REQUEST_INTERFACES, 99};
    struct reader r = reader_of(bytes);
    rtc_interface interfaces[4] = {{.index = 0}};
    rtc_result io = {.size = sizeof io,
                     .type = types[reader_u8(&r) % 5],
                     .id = reader_u8(&r) % 8u,
                     .error = reader_u8(&r) & 1 ? RTC_ERR_NETWORK : RTC_OK};
    io.interface_count = reader_u8(&r) % 5u;
    io.interfaces = interfaces;
    io.interface_size = sizeof interfaces[0];
    for (size_t i = 0; i < io.interface_count; i++) {
        interfaces[i].address.family = reader_u8(&r) & 1 ? RTC_ADDRESS_IPV4 : RTC_ADDRESS_IPV6;
        interfaces[i].address.ip[0] = reader_u8(&r);
    }
    io.local = interfaces[0].address;
    io.local.port = 1234;
    (void)rtc_peer_connection_result(run.p.peer[1].pc, run.p.now, &io);
}

static void call(struct slice bytes)
{
    rtc_peer_connection *pc = run.p.peer[1].pc;
    rtc_data_channel *channel = run.p.peer[1].remote_channel;
    uint8_t what = bytes.len > 0 ? bytes.data[0] : 0;
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(pc, what >> 4);
    const char *sdp;
    rtc_stats_report *report;
    switch (what & 15) {
    case 0:
        (void)rtc_peer_connection_create_offer(pc, &sdp);
        break;
    case 1:
        (void)rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL);
        break;
    case 2:
        (void)rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, NULL, NULL, NULL);
        break;
    case 3:
        if (t)
            (void)rtc_rtp_transceiver_set_direction(t, (rtc_rtp_direction)(bytes.len & 3));
        break;
    case 4:
        if (rtc_peer_connection_get_stats(pc, &report) == RTC_OK)
            rtc_stats_report_unref(report);
        break;
    case 5:
        if (channel)
            (void)rtc_data_channel_send(channel, bytes.data, bytes.len);
        break;
    case 6:
        rtc_data_channel_close(channel);
        break;
    case 7:
        rtc_peer_connection_close(pc);
        break;
    case 8:
        if (t)
            (void)rtc_rtp_receiver_request_keyframe(rtc_rtp_transceiver_receiver(t));
        break;
    case 9:
        require(rtc_peer_connection_explain(pc)[0]);
        break;
    case 10:
        (void)rtc_peer_connection_restart_ice(pc);
        break;
    default:
        (void)rtc_peer_connection_local_description(pc, NULL);
        break;
    }
}

/* Time passes, and the deadline moves on. */
static void pass_time(struct slice bytes)
{
    struct reader r = reader_of(bytes);
    rtc_time_t end = run.p.now + (rtc_time_t)reader_u8(&r) * reader_u8(&r) * 100;
    for (; run.p.now < end && run.ticks < TICKS_MAX; run.ticks++) {
        rtc_time_t at = rtc_peer_connection_deadline(run.p.peer[1].pc, NULL);
        require(at > run.p.now);
        let_pass((at < end ? at : end) - run.p.now);
    }
}

static void take_step(enum step step, struct slice bytes)
{
    switch (step) {
    case STEP_DATAGRAM:
    case STEP_STRANGER:
        datagram(bytes, step == STEP_STRANGER);
        break;
    case STEP_RECORD:
        record(bytes);
        break;
    case STEP_RTP:
    case STEP_RTCP:
        protected_packet(bytes, step == STEP_RTCP);
        break;
    case STEP_DESCRIPTION:
        description(bytes);
        break;
    case STEP_LINE:
        line(bytes);
        break;
    case STEP_CANDIDATE:
        candidate(bytes);
        break;
    case STEP_RESULT:
        result(bytes);
        break;
    case STEP_CALL:
        call(bytes);
        break;
    default:
        pass_time(bytes);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct snapshot_plan plan = {.once = once, .prepare = prepare, .finish = finish, .spare = 64};
    struct reader r = reader_of(slice_of(data, size));
    enum phase phase = reader_u8(&r) % PHASES;
    snapshot_begin(&plan, phase);
    for (unsigned steps = 0; reader_left(&r) >= 3 && steps < STEPS_MAX; steps++) {
        enum step step = (enum step)(reader_u8(&r) % STEPS);
        size_t len = reader_u16(&r) % 2048;
        take_step(step, reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)));
        let_pass(1000);
    }
    let_pass(5000);
    snapshot_end(&plan, phase);
    return 0;
}
