/* SPDX-License-Identifier: MIT */
/* The SCTP engine usrsctp, tamed: with usrsctp_process.c, which has what is one for the process, and usrsctp_options.c, how a socket is set
 * up, the only file that knows it. It is made to be a state machine (see docs/architecture.md):
 *  - no receive thread; its timers run from our ticks, once per step of time for the whole process (it still keeps one sleeping thread);
 *  - an association is known to it by a number with a generation, never by a pointer: a late call finds nothing and is dropped;
 *  - its output callback only appends: to the `out` of the call in progress on this thread, else to the association's outbox;
 *  - received messages are fetched by us, never delivered;
 *  - SACKs are shown to it in the form that it handles as the standard says (sack.h), and resets when it has all that is before them
 *    (reset_gate.h);
 *  - it leaves checksums to us; no interleaving (RFC 8260) and no zero checksum (RFC 9653) is announced.
 * It measures round trips with gettimeofday(), so a step of the wall clock disturbs one sample. */
#include "assoc.h"

#include "assembly.h"
#include "assoc_table.h"
#include "crc32c.h"
#include "dcep.h"
#include "flight.h"
#include "handshake.h"
#include "log.h"
#include "memory.h"
#include "reset_gate.h"
#include "sack.h"
#include "usrsctp_options.h"
#include "usrsctp_process.h"

#include <errno.h>
#include <usrsctp.h>

#define MS 1000 /* microseconds */

enum {
    PIECE_BYTES = 128 * 1024, /* given to the engine at once; one that is larger than its buffer would be refused */
    READ_BYTES = 64 * 1024,   /* fetched at once */
    SCARCE_BYTES = 1024,
    BUSY_TICK_US = 10 * MS,   /* as fine as the engine's own clock */
    BUSY_AFTER_US = 500 * MS, /* a delayed SACK, and its answer, are over by then */
    IDLE_TICK_US = 1000 * MS,
    IDLE_ADVANCE_US = 100 * MS, /* nobody moved the process's clock for this long: one that is idle does */
    CAUSE_USER_ABORT = 12       /* RFC 9260 3.3.10.12 */
};

/* Owned by whoever called assoc_new(), of its thread. Written here alone, but for the parts, whose headers say who writes to them. */
struct usrsctp_assoc {
    struct assoc base;
    rtc_context *context;
    struct assoc_options options;
    struct socket *socket;
    uintptr_t id;
    enum assoc_phase phase; /* set_phase() */
    bool nodelay;
    bool skip_notification; /* the rest of one that did not fit */
    bool resetting;         /* a reset was asked for and not answered */
    bool may_restart;       /* the peer may begin it anew, once */
    rtc_time_t traffic;     /* when a packet last passed */
    rtc_time_t ticked;
    struct sack_view sacks;
    struct reset_gate gate;
    struct flight flight;
    struct handshake handshake;
    struct outbox outbox;
    uint8_t *read; /* READ_BYTES while busy, else NULL */
    struct assembly assembly;
};

static struct usrsctp_assoc *of(struct assoc *assoc)
{
    return (struct usrsctp_assoc *)assoc;
}

static const struct usrsctp_assoc *of_const(const struct assoc *assoc)
{
    return (const struct usrsctp_assoc *)assoc;
}

/* What this thread is doing inside the engine. */
static _Thread_local struct {
    struct usrsctp_assoc *assoc;
    struct out *out;
    rtc_time_t now;
    struct snap_packet *captured; /* takes what the association sends, in place of the network; NULL: nothing is taken */
} inside;

static bool set_phase(struct usrsctp_assoc *a, enum assoc_phase phase)
{
    if (!moves_allow(&assoc_moves, a->phase, phase))
        return false;
    a->phase = phase;
    return true;
}

static void send_packet(struct usrsctp_assoc *a, struct out *out, rtc_time_t now, struct slice bytes)
{
    a->traffic = now;
    struct packet *p = out ? packet_new_sized(out->pool, bytes.len) : NULL;
    if (!p)
        return; /* lost; the engine sends it again */
    memcpy(packet_data(p), bytes.data, bytes.len);
    p->len = (uint32_t)bytes.len;
    p->time = now;
    crc32c_packet_seal(packet_data(p), p->len);
    out_send(out, p);
}

