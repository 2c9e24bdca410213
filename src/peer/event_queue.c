/* SPDX-License-Identifier: MIT */
/* The queue of user events and their dispatch. */
#include "data_channel_object.h"
#include "peer.h"
#include "transceiver.h"

enum {
    KEEPS_EVENTS = 64,
    EVENT_COST = sizeof(struct user_event) + 16, /* with what the allocator takes */
    OBJECT_COST = 1024,                          /* the largest of its objects */
    FRAME_COST = 256                             /* of an encoded frame beside its bytes */
};

static struct user_event *take(rtc_peer_connection *pc)
{
    struct event_queue_user *q = &pc->events;
    struct user_event *e = q->free_list;
    if (!e)
        return memory_alloc(pc->context, sizeof *e);
    q->free_list = e->next;
    q->free_count--;
    return e;
}

int event_queue_reserve(rtc_peer_connection *pc, uint32_t count)
{
    struct event_queue_user *q = &pc->events;
    while (q->free_count < count) {
        struct user_event *e = memory_alloc(pc->context, sizeof *e);
        if (!e)
            return RTC_ERR_NO_MEMORY;
        e->next = q->free_list;
        q->free_list = e;
        q->free_count++;
    }
    return RTC_OK;
}

static void append(struct event_queue_user *q, struct user_event *e)
{
    if (!q->head)
        q->tail = &q->head;
    *q->tail = e;
    q->tail = &e->next;
    q->count++;
    q->bytes += e->cost;
}

void event_queue_charge(rtc_peer_connection *pc, struct user_event *e, size_t bytes)
{
    e->cost += (uint32_t)bytes;
    pc->events.bytes += bytes;
}

struct event_room event_queue_room(const rtc_peer_connection *pc)
{
    const rtc_limits *limits = context_limits(pc->context);
    uint64_t half = limits->waiting_bytes / 2, kept = pc->events.kept_bytes;
    uint64_t used = pc->events.bytes + (kept < half ? kept : half); /* one message that is larger must not hold up everything for ever */
    uint32_t most = limits->event_queue - limits->event_queue / 2;
    struct event_room room = {
        .bytes = used < limits->waiting_bytes ? limits->waiting_bytes - used : 0,
        .events = pc->events.count < most ? most - pc->events.count : 0,
    };
    return room;
}

bool event_queue_overflows(const rtc_peer_connection *pc)
{
    return pc->events.count > context_limits(pc->context)->event_queue;
}

void event_queue_carry(rtc_peer_connection *pc, struct user_event *e, struct packet *packet, rtc_encoded_frame *frame)
{
    e->packet = packet;
    e->frame = frame;
    event_queue_charge(pc, e, packet ? packet_cost(packet) : FRAME_COST + rtc_encoded_frame_len(frame));
}

static uint32_t cost_of(enum user_event_type type)
{
    bool with_object = type == USER_ICE_CANDIDATE || type == USER_ICE_CANDIDATE_ERROR || type == USER_TRACK;
    return EVENT_COST + (with_object ? OBJECT_COST : 0);
}

struct user_event *event_queue_add(rtc_peer_connection *pc, enum user_event_type type, int value, rtc_data_channel *channel,
                                   rtc_rtp_transceiver *transceiver)
{
    struct event_queue_user *q = &pc->events;
    if (peer_is_closed(pc))
        return NULL;
    struct user_event *e = take(pc);
    if (!e) {
        peer_give_up(pc);
        return NULL;
    }
    *e = (struct user_event){.type = type, .value = value, .channel = channel, .transceiver = transceiver, .cost = cost_of(type)};
    if (channel)
        (void)rtc_data_channel_ref(channel);
    if (transceiver)
        (void)rtc_rtp_transceiver_ref(transceiver);
    append(q, e);
    return e;
}

void event_queue_add_failure(rtc_peer_connection *pc)
{
    pc->events.failure = (struct user_event){.type = USER_CONNECTION_STATE, .value = RTC_PEER_CONNECTION_FAILED};
    append(&pc->events, &pc->events.failure);
}

static void recycle(rtc_peer_connection *pc, struct user_event *e)
{
    struct event_queue_user *q = &pc->events;
    if (e->type == USER_CHANNEL_CLOSE)
        data_channel_forget_waiting(pc, e->channel);
    rtc_data_channel_unref(e->channel);
    rtc_rtp_transceiver_unref(e->transceiver);
    packet_free(e->packet);
    rtc_encoded_frame_unref(e->frame);
    memory_free(pc->context, e->object);
    if (e == &q->failure)
        return;
    if (q->free_count >= KEEPS_EVENTS) {
        memory_free(pc->context, e);
        return;
    }
    e->next = q->free_list;
    q->free_list = e;
    q->free_count++;
}

static struct user_event *pop(rtc_peer_connection *pc)
{
    struct user_event *e = pc->events.head;
    if (!e)
        return NULL;
    pc->events.head = e->next;
    pc->events.count--;
    pc->events.bytes -= e->cost;
    return e;
}

void event_queue_clear(rtc_peer_connection *pc)
{
    for (struct user_event *e; (e = pop(pc)) != NULL;)
        recycle(pc, e);
}

