/* SPDX-License-Identifier: MIT */
/* Gathering (RFC 8445 section 5.1.1): a socket on each address of this host, and from each socket a Binding request to every server of its
 * family. Host candidates are announced as soon as their socket is bound; nothing waits for a server, and a server that does not
 * answer costs only its own candidate. The whole is over after `gather_most`, whatever did not come. */
#include "ice_internal.h"

#include "memory.h"
#include "text.h"

#include <stdio.h>

static const rtc_time_t gather_most = 9500 * ICE_MS;
static const rtc_time_t query_first = 200 * ICE_MS;
static const rtc_time_t query_most = 4 * ICE_SECOND;
static const rtc_time_t query_pace = 5 * ICE_MS;
static const rtc_time_t ask_again = 500 * ICE_MS;
static const rtc_time_t mapping_refresh = 15 * ICE_SECOND;

enum { UNREACHABLE = 701, AGAIN = 3 };

static void set_gathering(struct ice_agent *agent, enum ice_gathering_state state, struct out *out)
{
    agent->gathering = state;
    struct event *e = ice_event(&agent->common, ICE_EVENT_GATHERING_STATE, out);
    if (e)
        e->code = (int)state;
}

/* An event's object is released without a context, so it carries its own. */
struct error_object {
    struct ice_candidate_error error;
    rtc_context *context;
};

static void release_error(void *object)
{
    struct error_object *o = object;
    memory_free(o->context, o);
}

/* Kept with the server, for who asks later why it is of no use. */
static void remember_error(struct ice_agent *agent, const struct ice_server *server, const struct ice_candidate_error *error)
{
    for (uint32_t i = 0; i < agent->server_count; i++) {
        if (&agent->servers[i].config != server)
            continue;
        agent->servers[i].error_code = error->code;
        memcpy(agent->servers[i].error_text, error->text, sizeof agent->servers[i].error_text);
    }
}

void ice_report_error(struct ice_agent *agent, const struct ice_server *server, const struct address *local, uint16_t code,
                      struct slice text, struct out *out)
{
    struct error_object *o = memory_zeroed(agent->common.context, sizeof *o);
    if (!o) {
        out->failed = true;
        return;
    }
    o->context = agent->common.context;
    o->error.code = code;
    if (local && !agent->common.hide_addresses)
        o->error.local = *local;
    ice_server_url(server, o->error.url);
    text_copy_foreign(o->error.text, sizeof o->error.text, text);
    remember_error(agent, server, &o->error);
    struct event *e = ice_event(&agent->common, ICE_EVENT_CANDIDATE_ERROR, out);
    if (!e) {
        release_error(o);
        return;
    }
    e->object = o;
    e->release = release_error;
}

static void add_query(struct ice_agent *agent, struct ice_base *base, uint32_t server, const struct address *address, rtc_time_t now,
                      struct out *out)
{
    void *queries = agent->queries;
    if (agent->query_count >= ICE_QUERIES_MAX) {
        agent->common.counters.over_limit++;
        return;
    }
    if (!memory_grow(agent->common.context, &queries, &agent->query_capacity, agent->query_count + 1, sizeof *agent->queries)) {
        out->failed = true;
        return;
    }
    agent->queries = queries;
    rtc_time_t at = agent->query_paced + query_pace > now ? agent->query_paced + query_pace : now;
    agent->query_paced = at;
    agent->queries[agent->query_count++] =
        (struct ice_query){.base = base, .server = server, .address = *address, .state = ICE_QUERY_WAITING, .at = at};
}

static void query_server(struct ice_agent *agent, struct ice_base *base, uint32_t index, rtc_time_t now, struct out *out)
{
    const struct ice_server_state *server = &agent->servers[index];
    for (uint32_t i = 0; i < server->address_count; i++) {
        const struct address *a = &server->addresses[i];
        bool pointless = address_is_loopback(&base->address) && !address_is_loopback(a);
        if (!(ice_base_is_socket(base) && (base->state == ICE_BASE_OPEN || base->state == ICE_BASE_PROBED)) ||
            a->family != base->address.family || pointless)
            continue;
        /* A TURN server over UDP is a STUN server, too. */
        if (base->state == ICE_BASE_OPEN && server->config.kind <= ICE_SERVER_TURN_UDP)
            add_query(agent, base, index, a, now, out);
        if (server->config.kind != ICE_SERVER_STUN)
            ice_relay_start(agent, base, index, a, out);
    }
}

