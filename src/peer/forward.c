/* SPDX-License-Identifier: MIT */
/* See forward.h. */
#include "forward.h"

#include "context.h"
#include "forward_choice.h"
#include "forwarder.h"
#include "peer.h"
#include "peer_transport.h"
#include "references.h"
#include "rtp_rate.h"
#include "sending.h"
#include "transport.h"

enum {
    CHOOSE_EVERY_US = 100000,
    ASK_EVERY_US = 500000 /* for a keyframe that does not come: what is asked for upstream in between is one request */
};

/* What the application asks for. Written by take_choice(). */
struct wanted {
    struct forward_bounds bounds;
    bool paused;
};

/* Counted: the sender, and whoever has references. */
struct rtc_forward {
    atomic_uint references;
    rtc_context *context;
    rtc_forwarder *forwarder; /* a reference */
    struct forward_inbox *inbox;
    rtc_peer_connection *pc; /* NULL once it was ended */
    rtc_rtp_transceiver *transceiver;
    rtc_forward_callbacks callbacks;
    void *user;
    struct wanted wanted;
    struct forward_choice choice;
    struct forward_stream stream;
    uint32_t handle; /* of the stream in the RTP session that `stream` is for; 0: it has not begun */
    rtc_time_t next_choice, next_ask;
    bool silent; /* nothing flows that could be sent, or nothing is wanted */
    rtc_forward_state state;
};

enum forward_event { FORWARD_TARGET, FORWARD_LAYER };

static void unref_now(rtc_forward *f)
{
    forward_inbox_unref(f->inbox);
    forward_stream_fini(&f->stream);
    rtc_forwarder_unref(f->forwarder);
    context_free(f->context, f);
}

rtc_forward *rtc_forward_ref(rtc_forward *f)
{
    if (f)
        references_take(&f->references);
    return f;
}

void rtc_forward_unref(rtc_forward *f)
{
    if (f && references_drop(&f->references))
        unref_now(f);
}

/* ---- What is told ---- */

static void tell(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_forward *f = e->object;
    (void)pc;
    if (!f->pc) /* it was stopped meanwhile */
        return;
    if (e->type == FORWARD_TARGET && f->callbacks.on_target)
        f->callbacks.on_target(f->user, f, f->state.target_bps);
    if (e->type == FORWARD_LAYER && f->callbacks.on_layer)
        f->callbacks.on_layer(f->user, f, f->state.rid);
}

static void hold(void *f)
{
    (void)rtc_forward_ref(f);
}

static void release(rtc_peer_connection *pc, struct user_event *e)
{
    (void)pc;
    rtc_forward_unref(e->object);
}

static void tell_of(rtc_forward *f, enum forward_event type)
{
    static const struct event_teller teller = {.tell = tell, .hold = hold, .release = release};
    if (type == FORWARD_TARGET ? f->callbacks.on_target != NULL : f->callbacks.on_layer != NULL)
        (void)peer_tell(f->pc, &teller, (int)type, 0, f);
}

/* ---- What is sent ---- */

static const struct sender_encoding *encoding_of(const rtc_forward *f)
{
    return &sender_sent(&f->transceiver->sender).all[0];
}

/* Before the session has said anything, what a call begins with. */
static uint32_t target_of(const rtc_forward *f)
{
    const struct sender_encoding *e = encoding_of(f);
    uint32_t start = f->pc->settings.start_bitrate_bps ? f->pc->settings.start_bitrate_bps : RTP_RATE_START_BPS;
    if (f->transceiver->kind == RTC_MEDIA_AUDIO)
        return 0;
    return !e->target_told ? start : e->target_bitrate_bps > 0 ? e->target_bitrate_bps : 1;
}

static void choose(rtc_forward *f, rtc_time_t now)
{
    struct forward_layer layers[FORWARD_LAYERS_MAX];
    struct forward_wish wish;
    f->next_choice = now + CHOOSE_EVERY_US;
    size_t count = forwarder_layers(f->forwarder, now, layers);
    f->silent = f->wanted.paused || !forward_choice_update(&f->choice, now, layers, count, &f->wanted.bounds, target_of(f), &wish);
    if (!f->silent)
        forward_stream_wish(&f->stream, wish);
}

/* What it has counted is kept. */
static void end_stream(rtc_forward *f)
{
    f->state.packets_left_out += f->stream.left_out;
    f->state.layer_changes += f->stream.switches;
    f->stream.left_out = f->stream.switches = 0;
    forward_stream_fini(&f->stream);
    f->state.sends = f->state.waits = false;
    f->handle = 0;
}

