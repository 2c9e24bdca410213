/* SPDX-License-Identifier: MIT */
/* See ice_query.h. */
#include "ice_query.h"

#include "ice_reach.h"
#include "ice_send.h"
#include "memory.h"

/* Between two sendings of a query: the first is shorter than the 500 ms of RFC 8489 section 6.2.1, since candidates are waited for. */
static const rtc_time_t query_first = 200 * ICE_MS;
static const rtc_time_t query_most = 4 * ICE_SECOND;
static const rtc_time_t query_pace = 5 * ICE_MS;  /* between queries: the least of RFC 8445 section 14.2 */
static const rtc_time_t ask_again = 500 * ICE_MS; /* after a change of the network: NATs may take a moment to follow it */
static const rtc_time_t mapping_refresh =
    15 * ICE_SECOND; /* RFC 8445 section 5.1.1.4; well below what RFC 4787 section 4.3 has NATs keep */

enum { AGAIN = 3 };

const struct moves ice_query_moves = {
    .module = "ice",
    .what = "query",
    .count = ICE_QUERY_FAILED + 1,
    .names = {"waiting", "active", "mapped", "failed"},
    .allowed =
        {
            [ICE_QUERY_WAITING] = MOVE_TO(ICE_QUERY_ACTIVE) | MOVE_TO(ICE_QUERY_FAILED),
            [ICE_QUERY_ACTIVE] = MOVE_TO(ICE_QUERY_MAPPED) | MOVE_TO(ICE_QUERY_FAILED) | MOVE_TO(ICE_QUERY_WAITING),
            [ICE_QUERY_MAPPED] = 0,
            [ICE_QUERY_FAILED] = MOVE_TO(ICE_QUERY_WAITING),
        },
};

static void set_state(const struct ice_queries *queries, struct ice_query *q, enum ice_query_state state)
{
    if (state != q->state && moves_take(&ice_query_moves, queries->common->context, q->state, state))
        q->state = state;
}

void ice_queries_fini(struct ice_queries *queries)
{
    memory_free(queries->common->context, queries->list);
}

void ice_queries_begin(struct ice_queries *queries, rtc_time_t now)
{
    queries->paced = now - query_pace;
}

void ice_queries_add(struct ice_queries *queries, struct ice_base *base, uint32_t server, const struct address *address, rtc_time_t now,
                     struct out *out)
{
    void *list = queries->list;
    if (queries->count >= ICE_QUERIES_MAX) {
        queries->common->counters.over_limit++;
        return;
    }
    if (!memory_grow(queries->common->context, &list, &queries->capacity, queries->count + 1, sizeof *queries->list)) {
        out->failed = true;
        return;
    }
    queries->list = list;
    rtc_time_t at = queries->paced + query_pace > now ? queries->paced + query_pace : now;
    queries->paced = at;
    queries->list[queries->count++] =
        (struct ice_query){.base = base, .server = server, .address = *address, .state = ICE_QUERY_WAITING, .at = at};
}

void ice_queries_refresh(struct ice_queries *queries, rtc_time_t now)
{
    for (size_t i = 0; i < queries->count; i++) {
        struct ice_query *q = &queries->list[i];
        if (q->state != ICE_QUERY_MAPPED)
            continue;
        q->again = AGAIN;
        q->at = now + (rtc_time_t)i * query_pace;
    }
}

void ice_queries_retry(struct ice_queries *queries, const struct ice_base *base, rtc_time_t now)
{
    for (size_t i = 0; i < queries->count; i++) {
        struct ice_query *q = &queries->list[i];
        if (q->base != base || q->state == ICE_QUERY_MAPPED)
            continue;
        set_state(queries, q, ICE_QUERY_WAITING);
        q->transaction.active = false;
        q->at = now + (rtc_time_t)i * query_pace;
    }
}

void ice_queries_forget(struct ice_queries *queries, const struct ice_base *base)
{
    size_t kept = 0;
    for (size_t i = 0; i < queries->count; i++)
        if (queries->list[i].base != base)
            queries->list[kept++] = queries->list[i];
    queries->count = kept;
}

static void on_mapped(struct ice_queries *queries, struct ice_query *q, const struct address *mapped, rtc_time_t now, struct out *out)
{
    struct ice_candidate c;
    set_state(queries, q, ICE_QUERY_MAPPED);
    q->again = 0;
    q->at = now + mapping_refresh;
    /* A host that is not behind a NAT, two servers seeing the same, or what is known: redundant (RFC 8445 section 5.1.3). */
    if (ice_locals_show(queries->locals, mapped) || (queries->common->gather_once && queries->gathering->state != ICE_GATHERING_ACTIVE))
        return;
    if (queries->gathering->state != ICE_GATHERING_ACTIVE)
        ice_gathering_resume(queries->gathering, now, out); /* another mapping than before */
    ice_local_init(queries->locals, &c, ICE_SERVER_REFLEXIVE, q->base, slice_str(queries->servers->list[q->server].config.host));
    c.address = *mapped;
    c.related = ice_related_address(queries->common, &q->base->address);
    c.server = (uint8_t)(q->server + 1);
    ice_locals_add(queries->locals, &c, out);
}

