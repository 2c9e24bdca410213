/* SPDX-License-Identifier: MIT */
/* See forward_packet.h. */
#include "forward_packet.h"

#include "context.h"
#include "memory.h"
#include "references.h"

struct forward_packet *forward_packet_new(rtc_context *context, struct slice payload)
{
    struct forward_packet *p = memory_alloc(context, sizeof *p + payload.len);
    if (!p)
        return NULL;
    *p = (struct forward_packet){.context = rtc_context_ref(context), .len = (uint32_t)payload.len};
    p->said = (struct forward_said){.level = FORWARD_NOT_SAID, .orientation = FORWARD_NOT_SAID};
    atomic_init(&p->references, 1);
    if (payload.len > 0)
        memcpy(p->bytes, payload.data, payload.len);
    return p;
}

struct forward_packet *forward_packet_ref(struct forward_packet *p)
{
    references_take(&p->references);
    return p;
}

void forward_packet_unref(struct forward_packet *p)
{
    if (p && references_drop(&p->references))
        context_free(p->context, p);
}

void forward_tap_push(struct forward_tap *tap, struct forward_packet *p)
{
    p->next = NULL;
    if (tap->last)
        tap->last->next = p;
    else
        tap->head = p;
    tap->last = p;
}

struct forward_packet *forward_tap_pop(struct forward_tap *tap)
{
    struct forward_packet *p = tap->head;
    if (!p)
        return NULL;
    tap->head = p->next;
    if (!tap->head)
        tap->last = NULL;
    p->next = NULL;
    return p;
}