/* Whether the stream may send; it begins where it is when it may again. */
static bool begin(rtc_forward *f, rtc_time_t now)
{
    struct transport *t = f->transceiver->transport;
    struct forward_start start;
    const struct sender_encoding *encoding = encoding_of(f);
    uint32_t handle = t && !encoding->settings.inactive ? encoding->stream : 0;
    bool sends = handle && rtp_session_sends(transport_media(t), handle) && !f->wanted.paused;
    if (sends && f->handle == handle)
        return true;
    end_stream(f);
    if (!sends || !rtp_session_begin_forward(transport_media(t), now, handle, &start))
        return false;
    forward_stream_init(&f->stream, &start);
    f->handle = handle;
    f->next_choice = now;
    return true;
}

static void note_layer(rtc_forward *f, const struct forward_packet *p, const struct forward_leaving *l)
{
    struct send_pipeline_stats *past = &f->transceiver->sender.encodings[0].past;
    if (l->payload.width > 0) {
        f->state.width = past->width = l->payload.width;
        f->state.height = past->height = l->payload.height;
    }
    if (f->state.sends && strcmp(f->state.rid, p->rid) == 0)
        return;
    f->state.sends = true;
    memcpy(f->state.rid, p->rid, sizeof f->state.rid);
    tell_of(f, FORWARD_LAYER);
}

static void send(rtc_forward *f, rtc_time_t now, const struct forward_packet *p, const struct forward_leaving *l)
{
    struct transport *t = f->transceiver->transport;
    if (l->verdict == FORWARD_LEAVE_OUT)
        return;
    int error = rtp_session_forward(transport_media(t), now, f->handle, p, l, transport_media_out(t));
    f->pc->output_waits = true;
    if (error) {
        f->state.packets_refused++;
        if (error == RTC_ERR_NOT_SUPPORTED)
            forward_stream_refused(&f->stream, p);
        else if (f->transceiver->kind == RTC_MEDIA_VIDEO)
            forward_needs_keyframe(f);
        return;
    }
    f->state.packets_forwarded += l->verdict == FORWARD_SEND;
    note_layer(f, p, l);
}

/* Asks for the keyframe with which what is wanted begins. Sound has none. */
static void ask(rtc_forward *f, rtc_time_t now)
{
    uint8_t layer;
    f->state.waits = !f->silent && f->transceiver->kind == RTC_MEDIA_VIDEO && forward_stream_waits_for(&f->stream, &layer);
    if (!f->state.waits || now < f->next_ask)
        return;
    f->next_ask = now + ASK_EVERY_US;
    forwarder_request_keyframe(f->forwarder, layer);
}

static void take_packet(rtc_forward *f, rtc_time_t now, struct forward_packet *p)
{
    struct forward_leaving l;
    if (!begin(f, now))
        return;
    if (now >= f->next_choice)
        choose(f, now);
    if (f->silent)
        return;
    l = forward_stream_packet(&f->stream, p);
    send(f, now, p, &l);
    for (struct forward_packet *held; (held = forward_stream_next_held(&f->stream, &l)) != NULL;) {
        send(f, now, held, &l);
        forward_packet_unref(held);
    }
    ask(f, now);
}

static void take(void *user, rtc_time_t now)
{
    rtc_forward *f = user;
    for (struct forward_packet *p; (p = forward_inbox_pop(f->inbox)) != NULL;) {
        take_packet(f, now, p);
        forward_packet_unref(p);
    }
}

/* ---- From its connection ---- */

void forward_target(rtc_forward *f, rtc_time_t now, uint32_t bitrate_bps)
{
    if (!f || !f->pc)
        return;
    f->state.target_bps = bitrate_bps;
    if (f->handle)
        choose(f, now);
    tell_of(f, FORWARD_TARGET);
}

void forward_needs_keyframe(rtc_forward *f)
{
    if (f && f->pc && f->handle && f->stream.active)
        forwarder_request_keyframe(f->forwarder, f->stream.layer);
}

void forward_end(rtc_forward *f)
{
    if (!f || !f->pc)
        return;
    forwarder_remove(f->forwarder, f->inbox);
    forward_inbox_close(f->inbox);
    f->transceiver->sender.forward = NULL;
    end_stream(f);
    f->pc = NULL;
    f->transceiver = NULL;
    rtc_forward_unref(f);
}

/* ---- Public ---- */

static int take_choice(rtc_peer_connection *pc, const rtc_forward_choice *given, struct wanted *out)
{
    rtc_forward_choice c;
    int error = peer_options(pc, &c, sizeof c, given, "rtc_forward_choice");
    if (error)
        return error;
    if (c.has_max_temporal_id && c.max_temporal_id > FORWARD_TEMPORAL_MAX)
        return peer_fail(pc, RTC_ERR_RANGE, "max_temporal_id %u: there are 0 to %d", c.max_temporal_id, FORWARD_TEMPORAL_MAX);
    if (c.rid && strlen(c.rid) > FORWARD_RID_MAX)
        return peer_fail(pc, RTC_ERR_TYPE, "the rid '%.40s' has more than %d characters", c.rid, FORWARD_RID_MAX);
    *out = (struct wanted){.paused = c.paused};
    out->bounds.has_rid = c.rid != NULL;
    out->bounds.fixed = c.rid && c.fixed;
    out->bounds.temporal_id = c.has_max_temporal_id ? (uint8_t)c.max_temporal_id : FORWARD_TEMPORAL_MAX;
    if (c.rid)
        memcpy(out->bounds.rid, c.rid, strlen(c.rid) + 1);
    return RTC_OK;
}

