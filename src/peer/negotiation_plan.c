/* SPDX-License-Identifier: MIT */
/* The plan as a value, and what is read of sections in more than one file of planning. */
#include "negotiation_plan.h"

#include "carriers.h"
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

const struct negotiation_state *negotiation_facts_now(const struct negotiation_facts *facts)
{
    return facts->pending->local || facts->pending->remote ? facts->pending : facts->stable;
}

struct effect *negotiation_plan_add(struct negotiation_plan *plan, enum effect_type type, uint32_t transceiver)
{
    struct effect *e = &plan->effects[plan->effect_count++];
    *e = (struct effect){.type = type, .transceiver = transceiver};
    return e;
}

void negotiation_plan_transports(const struct negotiation_facts *facts, struct negotiation_plan *plan)
{
    struct negotiation_state *next = &plan->next;
    size_t needed = carriers_count(next->carriers, next->carrier_count), agreed = facts->stable->transport_count;
    next->transport_count = needed > agreed ? needed : agreed;
    for (size_t i = 0; i < next->transport_count; i++)
        next->transports[i] = *negotiation_state_transport(facts->stable, i);
    plan->transport_count = next->transport_count > 0 ? next->transport_count : 1;
    for (size_t i = 0; i < plan->transport_count; i++) /* there will be a first one, if there is none */
        plan->transports[i].before = i < facts->transport_count || i == 0 ? i : TRANSPORT_NONE;
}

const struct ice_facts *negotiation_facts_ice(const struct negotiation_facts *facts, size_t number)
{
    static const struct ice_facts nothing;
    return number < facts->transport_count ? &facts->ice[number] : &nothing;
}

int negotiation_refuse(struct sdp_error *why, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    why->code = error;
    why->line = 0;
    return error;
}

struct transceiver_facts *negotiation_plan_transceiver(const struct negotiation_plan *plan, uint32_t number)
{
    for (size_t i = 0; i < plan->transceiver_count; i++)
        if (plan->transceivers[i].number == number)
            return &plan->transceivers[i];
    return NULL;
}

void negotiation_plan_stop(struct negotiation_plan *plan, struct transceiver_facts *t)
{
    if (!t->stopped)
        (void)negotiation_plan_add(plan, EFFECT_STOP, t->number);
    t->stopped = t->stopping = true;
}

bool negotiation_section_has(const struct jsep_section *section, const struct ice_credentials *c)
{
    return slice_is(section->transport.ice_ufrag, c->ufrag) && slice_is(section->transport.ice_pwd, c->password);
}

void negotiation_read_credentials(const struct jsep_section *section, struct ice_credentials *out)
{
    memset(out, 0, sizeof *out);
    if (section->transport.ice_ufrag.len < sizeof out->ufrag && section->transport.ice_pwd.len < sizeof out->password) {
        memcpy(out->ufrag, section->transport.ice_ufrag.data, section->transport.ice_ufrag.len);
        memcpy(out->password, section->transport.ice_pwd.data, section->transport.ice_pwd.len);
    }
}

bool negotiation_restarts(const struct negotiation_state *now, size_t transport, const struct jsep_section *section)
{
    const struct agreed_transport *agreed = negotiation_state_transport(now, transport);
    return section && agreed->ufrag[0] &&
           !(slice_is(section->transport.ice_ufrag, agreed->ufrag) && slice_is(section->transport.ice_pwd, agreed->password));
}

void negotiation_plan_free(struct negotiation_plan *plan)
{
    if (!plan)
        return;
    rtc_context *context = plan->context;
    negotiation_state_fini(context, &plan->next);
    memory_free(context, plan->transceivers);
    memory_free(context, plan->transports);
    memory_free(context, plan->rtp);
    memory_free(context, plan->effects);
    memory_free(context, plan);
}