static void emit(struct usrsctp_assoc *a, struct out *out, rtc_time_t now, struct slice bytes)
{
    flight_sent(&a->flight, bytes);
    reset_gate_sent(&a->gate, bytes);
    if (a->phase == ASSOC_PHASE_NEW || a->phase == ASSOC_PHASE_CONNECTING)
        handshake_sent(&a->handshake, now, bytes);
    send_packet(a, out, now, bytes);
}

static int output(void *address, void *buffer, size_t length, uint8_t tos, uint8_t set_df)
{
    (void)tos;
    (void)set_df;
    uintptr_t id = (uintptr_t)address;
    if (inside.assoc && inside.assoc->id == id && inside.captured)
        snap_packet_keep(inside.captured, slice_of(buffer, length));
    else if (inside.assoc && inside.assoc->id == id)
        emit(inside.assoc, inside.out, inside.now, slice_of(buffer, length));
    else
        outbox_post(id, slice_of(buffer, length));
    return 0;
}

static void take_outbox(struct usrsctp_assoc *a, struct out *out, rtc_time_t now)
{
    for (struct outbox_packet *p = outbox_take(&a->outbox), *next; p; p = next) {
        next = p->next;
        if (!inside.captured)
            emit(a, out, now, slice_of(p->bytes, p->len));
        memory_free(a->context, p);
    }
}

static void enter(struct usrsctp_assoc *a, rtc_time_t now, struct out *out)
{
    inside.assoc = a;
    inside.out = out;
    inside.now = now;
    take_outbox(a, out, now);
    usrsctp_process_advance(now);
}

static void leave(void)
{
    inside.assoc = NULL;
    inside.out = NULL;
    inside.captured = NULL;
}

static struct usrsctp_target target_of(const struct usrsctp_assoc *a)
{
    return (struct usrsctp_target){a->context, a->socket, &a->options, a->id};
}

static int open_socket(struct usrsctp_assoc *a)
{
    a->id = assoc_table_add(&a->outbox);
    if (!a->id)
        return RTC_ERR_QUOTA_EXCEEDED;
    usrsctp_register_address((void *)a->id);
    a->socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (!a->socket)
        return RTC_ERR_NO_MEMORY;
    struct sockaddr_conn local = usrsctp_address(a->id, a->options.local_port);
    const struct usrsctp_target target = target_of(a);
    a->nodelay = true;
    if (!usrsctp_options_configure(&target) || usrsctp_bind(a->socket, (struct sockaddr *)&local, sizeof local) != 0)
        return RTC_ERR_OPERATION;
    return RTC_OK;
}

static void close_socket(struct usrsctp_assoc *a)
{
    if (a->socket)
        usrsctp_close(a->socket);
    a->socket = NULL;
    if (!a->id)
        return;
    usrsctp_deregister_address((void *)a->id);
    assoc_table_remove(a->id);
}

static void destroy(struct assoc *assoc)
{
    struct usrsctp_assoc *a = of(assoc);
    inside.assoc = a; /* an ABORT goes nowhere */
    close_socket(a);
    leave();
    take_outbox(a, NULL, 0);
    handshake_fini(&a->handshake);
    flight_fini(&a->flight);
    reset_gate_fini(&a->gate);
    assembly_abandon(&a->assembly);
    memory_free(a->context, a->read);
    memory_free(a->context, a);
}

static int create(rtc_context *context, const struct assoc_options *options, struct assoc **out)
{
    usrsctp_process_begin(output);
    struct usrsctp_assoc *a = memory_zeroed(context, sizeof *a);
    if (!a)
        return RTC_ERR_NO_MEMORY;
    a->context = context;
    a->options = *options;
    a->outbox.context = context;
    handshake_init(&a->handshake, context, options->rtt_us);
    flight_init(&a->flight, context);
    reset_gate_init(&a->gate, context);
    int error = open_socket(a);
    if (error) {
        destroy(&a->base);
        return error;
    }
    *out = &a->base;
    return RTC_OK;
}