static int check(const rtc_rtp_transceiver *t, const rtc_forwarder *forwarder)
{
    rtc_peer_connection *pc = t->connection;
    if (rtc_forwarder_kind(forwarder) != t->kind)
        return peer_fail(pc, RTC_ERR_TYPE, "what the forwarder gets is %s", t->kind == RTC_MEDIA_AUDIO ? "video" : "audio");
    if (t->sender.track)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the sender has a track");
    if (t->sender.forward)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the sender forwards already");
    return RTC_OK;
}

static int make(rtc_rtp_transceiver *t, rtc_forwarder *forwarder, const struct wanted *wanted, rtc_forward **out)
{
    rtc_peer_connection *pc = t->connection;
    rtc_forward *f = memory_zeroed(pc->context, sizeof *f);
    int error = f ? forward_inbox_new(pc->context, pc->driver.mailbox, take, f, &f->inbox) : RTC_ERR_NO_MEMORY;
    if (error) {
        memory_free(pc->context, f);
        return error;
    }
    atomic_init(&f->references, 1);
    f->context = rtc_context_ref(pc->context);
    f->forwarder = rtc_forwarder_ref(forwarder);
    f->pc = pc;
    f->transceiver = t;
    f->wanted = *wanted;
    forward_choice_init(&f->choice);
    *out = f;
    return RTC_OK;
}

int rtc_forward_new(rtc_rtp_sender *sender, rtc_forwarder *forwarder, const rtc_forward_choice *choice,
                    const rtc_forward_callbacks *callbacks, void *user, rtc_forward **out)
{
    if (!sender || !forwarder || !out)
        return error_say(RTC_ERR_TYPE, "rtc_forward_new: %s is NULL", !sender ? "sender" : !forwarder ? "forwarder" : "out");
    rtc_rtp_transceiver *t = link_owner(sender, rtc_rtp_transceiver, sender);
    struct wanted wanted;
    rtc_forward_callbacks told;
    rtc_forward *f;
    int error = transceiver_begin(t, "rtc_forward_new");
    if (error)
        return error;
    rtc_peer_connection *pc = t->connection;
    error = check(t, forwarder);
    if (!error)
        error = take_choice(pc, choice, &wanted);
    if (!error)
        error = peer_options(pc, &told, sizeof told, callbacks, "rtc_forward_callbacks");
    if (!error)
        error = make(t, forwarder, &wanted, &f);
    if (error)
        return peer_end(pc, error);
    f->callbacks = told;
    f->user = user;
    sender->forward = f;
    forwarder_add(forwarder, f->inbox);
    sending_mark_again(t);
    *out = rtc_forward_ref(f);
    (void)peer_now(pc);
    peer_settle(pc);
    return RTC_OK;
}

int rtc_forward_choose(rtc_forward *f, const rtc_forward_choice *choice)
{
    if (!f || !choice)
        return error_say(RTC_ERR_TYPE, "rtc_forward_choose: %s is NULL", f ? "choice" : "forward");
    if (!f->pc)
        return error_say(RTC_ERR_INVALID_STATE, "rtc_forward_choose: it was stopped, or its connection was closed");
    struct wanted wanted;
    int error = transceiver_begin(f->transceiver, "rtc_forward_choose");
    if (!error)
        error = take_choice(f->pc, choice, &wanted);
    if (error)
        return error;
    rtc_time_t now = peer_now(f->pc);
    f->wanted = wanted;
    f->next_ask = now;
    if (begin(f, now)) {
        choose(f, now);
        ask(f, now);
    }
    peer_settle(f->pc);
    return RTC_OK;
}

int rtc_forward_get_state(const rtc_forward *f, rtc_forward_state *out)
{
    if (!f || !out || out->size == 0)
        return error_say(RTC_ERR_TYPE, "rtc_forward_get_state: %s",
                         !f     ? "forward is NULL"
                         : !out ? "out is NULL"
                                : "the size of out is not set");
    rtc_forward_state state = f->state;
    state.size = out->size;
    state.max_temporal_id = f->stream.temporal_id;
    state.packets_left_out += f->stream.left_out;
    state.layer_changes += f->stream.switches;
    memcpy(out, &state, out->size < sizeof state ? out->size : sizeof state);
    return RTC_OK;
}

void rtc_forward_stop(rtc_forward *f)
{
    if (!f || !f->pc)
        return;
    rtc_peer_connection *pc = f->pc;
    const rtc_rtp_transceiver *t = f->transceiver;
    (void)peer_now(pc);
    forward_end(f);
    sending_mark_again(t);
    peer_settle(pc);
}
