/* SPDX-License-Identifier: MIT */
/* See forward_layers.h. */
#include "forward_layers.h"

size_t forward_layers_named(struct forward_layers *ls, const char *rid)
{
    for (size_t i = 0; i < ls->count; i++)
        if (strcmp(ls->all[i].rid, rid) == 0)
            return i;
    if (ls->count == FORWARD_LAYERS_MAX || strlen(rid) > FORWARD_RID_MAX)
        return FORWARD_LAYERS_MAX;
    struct forward_meter *m = &ls->all[ls->count];
    *m = (struct forward_meter){.temporals = 1, .first = RTC_TIME_NEVER, .last = RTC_TIME_NEVER};
    memcpy(m->rid, rid, strlen(rid) + 1);
    return ls->count++;
}

/* What lies further back than all slots together is forgotten. */
static void move_to(struct forward_meter *m, int64_t slot)
{
    for (int64_t i = m->slot + 1; i <= slot && i <= m->slot + FORWARD_METER_SLOTS; i++)
        memset(m->bytes[i % FORWARD_METER_SLOTS], 0, sizeof m->bytes[0]);
    m->slot = slot > m->slot ? slot : m->slot;
}

void forward_layers_note(struct forward_layers *ls, rtc_time_t now, size_t index, const struct forward_packet *p)
{
    struct forward_meter *m = &ls->all[index];
    struct forward_payload payload;
    if (!forward_payload_read(p->codec, forward_packet_payload(p), &payload))
        return;
    if (payload.width > 0) {
        m->width = payload.width;
        m->height = payload.height;
    }
    uint32_t temporal = payload.temporal_id < FORWARD_LAYER_TEMPORALS ? payload.temporal_id : FORWARD_LAYER_TEMPORALS - 1;
    m->temporals = temporal + 1 > m->temporals ? temporal + 1 : m->temporals;
    if (m->last == RTC_TIME_NEVER || now - m->last > FORWARD_SILENCE_US)
        m->first = now;
    m->last = now;
    move_to(m, now / FORWARD_METER_SLOT_US);
    m->bytes[m->slot % FORWARD_METER_SLOTS][temporal] += p->len;
}

struct forward_layer forward_layers_read(const struct forward_layers *ls, rtc_time_t now, size_t index)
{
    struct forward_meter m = ls->all[index];
    struct forward_layer out = {.width = m.width, .height = m.height, .temporals = m.temporals};
    memcpy(out.rid, m.rid, sizeof out.rid);
    out.flows = m.last != RTC_TIME_NEVER && now - m.last <= FORWARD_SILENCE_US;
    if (!out.flows)
        return out;
    move_to(&m, now / FORWARD_METER_SLOT_US);
    rtc_time_t most = (rtc_time_t)FORWARD_METER_SLOTS * FORWARD_METER_SLOT_US, since = now - m.first;
    since = since < most / 2 ? most / 2 : since > most ? most : since;
    uint64_t sum = 0;
    for (size_t t = 0; t < FORWARD_LAYER_TEMPORALS; t++) {
        for (size_t i = 0; i < FORWARD_METER_SLOTS; i++)
            sum += m.bytes[i][t];
        out.rates_bps[t] = (uint32_t)(sum * 8 * 1000000 / (uint64_t)since);
    }
    return out;
}