static void set_wake(struct assoc *assoc, void (*wake)(void *user), void *user)
{
    struct usrsctp_assoc *a = of(assoc);
    outbox_set_wake(&a->outbox, wake, user);
}

static int connect_to_peer(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    usrsctp_process_start_clock(now);
    enter(a, now, out);
    struct sockaddr_conn remote = usrsctp_address(a->id, a->options.remote_port);
    int result = usrsctp_connect(a->socket, (struct sockaddr *)&remote, sizeof remote);
    int error = result == 0 || errno == EINPROGRESS ? RTC_OK : RTC_ERR_NETWORK;
    leave();
    (void)set_phase(a, error ? ASSOC_PHASE_LOST : ASSOC_PHASE_CONNECTING);
    a->traffic = a->ticked = a->sacks.shown = now;
    return error;
}

static int prepare(struct assoc *assoc, rtc_time_t now, struct snap_packet *init)
{
    const struct usrsctp_target target = target_of(of(assoc));
    init->len = 0;
    if (!usrsctp_options_patience(&target))
        return RTC_ERR_OPERATION;
    inside.captured = init;
    return connect_to_peer(assoc, now, NULL);
}

static struct sctp_status status_of(const struct usrsctp_assoc *a)
{
    struct sctp_status status;
    socklen_t len = sizeof status;
    memset(&status, 0, sizeof status);
    if (usrsctp_getsockopt(a->socket, IPPROTO_SCTP, SCTP_STATUS, &status, &len) != 0)
        memset(&status, 0, sizeof status);
    return status;
}

/* To the engine both sides open at once (RFC 9260 5.2.1): it answers an INIT of the peer's with INIT ACK, as it keeps its own tag and TSN,
 * and then has its cookie back. It measures a round trip from the one to the other, so that the minutes since its own INIT do not count. */
static int begin(struct assoc *assoc, rtc_time_t now, const struct snap_init *peer, rtc_time_t rtt_us, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    struct snap_packet shown, sent;
    const struct usrsctp_target target = target_of(a);
    a->options.rtt_us = rtt_us;
    a->traffic = a->ticked = a->sacks.shown = now;
    bool ready = usrsctp_options_rto(&target, false);
    inside.captured = &sent;
    enter(a, now, out);
    sent.len = 0;
    snap_init_show(peer, a->options.remote_port, a->options.local_port, &shown);
    usrsctp_conninput((void *)a->id, shown.bytes, shown.len, 0);
    if (snap_echo_show(&sent, &shown))
        usrsctp_conninput((void *)a->id, shown.bytes, shown.len, 0);
    leave();
    return ready && status_of(a).sstat_state == SCTP_ESTABLISHED ? RTC_OK : RTC_ERR_OPERATION;
}

static void show(struct usrsctp_assoc *a, rtc_time_t now, struct slice packet)
{
    uint8_t room[SACK_PACKET_MAX];
    struct slice shown = sack_show(&a->sacks, now, packet, room);
    if (shown.len > 0)
        usrsctp_conninput((void *)a->id, shown.data, shown.len, 0);
}

static bool input(struct assoc *assoc, rtc_time_t now, struct slice packet, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    if (!crc32c_packet_ok(packet))
        return false;
    if (!a->socket)
        return true;
    uint8_t room[RESET_GATE_PACKET_MAX];
    enter(a, now, out);
    a->traffic = now;
    flight_received(&a->flight, packet);
    show(a, now, reset_gate_admit(&a->gate, packet, room));
    show(a, now, reset_gate_take(&a->gate, room));
    leave();
    return true;
}

static bool quiet(const struct usrsctp_assoc *a, rtc_time_t now)
{
    return a->phase == ASSOC_PHASE_UP && !a->resetting && a->flight.total == 0 && !flight_unacknowledged(&a->flight) &&
           now - a->traffic >= BUSY_AFTER_US;
}