static void add_server_address(struct ice_server_state *server, struct address address)
{
    bool full = server->address_count >= sizeof server->addresses / sizeof server->addresses[0];
    if (full || address.family == ADDRESS_NONE || (server->address_count == 1 && server->addresses[0].family == address.family))
        return;
    address.port = server->config.port;
    server->addresses[server->address_count++] = address;
}

static void start_server(struct ice_agent *agent, struct ice_server_state *server, struct out *out)
{
    struct address address;
    server->address_count = 0;
    server->resolve_id = 0;
    if (address_parse(slice_str(server->config.host), server->config.port, &address)) {
        add_server_address(server, address);
        return;
    }
    struct request *r = out_request(out, REQUEST_RESOLVE, ice_request_id(&agent->common));
    if (!r)
        return;
    (void)snprintf(r->name, sizeof r->name, "%s", server->config.host);
    server->resolve_id = r->id;
}

void ice_gather_start(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    agent->gather_deadline = now + gather_most;
    agent->query_paced = now - query_pace;
    set_gathering(agent, ICE_GATHERING_ACTIVE, out);
    struct request *r = out_request(out, REQUEST_INTERFACES, ice_request_id(&agent->common));
    agent->interfaces_id = r ? r->id : 0;
    agent->interfaces_awaited = r != NULL;
    for (uint32_t i = 0; i < agent->server_count; i++)
        start_server(agent, &agent->servers[i], out);
}

void ice_gather_resume(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    if (agent->gathering != ICE_GATHERING_COMPLETE)
        return;
    agent->gather_deadline = now + gather_most;
    set_gathering(agent, ICE_GATHERING_ACTIVE, out);
}

void ice_gather_refresh(struct ice_agent *agent, rtc_time_t now)
{
    for (size_t i = 0; i < agent->query_count; i++) {
        struct ice_query *q = &agent->queries[i];
        if (q->state != ICE_QUERY_MAPPED)
            continue;
        q->again = AGAIN;
        q->at = now + (rtc_time_t)i * query_pace;
    }
}

void ice_gather_retry(struct ice_agent *agent, const struct ice_base *base, rtc_time_t now)
{
    for (size_t i = 0; i < agent->query_count; i++) {
        struct ice_query *q = &agent->queries[i];
        if (q->base != base || q->state == ICE_QUERY_MAPPED)
            continue;
        q->state = ICE_QUERY_WAITING;
        q->transaction.active = false;
        q->at = now + (rtc_time_t)i * query_pace;
    }
}

/* False when there is no name for it: it is not told to the peer then. */
static bool hide(struct ice_agent *agent, const struct ice_base *base, struct ice_candidate *c, struct out *out)
{
    const char *name = ice_names_publish(agent, base);
    if (name)
        text_copy(c->name, sizeof c->name, name);
    else
        out->failed = true; /* there are as many names as bases */
    return name != NULL;
}

void ice_add_host(struct ice_agent *agent, const struct ice_base *base, struct ice_candidate *candidate, struct out *out)
{
    bool is_ours = address_ip_eq(&base->shown, &base->address); /* an external address of a 1:1 NAT is none of this host's */
    if (!agent->common.hide_addresses || !is_ours || hide(agent, base, candidate, out))
        ice_locals_add(&agent->locals, candidate, out);
}

static void add_host(struct ice_agent *agent, struct ice_base *base, struct out *out)
{
    struct ice_candidate c;
    ice_local_init(&agent->locals, &c, ICE_HOST, base, slice_str(""));
    c.address = base->shown;
    base->priority = c.priority;
    base->foundation = ice_foundation(&agent->locals, ICE_HOST, &base->address, slice_str(""));
    ice_add_host(agent, base, &c, out);
}

static void on_opened(struct ice_agent *agent, struct ice_base *base, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (result->error != RTC_OK || result->local.family == ADDRESS_NONE) {
        ice_base_set_state(base, ICE_BASE_CLOSED); /* there is nothing to close */
        ice_remove_base(agent, base, now, out);
        return;
    }
    if (base->state != ICE_BASE_OPENING)
        return;
    /* The end of candidates was announced: this one came too late. */
    if (agent->gathering == ICE_GATHERING_COMPLETE) {
        ice_remove_base(agent, base, now, out);
        return;
    }
    base->address = result->local;
    base->shown = agent->common.rules ? ice_externals_apply(&agent->common.rules->externals, &base->address) : base->address;
    /* The interface works: that is all that is wanted of it. */
    if (agent->common.relay_only) {
        ice_base_set_state(base, ICE_BASE_PROBED);
        (void)out_request(out, REQUEST_CLOSE, base->socket);
    } else {
        ice_base_set_state(base, ICE_BASE_OPEN);
        add_host(agent, base, out);
        ice_pair_base(&agent->pairing, base);
        ice_tcp_pair_base(agent, base);
    }
    for (uint32_t i = 0; i < agent->server_count; i++)
        query_server(agent, base, i, now, out);
}

