/* SPDX-License-Identifier: MIT */
/* See event_queue.h. */
#include "event_queue.h"

#include "context.h"
#include "frame.h"
#include "memory.h"

enum {
    KEEPS_EVENTS = 64,
    EVENT_COST = sizeof(struct user_event) + 16, /* with what the allocator takes */
    MORE_COST = 1024,                            /* the largest of what they say */
    FRAME_COST = 256                             /* of an encoded frame beside its bytes */
};

void event_queue_init(struct user_event_queue *q, rtc_context *context)
{
    q->context = context;
    q->turn = 1;
}

static struct user_event *take(struct user_event_queue *q)
{
    struct user_event *e = q->free_list;
    if (!e)
        return memory_alloc(q->context, sizeof *e);
    q->free_list = e->next;
    q->free_count--;
    return e;
}

static void put(struct user_event_queue *q, struct user_event *e)
{
    e->next = q->free_list;
    q->free_list = e;
    q->free_count++;
}

int event_queue_reserve(struct user_event_queue *q, uint32_t count)
{
    while (q->free_count < count) {
        struct user_event *e = memory_alloc(q->context, sizeof *e);
        if (!e)
            return RTC_ERR_NO_MEMORY;
        put(q, e);
    }
    return RTC_OK;
}

static void append(struct user_event_queue *q, struct user_event *e)
{
    if (!q->head)
        q->tail = &q->head;
    *q->tail = e;
    q->tail = &e->next;
    q->count++;
    q->bytes += e->cost;
}

void event_queue_charge(struct user_event_queue *q, struct user_event *e, size_t bytes)
{
    e->cost += (uint32_t)bytes;
    q->bytes += bytes;
}

struct event_room event_queue_room(const struct user_event_queue *q)
{
    const rtc_limits *limits = context_limits(q->context);
    uint64_t half = limits->waiting_bytes / 2, kept = q->kept_bytes;
    uint64_t used = q->bytes + (kept < half ? kept : half); /* one message that is larger must not hold up everything for ever */
    uint32_t most = limits->event_queue - limits->event_queue / 2;
    struct event_room room = {
        .bytes = used < limits->waiting_bytes ? limits->waiting_bytes - used : 0,
        .events = q->count < most ? most - q->count : 0,
    };
    return room;
}

bool event_queue_overflows(const struct user_event_queue *q)
{
    return q->count > context_limits(q->context)->event_queue;
}

void event_queue_carry(struct user_event_queue *q, struct user_event *e, struct packet *packet, rtc_encoded_frame *frame)
{
    e->packet = packet;
    e->frame = frame;
    event_queue_charge(q, e, packet ? packet_cost(packet) : FRAME_COST + rtc_encoded_frame_len(frame));
}

void event_queue_carry_more(struct user_event_queue *q, struct user_event *e, void *more)
{
    e->more = more;
    event_queue_charge(q, e, MORE_COST);
}

struct user_event *event_queue_add(struct user_event_queue *q, const struct event_teller *teller, int type, int value, void *object)
{
    struct user_event *e = take(q);
    if (!e)
        return NULL;
    *e = (struct user_event){.teller = teller, .type = type, .value = value, .object = object, .cost = EVENT_COST};
    if (teller->hold)
        teller->hold(object);
    append(q, e);
    return e;
}

void event_queue_add_last(struct user_event_queue *q, const struct event_teller *teller, int type, int value)
{
    q->reserve = (struct user_event){.teller = teller, .type = type, .value = value};
    append(q, &q->reserve);
}

static void recycle(struct user_event_queue *q, rtc_peer_connection *pc, struct user_event *e)
{
    if (e->teller->release)
        e->teller->release(pc, e);
    packet_free(e->packet);
    rtc_encoded_frame_unref(e->frame);
    memory_free(q->context, e->more);
    if (e == &q->reserve)
        return;
    if (q->free_count >= KEEPS_EVENTS)
        memory_free(q->context, e);
    else
        put(q, e);
}

static struct user_event *pop(struct user_event_queue *q)
{
    struct user_event *e = q->head;
    if (!e)
        return NULL;
    q->head = e->next;
    q->count--;
    q->bytes -= e->cost;
    return e;
}

void event_queue_clear(struct user_event_queue *q, rtc_peer_connection *pc)
{
    for (struct user_event *e; (e = pop(q)) != NULL;)
        recycle(q, pc, e);
}

void event_queue_fini(struct user_event_queue *q, rtc_peer_connection *pc)
{
    event_queue_clear(q, pc);
    for (struct user_event *e = q->free_list, *next; e; e = next) {
        next = e->next;
        memory_free(q->context, e);
    }
    q->free_list = NULL;
}

bool event_queue_run(struct user_event_queue *q, rtc_peer_connection *pc)
{
    struct user_event *e = pop(q);
    if (!e)
        return false;
    event_queue_turn(q);
    e->teller->tell(pc, e);
    recycle(q, pc, e);
    return true;
}
