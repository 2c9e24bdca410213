/* SPDX-License-Identifier: MIT */
/* See negotiation_state.h. */
#include "negotiation_state.h"

#include "memory.h"

int description_new(rtc_context *context, rtc_sdp_type type, const char *sdp, struct description **out, struct jsep_error *why)
{
    struct session_description *parsed;
    int error = session_description_parse(context, slice_str(sdp), &parsed, why);
    if (error)
        return error;
    struct description *d = memory_zeroed(context, sizeof *d);
    char *text = d ? memory_text(context, sdp, strlen(sdp)) : NULL;
    if (!text) {
        memory_free(context, d);
        session_description_free(context, parsed);
        return RTC_ERR_NO_MEMORY;
    }
    *d = (struct description){.references = 1, .type = type, .text = text, .parsed = parsed};
    *out = d;
    return RTC_OK;
}

struct description *description_ref(struct description *d)
{
    if (d)
        d->references++;
    return d;
}

void description_unref(rtc_context *context, struct description *d)
{
    if (!d || --d->references > 0)
        return;
    session_description_free(context, d->parsed);
    memory_free(context, d->text);
    memory_free(context, d);
}

void negotiation_state_fini(rtc_context *context, struct negotiation_state *state)
{
    description_unref(context, state->local);
    description_unref(context, state->remote);
    *state = (struct negotiation_state){0};
}

const struct description *negotiation_local(const struct negotiation *n)
{
    return n->pending.local ? n->pending.local : n->stable.local;
}

const struct description *negotiation_remote(const struct negotiation *n)
{
    return n->pending.remote ? n->pending.remote : n->stable.remote;
}

void negotiation_fini(rtc_context *context, struct negotiation *n)
{
    negotiation_state_fini(context, &n->stable);
    negotiation_state_fini(context, &n->pending);
    memory_free(context, n->last_offer);
    memory_free(context, n->last_answer);
    memory_free(context, n->shown_local);
    memory_wipe(&n->fresh, sizeof n->fresh);
}