/* Messages given up before they left are told of, but not every one in every case: when nothing moves and the engine is empty, it is. */
static void check_dry(struct usrsctp_assoc *a, rtc_time_t now)
{
    if (a->phase != ASSOC_PHASE_UP || a->flight.total == 0 || flight_unacknowledged(&a->flight) || now - a->traffic < 100 * MS)
        return;
    struct sctp_status status = status_of(a);
    if (status.sstat_state != 0 && status.sstat_unackdata == 0 && status.sstat_penddata == 0)
        flight_dry(&a->flight);
}

/* COOKIE ECHO is answered when the association is up and the DATA that it carried is known to have come. */
static void repeat_handshake(struct usrsctp_assoc *a, struct out *out, rtc_time_t now)
{
    const struct handshake *h = &a->handshake;
    if (a->phase == ASSOC_PHASE_LOST || (a->phase == ASSOC_PHASE_UP && (!h->has_data || flight_acknowledged(&a->flight, h->tsn)))) {
        handshake_over(&a->handshake);
        return;
    }
    struct slice again = handshake_due(&a->handshake, now);
    if (again.len > 0)
        send_packet(a, out, now, again);
}

/* Each time, the engine walks the timers of all associations. An association that has nothing to wait for leaves that to the others, or a
 * thousand idle ones would walk a thousand times as many timers each second. */
static bool needs_time(const struct usrsctp_assoc *a, rtc_time_t now)
{
    return !quiet(a, now) || atomic_load_explicit(&a->outbox.waiting, memory_order_relaxed) ||
           now - usrsctp_process_time() >= IDLE_ADVANCE_US;
}

static void tick(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    if (!a->socket)
        return;
    if (needs_time(a, now)) {
        enter(a, now, out);
        repeat_handshake(a, out, now);
        check_dry(a, now);
        leave();
    }
    a->ticked = now;
    if (!quiet(a, now))
        return;
    memory_free(a->context, a->read);
    a->read = NULL;
}

static rtc_time_t deadline(const struct assoc *assoc)
{
    const struct usrsctp_assoc *a = of_const(assoc);
    if (a->phase == ASSOC_PHASE_NEW || a->phase == ASSOC_PHASE_LOST || !a->socket)
        return RTC_TIME_NEVER;
    if (atomic_load_explicit(&a->outbox.waiting, memory_order_relaxed))
        return a->ticked;
    return a->ticked + (quiet(a, a->ticked) ? IDLE_TICK_US : BUSY_TICK_US);
}

static bool lose(struct usrsctp_assoc *a, bool clean, int cause, struct assoc_event *e)
{
    *e = (struct assoc_event){.type = ASSOC_LOST, .lost = {.clean = clean, .cause = cause}};
    assembly_abandon(&a->assembly);
    flight_end(&a->flight);
    return set_phase(a, ASSOC_PHASE_LOST);
}

/* The engine drops what it had, but goes on waiting for the rest of a message that it had begun to send, and sends nothing else: another
 * scheduler, of the same kind, does not. */
static bool forget_begun(struct usrsctp_assoc *a)
{
    const struct sctp_assoc_value scheduler = {.assoc_value = SCTP_SS_DEFAULT};
    const struct usrsctp_target target = target_of(a);
    return usrsctp_option_set(&target, IPPROTO_SCTP, SCTP_PLUGGABLE_SS, &scheduler, sizeof scheduler);
}

/* It also counts what was on its way as if it still were, until something is acknowledged: when that fills its window, nothing ever leaves.
 */
static bool can_go_on(struct usrsctp_assoc *a)
{
    uint64_t most = (uint64_t)flight_on_its_way(&a->flight) * a->options.mtu;
    return most < status_of(a).sstat_primary.spinfo_cwnd && forget_begun(a); /* no window: it is not known */
}