static void on_resolved(struct ice_agent *agent, uint32_t index, rtc_time_t now, const struct io_result *result, struct out *out)
{
    struct ice_server_state *server = &agent->servers[index];
    server->resolve_id = 0;
    if (agent->gathering != ICE_GATHERING_ACTIVE)
        return;
    for (size_t i = 0; result->error == RTC_OK && i < result->address_count; i++)
        add_server_address(server, result->addresses[i]);
    if (server->address_count == 0)
        ice_report_error(agent, &server->config, NULL, UNREACHABLE, slice_str("the server's name could not be resolved"), out);
    for (size_t i = 0; i < agent->bases.count; i++)
        query_server(agent, agent->bases.list[i], index, now, out);
}

bool ice_gather_result(struct ice_agent *agent, rtc_time_t now, const struct io_result *result, struct out *out)
{
    if (result->id == 0)
        return false;
    if (result->id == agent->interfaces_id) {
        ice_interfaces_listed(agent, now, result, out);
        return true;
    }
    struct ice_base *base = ice_bases_find(&agent->bases, result->id);
    if (base && ice_base_is_socket(base)) {
        on_opened(agent, base, now, result, out);
        return true;
    }
    if (ice_relay_result(agent, now, result, out) || ice_tcp_result(agent, now, result, out))
        return true;
    for (uint32_t i = 0; i < agent->server_count; i++) {
        if (agent->servers[i].resolve_id != result->id)
            continue;
        on_resolved(agent, i, now, result, out);
        return true;
    }
    return false;
}

static void on_mapped(struct ice_agent *agent, struct ice_query *q, const struct address *mapped, rtc_time_t now, struct out *out)
{
    struct ice_candidate c;
    q->state = ICE_QUERY_MAPPED;
    q->again = 0;
    q->at = now + mapping_refresh;
    /* A host that is not behind a NAT, two servers seeing the same, or what is known: redundant (RFC 8445 section 5.1.3). */
    if (ice_locals_show(&agent->locals, mapped) || (agent->common.gather_once && agent->gathering != ICE_GATHERING_ACTIVE))
        return;
    if (agent->gathering != ICE_GATHERING_ACTIVE)
        ice_gather_resume(agent, now, out); /* another mapping than before */
    ice_local_init(&agent->locals, &c, ICE_SERVER_REFLEXIVE, q->base, slice_str(agent->servers[q->server].config.host));
    c.address = *mapped;
    c.related = ice_related_address(&agent->common, &q->base->address);
    c.server = (uint8_t)(q->server + 1);
    ice_locals_add(&agent->locals, &c, out);
}

static void fail_query(struct ice_agent *agent, struct ice_query *q, uint16_t code, struct slice text, struct out *out)
{
    q->state = ICE_QUERY_FAILED;
    q->transaction.active = false;
    /* That a TURN server is none for STUN is no fault. */
    if (agent->servers[q->server].config.kind == ICE_SERVER_STUN)
        ice_report_error(agent, &agent->servers[q->server].config, &q->base->address, code, text, out);
}

static void on_answer(struct ice_agent *agent, struct ice_query *q, rtc_time_t now, const struct stun_message *m, struct out *out)
{
    bool mapped = m->mapped.family == q->base->address.family && m->mapped.port != 0 && ice_address_is_usable(&m->mapped);
    q->transaction.active = false;
    if (m->class == STUN_SUCCESS && mapped)
        on_mapped(agent, q, &m->mapped, now, out);
    else if (q->state == ICE_QUERY_ACTIVE && (m->has & STUN_HAS_ERROR))
        fail_query(agent, q, m->error_code, m->error_text, out);
    else if (q->state == ICE_QUERY_ACTIVE)
        fail_query(agent, q, UNREACHABLE, slice_str("the server's answer has no usable address"), out);
}