void event_queue_fini(rtc_peer_connection *pc)
{
    event_queue_clear(pc);
    for (struct user_event *e = pc->events.free_list, *next; e; e = next) {
        next = e->next;
        memory_free(pc->context, e);
    }
    pc->events.free_list = NULL;
}

static void run_candidate(rtc_peer_connection *pc, const struct user_event *e)
{
    rtc_ice_candidate candidate = {.size = sizeof candidate, .sdp_m_line_index = e->value};
    if (!pc->callbacks.on_ice_candidate)
        return;
    if (e->object) {
        candidate.candidate = e->object;
        candidate.sdp_mid = candidate.candidate + strlen(candidate.candidate) + 1;
        candidate.username_fragment = candidate.sdp_mid + strlen(candidate.sdp_mid) + 1;
    }
    pc->callbacks.on_ice_candidate(pc, pc->user, e->object ? &candidate : NULL);
}

static void run_candidate_error(rtc_peer_connection *pc, const struct user_event *e)
{
    const struct ice_candidate_error *from = e->object;
    char ip[ADDRESS_TEXT_MAX];
    if (!pc->callbacks.on_ice_candidate_error)
        return;
    rtc_ice_candidate_error error = {
        .size = sizeof error,
        .address = from->local.family ? address_ip_text(&from->local, ip) : "",
        .port = from->local.port,
        .url = from->url,
        .error_code = from->code,
        .error_text = from->text,
    };
    pc->callbacks.on_ice_candidate_error(pc, pc->user, &error);
}

static void run_track(rtc_peer_connection *pc, const struct user_event *e)
{
    const struct track_streams *streams = e->object;
    const char *ids[4];
    if (!pc->callbacks.on_track || !e->transceiver->connection) /* taken back before it was told */
        return;
    for (size_t i = 0; i < streams->count; i++)
        ids[i] = streams->ids[i];
    rtc_track_event event = {
        .size = sizeof event,
        .transceiver = e->transceiver,
        .receiver = &e->transceiver->receiver,
        .track = e->transceiver->receiver.track,
        .stream_ids = ids,
        .stream_count = streams->count,
    };
    pc->callbacks.on_track(pc, pc->user, &event);
}

static void run_negotiation_needed(rtc_peer_connection *pc, const struct user_event *e)
{
    /* webrtc-pc 4.7.3: by now it may be settled, or be asked again when the state is stable; a newer event may be on its way. */
    if (pc->negotiation.signaling != RTC_SIGNALING_STABLE || !pc->negotiation.needed || e->value != pc->negotiation.asked)
        return;
    if (pc->callbacks.on_negotiation_needed)
        pc->callbacks.on_negotiation_needed(pc, pc->user);
}

static void run_connection_event(rtc_peer_connection *pc, const struct user_event *e)
{
    const rtc_peer_connection_callbacks *c = &pc->callbacks;
    switch (e->type) {
    case USER_NEGOTIATION_NEEDED:
        run_negotiation_needed(pc, e);
        break;
    case USER_ICE_CANDIDATE:
        run_candidate(pc, e);
        break;
    case USER_ICE_CANDIDATE_ERROR:
        run_candidate_error(pc, e);
        break;
    case USER_SIGNALING_STATE:
        if (c->on_signaling_state_change)
            c->on_signaling_state_change(pc, pc->user, (rtc_signaling_state)e->value);
        break;
    case USER_GATHERING_STATE:
        if (c->on_ice_gathering_state_change)
            c->on_ice_gathering_state_change(pc, pc->user, (rtc_ice_gathering_state)e->value);
        break;
    case USER_ICE_STATE:
        if (c->on_ice_connection_state_change)
            c->on_ice_connection_state_change(pc, pc->user, (rtc_ice_connection_state)e->value);
        break;
    case USER_CONNECTION_STATE:
        if (c->on_connection_state_change)
            c->on_connection_state_change(pc, pc->user, (rtc_peer_connection_state)e->value);
        break;
    case USER_DTLS_STATE:
        if (c->on_dtls_state_change)
            c->on_dtls_state_change(pc, pc->user, (rtc_dtls_transport_state)e->value);
        break;
    case USER_DATA_CHANNEL:
        if (c->on_data_channel)
            c->on_data_channel(pc, pc->user, e->channel);
        else
            data_channel_ignore(e->channel);
        break;
    case USER_TRACK:
        run_track(pc, e);
        break;
    case USER_TRACK_MUTE:
        if (c->on_track_mute)
            c->on_track_mute(pc, pc->user, e->transceiver->receiver.track, e->value != 0);
        break;
    case USER_CIRCUIT:
        if (c->on_circuit_change)
            c->on_circuit_change(pc, pc->user, &e->transceiver->sender, (rtc_circuit)e->value);
        break;
    case USER_ENCODED_FRAME:
        (void)rtc_media_source_push_encoded(media_track_source(e->transceiver->receiver.track), e->frame);
        break;
    default:
        break;
    }
}

bool event_queue_run(rtc_peer_connection *pc)
{
    struct user_event *e = pop(pc);
    if (!e)
        return false;
    if (e->type >= USER_CHANNEL_OPEN)
        data_channel_run_event(pc, e->channel, e);
    else
        run_connection_event(pc, e);
    recycle(pc, e);
    return true;
}