static bool on_assoc_change(struct usrsctp_assoc *a, const struct sctp_assoc_change *change, struct assoc_event *e)
{
    const struct usrsctp_target target = target_of(a);
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        if (!set_phase(a, ASSOC_PHASE_UP))
            return false;
        (void)usrsctp_options_rto(&target, true);
        *e = (struct assoc_event){.type = ASSOC_UP, .up = {change->sac_outbound_streams, change->sac_inbound_streams}};
        return true;
    case SCTP_SHUTDOWN_COMP:
        return lose(a, true, -1, e);
    case SCTP_RESTART:
        /* It never forgets a request: no stream could be reset any more. */
        if (a->phase == ASSOC_PHASE_UP && a->may_restart && !a->resetting && can_go_on(a)) {
            a->may_restart = false;
            reset_gate_fini(&a->gate); /* other TSNs */
            assembly_abandon(&a->assembly);
            flight_begin_anew(&a->flight);
            e->type = ASSOC_RESTARTED;
            return true;
        }
        return lose(a, false, -1, e);
    default: /* lost, never started, or begun anew by a peer that has forgotten every channel */
        return lose(a, false, change->sac_state == SCTP_COMM_LOST && change->sac_error ? change->sac_error : -1, e);
    }
}

static bool on_reset(struct usrsctp_assoc *a, const struct sctp_stream_reset_event *reset, struct assoc_event *e)
{
    size_t count = (reset->strreset_length - sizeof *reset) / sizeof reset->strreset_stream_list[0];
    bool incoming = (reset->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
    if (!incoming)
        a->resetting = false;
    *e =
        (struct assoc_event){.type = incoming ? ASSOC_RESET_INCOMING : ASSOC_RESET_OUTGOING, .reset = {reset->strreset_stream_list, count}};
    return true;
}

static void on_send_failed(struct usrsctp_assoc *a, const struct sctp_send_failed_event *failed)
{
    if ((failed->ssfe_flags & SCTP_DATA_SENT) || failed->ssfe_length < sizeof *failed)
        return;
    uint16_t stream = failed->ssfe_info.snd_sid;
    uint32_t ppid = ntohl(failed->ssfe_info.snd_ppid);
    size_t bytes = failed->ssfe_length - sizeof *failed;
    if (a->phase == ASSOC_PHASE_UP)
        flight_failed(&a->flight, stream, ppid, bytes);
    else
        flight_abandoned(&a->flight, stream, ppid, bytes); /* the stream was not granted */
}

/* True when it is an event of ours. */
static bool on_notification(struct usrsctp_assoc *a, const uint8_t *bytes, size_t len, struct assoc_event *e)
{
    const union sctp_notification *n = (const void *)bytes;
    if (len < sizeof n->sn_header)
        return false;
    switch (n->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        return len >= sizeof n->sn_assoc_change && on_assoc_change(a, &n->sn_assoc_change, e);
    case SCTP_STREAM_RESET_EVENT:
        return len >= sizeof n->sn_strreset_event && len >= n->sn_header.sn_length && on_reset(a, &n->sn_strreset_event, e);
    case SCTP_SEND_FAILED_EVENT:
        if (len >= sizeof n->sn_send_failed_event)
            on_send_failed(a, &n->sn_send_failed_event);
        return false;
    case SCTP_PARTIAL_DELIVERY_EVENT:
        assembly_abandon(&a->assembly);
        return false;
    default:
        return false;
    }
}

/* Where to read to: without memory for more, a little at a time, for the association's end must be heard of also then. */
static uint8_t *read_buffer(struct usrsctp_assoc *a, size_t *len)
{
    static _Thread_local _Alignas(8) uint8_t scarce[SCARCE_BYTES];
    if (!a->read)
        a->read = memory_alloc(a->context, READ_BYTES);
    *len = a->read ? READ_BYTES : sizeof scarce;
    return a->read ? a->read : scarce;
}

static ssize_t fetch(struct usrsctp_assoc *a, uint8_t *bytes, size_t len, struct sctp_rcvinfo *info, int *flags)
{
    struct sockaddr_conn from;
    socklen_t from_len = sizeof from, info_len = sizeof *info;
    unsigned int info_type = 0;
    *flags = 0;
    *info = (struct sctp_rcvinfo){0};
    return usrsctp_recvv(a->socket, bytes, len, (struct sockaddr *)&from, &from_len, info, &info_len, &info_type, flags);
}

/* True when there is something to tell. */
static bool take_piece(struct usrsctp_assoc *a, const struct sctp_rcvinfo *info, struct slice piece, bool last, struct packet_pool *pool,
                       struct assoc_event *e)
{
    struct packet *whole;
    uint16_t stream = info->rcv_sid;
    int error = assembly_take(&a->assembly, stream, piece, last, a->options.max_message_bytes, pool, &whole);
    if (error)
        *e = (struct assoc_event){.type = ASSOC_REFUSED, .refused = {error, ntohl(info->rcv_ppid), stream}};
    else if (whole)
        *e = (struct assoc_event){.type = ASSOC_MESSAGE, .message = {whole, ntohl(info->rcv_ppid), stream}};
    return error || whole;
}

static bool fetch_event(struct usrsctp_assoc *a, struct packet_pool *pool, struct assoc_event *e)
{
    size_t room;
    uint8_t *bytes = read_buffer(a, &room);
    for (;;) {
        struct sctp_rcvinfo info;
        int flags;
        ssize_t len = fetch(a, bytes, room, &info, &flags);
        if (len <= 0)
            return (len == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)) && lose(a, len == 0, -1, e);
        bool end = (flags & MSG_EOR) != 0;
        if (flags & MSG_NOTIFICATION) {
            bool rest = a->skip_notification;
            a->skip_notification = !end;
            if (!rest && on_notification(a, bytes, (size_t)len, e))
                return true;
            continue;
        }
        if (take_piece(a, &info, slice_of(bytes, (size_t)len), end, pool, e))
            return true;
    }
}

