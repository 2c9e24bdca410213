/* SPDX-License-Identifier: MIT */
/* See transport_pool.h. */
#include "transport_pool.h"

#include "memory.h"
#include "transport_ice.h"
#include "transport_internal.h"
#include "transport_log.h"

const struct moves transport_pool_moves = {
    .module = "transport",
    .what = "candidate pool",
    .count = POOL_SURFACING + 1,
    .names = {"none", "withheld", "surfacing"},
    .allowed =
        {
            [POOL_NONE] = MOVE_TO(POOL_WITHHELD),
            [POOL_WITHHELD] = MOVE_TO(POOL_SURFACING) | MOVE_TO(POOL_NONE),
            [POOL_SURFACING] = MOVE_TO(POOL_NONE),
        },
};

static void set_state(struct transport *t, enum pool_state state)
{
    if (state != t->pool.state && moves_take(&transport_pool_moves, t->context, t->pool.state, state))
        t->pool.state = state;
}

/* Beyond the limit they are only in the log. */
void transport_keep_error(struct transport *t, struct ice_event *event)
{
    struct candidate_pool *p = &t->pool;
    transport_log(t, RTC_LOG_INFO, "pool: the server %s gave no address: %u %s", event->error->url, event->error->code, event->error->text);
    if (p->error_count == TRANSPORT_ERRORS_KEPT_MAX)
        return;
    p->errors[p->error_count++] = event->error;
    event->error = NULL;
}

void transport_forget_errors(struct transport *t)
{
    for (size_t i = 0; i < t->pool.error_count; i++)
        ice_candidate_error_free(t->pool.errors[i]);
    t->pool.error_count = 0;
    memory_free(t->context, t->pool.shown);
    t->pool.shown = NULL;
}

/* The candidate with this index; false beyond the last. */
static bool show(struct transport *t, size_t index)
{
    struct candidate_pool *p = &t->pool;
    if (!p->shown)
        p->shown = memory_alloc(t->context, sizeof *p->shown);
    t->starved |= p->shown == NULL;
    return p->shown && ice_agent_local_candidate(t->ice.current.agent, index, p->shown);
}

static size_t gathered(const struct transport *t)
{
    struct ice_candidate candidate;
    size_t count = 0;
    while (ice_agent_local_candidate(t->ice.current.agent, count, &candidate))
        count++;
    return count;
}

void transport_pool(struct transport *t)
{
    set_state(t, POOL_WITHHELD);
    transport_ice_gather(t, t->ice.current.agent);
}

void transport_begin_surfacing(struct transport *t)
{
    if (t->pool.state != POOL_WITHHELD)
        return;
    t->pool.told = 0;
    set_state(t, POOL_SURFACING);
}

void transport_abandon_pool(struct transport *t)
{
    transport_forget_errors(t);
    set_state(t, POOL_NONE);
}

bool transport_is_pooling(const struct transport *t)
{
    return t->pool.state == POOL_WITHHELD;
}

int transport_discard_pool(struct transport *t)
{
    int error = t->pool.state == POOL_WITHHELD ? transport_ice_renew(t) : RTC_OK;
    if (error || t->pool.state != POOL_WITHHELD)
        return error;
    transport_abandon_pool(t);
    return RTC_OK;
}

void transport_start_over(struct transport *t, struct ice_agent *agent)
{
    transport_abandon_pool(t);
    transport_ice_replace(t, agent);
}

/* That gathering began, the candidates that there are, the errors, perhaps the end. */
bool transport_surface_next(struct transport *t, struct transport_event *told)
{
    struct candidate_pool *p = &t->pool;
    const struct ice_agent *agent = t->ice.current.agent;
    if (p->state != POOL_SURFACING)
        return false;
    size_t count = gathered(t), i = p->told++;
    if (i == 0) {
        told->type = TRANSPORT_GATHERING;
        told->gathering = ICE_GATHERING_ACTIVE;
    } else if (i <= count && show(t, i - 1)) {
        told->type = TRANSPORT_CANDIDATE;
        told->candidate = p->shown;
    } else if (i - count <= p->error_count) {
        told->type = TRANSPORT_CANDIDATE_ERROR;
        told->error = p->errors[i - count - 1];
    } else if (i - count - p->error_count == 1 && ice_agent_gathering_state(agent) == ICE_GATHERING_COMPLETE) {
        told->type = TRANSPORT_CANDIDATES_END;
        told->ufrag = ice_agent_local_ufrag(agent);
    } else {
        set_state(t, POOL_NONE);
        transport_forget_errors(t);
        return false;
    }
    return true;
}