static void fail_query(struct ice_queries *queries, struct ice_query *q, uint16_t code, struct slice text, struct out *out)
{
    set_state(queries, q, ICE_QUERY_FAILED);
    q->transaction.active = false;
    /* That a TURN server is none for STUN is no fault. */
    if (queries->servers->list[q->server].config.kind == ICE_SERVER_STUN)
        ice_server_report(queries->servers, &queries->servers->list[q->server], &q->base->address, code, text, out);
}

static void on_answer(struct ice_queries *queries, struct ice_query *q, rtc_time_t now, const struct stun_message *m, struct out *out)
{
    bool mapped = m->mapped.family == q->base->address.family && m->mapped.port != 0 && ice_address_is_usable(&m->mapped);
    q->transaction.active = false;
    if (m->class == STUN_SUCCESS && mapped)
        on_mapped(queries, q, &m->mapped, now, out);
    else if (q->state == ICE_QUERY_ACTIVE && (m->has & STUN_HAS_ERROR))
        fail_query(queries, q, m->error_code, m->error_text, out);
    else if (q->state == ICE_QUERY_ACTIVE)
        fail_query(queries, q, ICE_UNREACHABLE, slice_str("the server's answer has no usable address"), out);
}

bool ice_queries_response(struct ice_queries *queries, rtc_time_t now, const struct path *from, const struct stun_message *m,
                          struct out *out)
{
    for (size_t i = 0; i < queries->count; i++) {
        struct ice_query *q = &queries->list[i];
        if (!ice_transaction_is(&q->transaction, m))
            continue;
        if (q->base->socket == from->socket && address_eq(&q->address, &from->remote))
            on_answer(queries, q, now, m, out);
        else
            queries->common->counters.ignored++;
        return true;
    }
    return false;
}

static void send_query(struct ice_query *q, rtc_time_t now, struct out *out)
{
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING};
    memcpy(m.transaction, q->transaction.id, sizeof m.transaction);
    ice_send(q->base, &q->address, &m, slice_str(""), now, out);
    ice_transaction_sent(&q->transaction, query_most, now);
}

static rtc_time_t query_due(const struct ice_query *q, bool keeps)
{
    if (q->base->state != ICE_BASE_OPEN || q->base->absent)
        return RTC_TIME_NEVER;
    if (q->state == ICE_QUERY_ACTIVE)
        return q->transaction.next_send;
    if (q->state == ICE_QUERY_WAITING || (q->state == ICE_QUERY_MAPPED && (q->again > 0 || keeps)))
        return q->at;
    return RTC_TIME_NEVER;
}

static void run_query(const struct ice_queries *queries, struct ice_query *q, bool keeps, rtc_time_t now, struct out *out)
{
    if (now < query_due(q, keeps))
        return;
    if (q->state != ICE_QUERY_ACTIVE)
        ice_transaction_start(&q->transaction, queries->common->context, query_first, now);
    if (q->state == ICE_QUERY_WAITING)
        set_state(queries, q, ICE_QUERY_ACTIVE);
    if (q->again > 0)
        q->again--;
    q->at = now + (q->again > 0 ? ask_again : mapping_refresh);
    send_query(q, now, out);
}

static bool is_unanswered(const struct ice_query *q)
{
    return q->state == ICE_QUERY_WAITING || q->state == ICE_QUERY_ACTIVE;
}

bool ice_queries_pending(const struct ice_queries *queries)
{
    for (size_t i = 0; i < queries->count; i++) {
        const struct ice_query *q = &queries->list[i];
        if (q->base->state == ICE_BASE_OPEN && !q->base->absent && is_unanswered(q))
            return true;
    }
    return false;
}

void ice_queries_give_up(struct ice_queries *queries, struct out *out)
{
    for (size_t i = 0; i < queries->count; i++)
        if (is_unanswered(&queries->list[i]))
            fail_query(queries, &queries->list[i], ICE_UNREACHABLE, slice_str("the server did not answer"), out);
}

void ice_queries_run(struct ice_queries *queries, bool keeps, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < queries->count; i++)
        run_query(queries, &queries->list[i], keeps, now, out);
}

void ice_queries_deadline(const struct ice_queries *queries, bool keeps, rtc_time_t *best, enum timer_reason *why)
{
    for (size_t i = 0; i < queries->count; i++)
        deadline_min(best, why, query_due(&queries->list[i], keeps), TIMER_ICE_GATHER);
}