bool ice_gather_response(struct ice_agent *agent, rtc_time_t now, const struct path *from, const struct stun_message *m, struct out *out)
{
    for (size_t i = 0; i < agent->query_count; i++) {
        struct ice_query *q = &agent->queries[i];
        if (!ice_transaction_is(&q->transaction, m))
            continue;
        if (q->base->socket == from->socket && address_eq(&q->address, &from->remote))
            on_answer(agent, q, now, m, out);
        else
            agent->common.counters.ignored++;
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

/* A NAT forgets a mapping that is not used: until a pair carries traffic it is refreshed (RFC 8445 section 5.1.1.4). */
static bool wants_refresh(const struct ice_agent *agent)
{
    return !agent->checks.selected && (agent->state == ICE_NEW || agent->state == ICE_CHECKING);
}

static rtc_time_t query_due(const struct ice_agent *agent, const struct ice_query *q)
{
    if (q->base->state != ICE_BASE_OPEN || q->base->absent)
        return RTC_TIME_NEVER;
    if (q->state == ICE_QUERY_ACTIVE)
        return q->transaction.next_send;
    if (q->state == ICE_QUERY_WAITING || (q->state == ICE_QUERY_MAPPED && (q->again > 0 || wants_refresh(agent))))
        return q->at;
    return RTC_TIME_NEVER;
}

static void run_query(struct ice_agent *agent, struct ice_query *q, rtc_time_t now, struct out *out)
{
    if (now < query_due(agent, q))
        return;
    if (q->state != ICE_QUERY_ACTIVE)
        ice_transaction_start(&q->transaction, agent->common.context, query_first, now);
    if (q->state == ICE_QUERY_WAITING)
        q->state = ICE_QUERY_ACTIVE;
    if (q->again > 0)
        q->again--;
    q->at = now + (q->again > 0 ? ask_again : mapping_refresh);
    send_query(q, now, out);
}

static bool gathering_goes_on(const struct ice_agent *agent)
{
    if (agent->interfaces_awaited || ice_relay_pending(agent) || ice_tcp_gathers(agent))
        return true;
    for (size_t i = 0; i < agent->bases.count; i++)
        if (agent->bases.list[i]->state == ICE_BASE_OPENING && !agent->bases.list[i]->absent)
            return true;
    for (uint32_t i = 0; i < agent->server_count; i++)
        if (agent->servers[i].resolve_id)
            return true;
    for (size_t i = 0; i < agent->query_count; i++) {
        const struct ice_query *q = &agent->queries[i];
        if (q->base->state == ICE_BASE_OPEN && !q->base->absent && (q->state == ICE_QUERY_WAITING || q->state == ICE_QUERY_ACTIVE))
            return true;
    }
    return false;
}

/* Request ids stay, so that a late result is still known as ours. */
static void give_up(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    for (uint32_t i = 0; i < agent->server_count; i++)
        if (agent->servers[i].resolve_id)
            ice_report_error(agent, &agent->servers[i].config, NULL, UNREACHABLE, slice_str("the server's name was not resolved in time"),
                             out);
    for (size_t i = 0; i < agent->query_count; i++)
        if (agent->queries[i].state == ICE_QUERY_WAITING || agent->queries[i].state == ICE_QUERY_ACTIVE)
            fail_query(agent, &agent->queries[i], UNREACHABLE, slice_str("the server did not answer"), out);
    ice_relay_give_up(agent, now, out);
}

void ice_gather_run(struct ice_agent *agent, rtc_time_t now, struct out *out)
{
    bool expired = agent->gathering == ICE_GATHERING_ACTIVE && now >= agent->gather_deadline;
    if (agent->gathering == ICE_GATHERING_NEW)
        return;
    if (expired)
        give_up(agent, now, out);
    ice_tcp_offer(agent, out);
    for (size_t i = 0; i < agent->query_count; i++)
        run_query(agent, &agent->queries[i], now, out);
    if (agent->gathering == ICE_GATHERING_ACTIVE && (expired || !gathering_goes_on(agent)))
        set_gathering(agent, ICE_GATHERING_COMPLETE, out);
}

void ice_gather_deadline(const struct ice_agent *agent, rtc_time_t *best, enum timer_reason *why)
{
    if (agent->gathering == ICE_GATHERING_NEW)
        return;
    if (agent->gathering == ICE_GATHERING_ACTIVE)
        deadline_min(best, why, agent->gather_deadline, TIMER_ICE_GATHER);
    for (size_t i = 0; i < agent->query_count; i++)
        deadline_min(best, why, query_due(agent, &agent->queries[i]), TIMER_ICE_GATHER);
}