static bool next_event(struct assoc *assoc, rtc_time_t now, struct assoc_event *event, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    if (!a->socket || a->phase == ASSOC_PHASE_NEW || a->phase == ASSOC_PHASE_LOST)
        return false;
    if (!a->read && !(usrsctp_get_events(a->socket) & SCTP_EVENT_READ))
        return false;
    enter(a, now, out);
    bool found = fetch_event(a, out->pool, event);
    leave();
    return found;
}

static void want_nodelay(struct usrsctp_assoc *a, bool nodelay)
{
    const struct usrsctp_target target = target_of(a);
    int value = nodelay;
    if (a->nodelay != nodelay && usrsctp_option_set(&target, IPPROTO_SCTP, SCTP_NODELAY, &value, sizeof value))
        a->nodelay = nodelay;
}

static struct sctp_sendv_spa describe(const struct assoc_message *m, bool end)
{
    struct sctp_sendv_spa spa;
    memset(&spa, 0, sizeof spa);
    spa.sendv_flags = SCTP_SEND_SNDINFO_VALID;
    spa.sendv_sndinfo.snd_sid = m->stream;
    spa.sendv_sndinfo.snd_ppid = htonl(m->ppid);
    spa.sendv_sndinfo.snd_flags = (uint16_t)((end ? SCTP_EOR : 0) | (m->unordered ? SCTP_UNORDERED : 0));
    if (m->max_retransmits < 0 && m->life_ms < 0)
        return spa;
    spa.sendv_flags |= SCTP_SEND_PRINFO_VALID;
    spa.sendv_prinfo.pr_policy = m->max_retransmits >= 0 ? SCTP_PR_SCTP_RTX : SCTP_PR_SCTP_TTL;
    spa.sendv_prinfo.pr_value = (uint32_t)(m->max_retransmits >= 0 ? m->max_retransmits : m->life_ms > 0 ? m->life_ms : 1);
    return spa;
}

/* EAGAIN also comes while the stream waits for its reset. */
static bool is_full(int error)
{
    return error == EAGAIN || error == EMSGSIZE || error == ENOBUFS || error == ENOMEM || error == EINTR;
}

