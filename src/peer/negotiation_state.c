/* SPDX-License-Identifier: MIT */
/* See negotiation_state.h. */
#include "negotiation_state.h"

#include "memory.h"

/* Of each section at most one is new. */
static bool copy_transports(rtc_context *context, const struct negotiation_state *from, size_t sections, struct negotiation_state *out)
{
    out->transport_count = from->transport_count;
    out->transports = memory_zeroed(context, (from->transport_count + sections + 1) * sizeof *out->transports);
    if (out->transports && from->transport_count > 0)
        memcpy(out->transports, from->transports, from->transport_count * sizeof *out->transports);
    return out->transports != NULL;
}

static bool copy_carriers(rtc_context *context, const struct negotiation_state *from, size_t sections, struct negotiation_state *out)
{
    size_t room = from->carrier_count > sections ? from->carrier_count : sections;
    out->carrier_count = from->carrier_count;
    out->carriers = memory_alloc(context, (room + 1) * sizeof *out->carriers);
    if (out->carriers && from->carrier_count > 0)
        memcpy(out->carriers, from->carriers, from->carrier_count * sizeof *out->carriers);
    return out->carriers != NULL;
}

static bool copy_media(rtc_context *context, const struct negotiation_state *from, size_t more, struct negotiation_state *out)
{
    out->media_count = from->media_count;
    if (from->media_count + more == 0)
        return true; /* data alone: an entry is over a kilobyte */
    out->media = memory_zeroed(context, (from->media_count + more) * sizeof *out->media);
    if (out->media && from->media_count > 0)
        memcpy(out->media, from->media, from->media_count * sizeof *out->media);
    return out->media != NULL;
}

int negotiation_state_copy(rtc_context *context, const struct negotiation_state *from, size_t media, size_t sections,
                           struct negotiation_state *out)
{
    *out = (struct negotiation_state){.data_transport = from->data_transport};
    if (copy_transports(context, from, sections, out) && copy_carriers(context, from, sections, out) &&
        copy_media(context, from, media, out))
        return RTC_OK;
    negotiation_state_fini(context, out);
    return RTC_ERR_NO_MEMORY;
}

/* To what is there, which is a kilobyte for each transport and two for each section; it stays as it is when that can not be had. */
static void *shrink(rtc_context *context, void *array, size_t count, size_t size)
{
    void *less = array && count > 0 ? memory_realloc(context, array, count * size) : NULL;
    return less ? less : array;
}

void negotiation_state_trim(rtc_context *context, struct negotiation_state *state)
{
    state->transports = shrink(context, state->transports, state->transport_count, sizeof *state->transports);
    state->media = shrink(context, state->media, state->media_count, sizeof *state->media);
}

void negotiation_state_fini(rtc_context *context, struct negotiation_state *state)
{
    description_unref(context, state->local);
    description_unref(context, state->remote);
    memory_free(context, state->transports);
    memory_free(context, state->carriers);
    memory_free(context, state->media);
    *state = (struct negotiation_state){0};
}

const struct agreed_transport *negotiation_state_transport(const struct negotiation_state *state, size_t number)
{
    static const struct agreed_transport nothing;
    return number < state->transport_count ? &state->transports[number] : &nothing;
}

bool negotiation_state_has_data(const struct negotiation_state *state)
{
    return negotiation_state_transport(state, state->data_transport)->sctp_port != 0;
}

struct agreed_media *negotiation_state_by_mid(const struct negotiation_state *state, const char *mid)
{
    for (size_t i = 0; mid[0] && i < state->media_count; i++)
        if (strcmp(state->media[i].mid, mid) == 0)
            return &state->media[i];
    return NULL;
}

struct agreed_media *negotiation_state_of(const struct negotiation_state *state, uint32_t transceiver)
{
    for (size_t i = 0; i < state->media_count; i++)
        if (state->media[i].transceiver == transceiver)
            return &state->media[i];
    return NULL;
}

const struct negotiation_state *negotiation_now(const struct negotiation *n)
{
    return n->pending.local || n->pending.remote ? &n->pending : &n->stable;
}

const struct description *negotiation_local(const struct negotiation *n)
{
    return n->pending.local ? n->pending.local : n->stable.local;
}

const struct description *negotiation_remote(const struct negotiation *n)
{
    return n->pending.remote ? n->pending.remote : n->stable.remote;
}

void negotiation_forget_shown(rtc_context *context, struct negotiation *n)
{
    description_forget_shown(context, n->stable.local);
    description_forget_shown(context, n->pending.local);
}

void negotiation_forget_fresh(rtc_context *context, struct negotiation *n)
{
    for (size_t i = 0; i < n->fresh_count; i++)
        memory_wipe(&n->fresh[i], sizeof n->fresh[i]);
    memory_free(context, n->fresh);
    n->fresh = NULL;
    n->fresh_count = 0;
}

void negotiation_fini(rtc_context *context, struct negotiation *n)
{
    negotiation_state_fini(context, &n->stable);
    negotiation_state_fini(context, &n->pending);
    memory_free(context, n->last_offer.text);
    memory_free(context, n->last_answer.text);
    negotiation_forget_fresh(context, n);
    for (size_t i = 0; i < 2; i++)
        description_unref(context, n->to_replace[i]);
}
