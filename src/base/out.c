/* SPDX-License-Identifier: MIT */
/* The queues of struct out. Events are recycled: a steady call allocates none. */
#include "out.h"

#include "memory.h"

enum { KEEPS_EVENTS = 256 };

int out_init(struct out *out, rtc_context *context)
{
    *out = (struct out){.context = context};
    return packet_pool_new(context, &out->pool);
}

void out_init_shared(struct out *out, rtc_context *context, struct packet_pool *pool)
{
    *out = (struct out){.context = context, .pool = packet_pool_ref(pool)};
}

void out_fini(struct out *out)
{
    packet_queue_clear(&out->tx);
    for (struct event *e; (e = out_pop_event(out)) != NULL;)
        out_free_event(out, e);
    for (struct request *r; (r = out_pop_request(out)) != NULL;)
        out_free_request(out, r);
    for (struct event *e = out->free_events, *next; e; e = next) {
        next = e->next;
        memory_free(out->context, e);
    }
    packet_pool_unref(out->pool);
    *out = (struct out){0};
}

struct packet *out_packet(struct out *out)
{
    return packet_new(out->pool);
}

void out_send(struct out *out, struct packet *packet)
{
    packet_queue_push(&out->tx, packet);
}

static struct event *take_event(struct out *out)
{
    struct event *e = out->free_events;
    if (!e)
        return memory_alloc(out->context, EVENT_BYTES);
    out->free_events = e->next;
    out->free_count--;
    return e;
}

void *out_event(struct out *out, int type)
{
    struct event *e = take_event(out);
    if (!e) {
        out->failed = true;
        return NULL;
    }
    memset(e, 0, EVENT_BYTES);
    e->type = type;
    if (!out->events.head)
        out->events.tail = &out->events.head;
    *out->events.tail = e;
    out->events.tail = &e->next;
    return e;
}

int out_reserve(struct out *out, size_t events)
{
    while (out->free_count < events) {
        struct event *e = memory_alloc(out->context, EVENT_BYTES);
        if (!e)
            return RTC_ERR_NO_MEMORY;
        e->next = out->free_events;
        out->free_events = e;
        out->free_count++;
    }
    return RTC_OK;
}

void out_forget_reserved(struct out *out)
{
    while (out->free_count > KEEPS_EVENTS) {
        struct event *e = out->free_events;
        out->free_events = e->next;
        out->free_count--;
        memory_free(out->context, e);
    }
}

void *out_pop_event(struct out *out)
{
    struct event *e = out->events.head;
    if (e)
        out->events.head = e->next;
    return e;
}

void out_free_event(struct out *out, void *event)
{
    struct event *e = event;
    if (!e)
        return;
    if (e->release)
        e->release(e);
    if (out->free_count >= KEEPS_EVENTS) {
        memory_free(out->context, e);
        return;
    }
    e->next = out->free_events;
    out->free_events = e;
    out->free_count++;
}

struct request *out_request(struct out *out, enum request_type type, uint32_t id)
{
    struct request *r = memory_zeroed(out->context, sizeof *r);
    if (!r) {
        out->failed = true;
        return NULL;
    }
    r->type = type;
    r->id = id;
    if (!out->requests.head)
        out->requests.tail = &out->requests.head;
    *out->requests.tail = r;
    out->requests.tail = &r->next;
    return r;
}

struct request *out_pop_request(struct out *out)
{
    struct request *r = out->requests.head;
    if (r)
        out->requests.head = r->next;
    return r;
}

void out_free_request(struct out *out, struct request *request)
{
    memory_free(out->context, request);
}

const char *timer_reason_name(enum timer_reason reason)
{
    static const char *const names[] = {
        [TIMER_NONE] = "none",
        [TIMER_ICE_CHECK] = "ice check",
        [TIMER_ICE_RETRANSMIT] = "ice retransmission",
        [TIMER_ICE_CONSENT] = "ice consent",
        [TIMER_ICE_GATHER] = "ice gathering",
        [TIMER_ICE_STATE] = "ice state",
        [TIMER_ICE_NOMINATE] = "ice nomination",
        [TIMER_ICE_RELAY] = "ice relay",
        [TIMER_ICE_NAMES] = "ice names",
        [TIMER_ICE_TCP] = "ice tcp",
        [TIMER_DTLS_RETRANSMIT] = "dtls retransmission",
        [TIMER_SCTP] = "sctp",
        [TIMER_RTP_PLAYOUT] = "rtp playout",
        [TIMER_RTP_NACK] = "rtp nack",
        [TIMER_RTP_REPORT] = "rtcp report",
        [TIMER_RTP_FEEDBACK] = "rtcp feedback",
        [TIMER_RTP_PACE] = "rtp pacing",
        [TIMER_RTP_KEYFRAME] = "rtp keyframe request",
        [TIMER_RTP_RATE] = "rtp rate",
        [TIMER_CODEC] = "codec",
        [TIMER_EVENT] = "event",
    };
    return (size_t)reason < sizeof names / sizeof names[0] && names[reason] ? names[reason] : "unknown";
}