static int64_t send_message(struct assoc *assoc, rtc_time_t now, const struct assoc_message *m, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    if (!a->socket || (a->phase != ASSOC_PHASE_UP && a->phase != ASSOC_PHASE_CONNECTING))
        return RTC_ERR_NETWORK;
    if (flight_reserve(&a->flight, m->stream))
        return 0; /* nothing was taken: it is tried again */
    bool end = m->data.len <= PIECE_BYTES;
    struct sctp_sendv_spa spa = describe(m, end);
    enter(a, now, out);
    want_nodelay(a, !m->more);
    /* Counted before it is given: its packets may leave inside the call. */
    size_t len = end ? m->data.len : PIECE_BYTES;
    if (m->ppid != PPID_DCEP)
        flight_limit(&a->flight, m->stream, m->max_retransmits >= 0 || m->life_ms >= 0);
    flight_given(&a->flight, m->stream, m->ppid, len);
    ssize_t taken = usrsctp_sendv(a->socket, m->data.data, len, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0);
    int error = taken < 0 ? errno : 0;
    leave();
    flight_abandoned(&a->flight, m->stream, m->ppid, taken < 0 ? len : len - (size_t)taken);
    if (taken < 0)
        return is_full(error) ? 0 : RTC_ERR_NETWORK;
    return taken;
}

static bool reset_streams(struct assoc *assoc, rtc_time_t now, const uint16_t *streams, size_t count, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    union {
        struct sctp_reset_streams request;
        uint8_t bytes[sizeof(struct sctp_reset_streams) + ASSOC_RESET_MAX * sizeof(uint16_t)];
    } u;
    if (!a->socket || a->phase != ASSOC_PHASE_UP || count == 0 || count > ASSOC_RESET_MAX)
        return false;
    memset(&u.request, 0, sizeof u.request);
    u.request.srs_flags = SCTP_STREAM_RESET_OUTGOING;
    u.request.srs_number_streams = (uint16_t)count;
    memcpy(u.bytes + sizeof u.request, streams, count * sizeof *streams);
    socklen_t len = (socklen_t)(sizeof u.request + count * sizeof *streams);
    enter(a, now, out);
    bool asked = usrsctp_setsockopt(a->socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, &u, len) == 0;
    leave();
    a->resetting = a->resetting || asked;
    return asked;
}

static void abort_it(struct assoc *assoc, rtc_time_t now, struct out *out)
{
    struct usrsctp_assoc *a = of(assoc);
    enter(a, now, out);
    close_socket(a);
    leave();
    assembly_abandon(&a->assembly);
    (void)set_phase(a, ASSOC_PHASE_LOST);
}

static void set_mtu(struct assoc *assoc, uint16_t mtu)
{
    struct usrsctp_assoc *a = of(assoc);
    a->options.mtu = mtu;
    const struct usrsctp_target target = target_of(a);
    if (a->socket)
        (void)usrsctp_options_path(&target, a->phase != ASSOC_PHASE_NEW);
}

static uint32_t unsent(const struct assoc *assoc, uint16_t stream)
{
    const struct usrsctp_assoc *a = of_const(assoc);
    return stream < a->flight.known ? a->flight.streams[stream].unsent : 0;
}

static uint64_t unsent_total(const struct assoc *assoc)
{
    const struct usrsctp_assoc *a = of_const(assoc);
    return a->flight.total;
}

static uint64_t retransmits(const struct assoc *assoc)
{
    const struct usrsctp_assoc *a = of_const(assoc);
    return a->flight.retransmits;
}

static bool lost_on(const struct assoc *assoc, uint16_t stream, uint32_t *unsent_then)
{
    const struct flight *f = &of_const(assoc)->flight;
    *unsent_then = stream < f->known ? f->streams[stream].gone : 0;
    return stream < f->known && f->streams[stream].lost;
}

static void forsake(struct assoc *assoc)
{
    flight_end(&of(assoc)->flight);
}

static void expect_restart(struct assoc *assoc, bool expected)
{
    of(assoc)->may_restart = expected;
}

const struct assoc_engine assoc_usrsctp = {
    .name = "usrsctp",
    .create = create,
    .destroy = destroy,
    .set_wake = set_wake,
    .connect = connect_to_peer,
    .input = input,
    .tick = tick,
    .deadline = deadline,
    .next = next_event,
    .send = send_message,
    .reset_streams = reset_streams,
    .abort = abort_it,
    .set_mtu = set_mtu,
    .unsent = unsent,
    .unsent_total = unsent_total,
    .retransmits = retransmits,
    .expect_restart = expect_restart,
    .lost_on = lost_on,
    .forsake = forsake,
    .prepare = prepare,
    .begin = begin,
};
