/* SPDX-License-Identifier: MIT */
/* See ice_sim.h. */
#include "ice_sim.h"

#include "ice_report.h"

#include "sim_stun_server.h"

#include <stdio.h>
#include <stdlib.h>

/* Agents may be ticked at one instant this often before it is called a spin. */
enum { SPIN = 100000 };

enum signal_type { SIGNAL_CREDENTIALS, SIGNAL_CANDIDATE, SIGNAL_END };

struct signal {
    struct signal *next;
    rtc_time_t at;
    struct ice_peer *to;
    enum signal_type type;
    struct ice_candidate candidate;
};

static void add_signal(struct ice_peer *to, enum signal_type type, const struct ice_candidate *candidate)
{
    struct signal *s = calloc(1, sizeof *s);
    struct signal **at = &to->sim->signals;
    if (!s)
        abort();
    s->at = to->sim->now + to->sim->signalling;
    s->to = to;
    s->type = type;
    if (candidate)
        s->candidate = *candidate;
    /* As its text has it. */
    if (candidate && candidate->name[0])
        s->candidate.address = (struct address){.port = candidate->address.port};
    while (*at && (*at)->at <= s->at)
        at = &(*at)->next;
    s->next = *at;
    *at = s;
}

int ice_sim_init(struct ice_sim *sim, rtc_context *context, uint64_t seed, const struct sim_link *link)
{
    *sim = (struct ice_sim){.context = context, .net = sim_network_new(seed), .now = SECOND, .signalling = 10 * MS};
    sim->server = sim_host_new(sim->net, NULL, NULL);
    sim_host_open(sim->server, 1, "198.51.100.1", 3478);
    sim_host_open(sim->server, 2, "2001:db8:ffff::1", 3478);
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++) {
        struct ice_peer *p = peers[i];
        p->sim = sim;
        p->other = peers[1 - i];
        p->host = sim_host_new(sim->net, link, p);
        p->next_id = i ? 1000 : 100;
        p->first_candidate_at = p->gathered_at = p->reflexive_at = -1;
        for (size_t k = 0; k < sizeof p->state_at / sizeof p->state_at[0]; k++)
            p->state_at[k] = -1;
    }
    int error = out_init(&sim->a.out, context);
    return error ? error : out_init(&sim->b.out, context);
}

void ice_sim_fini(struct ice_sim *sim)
{
    sim_network_free(sim->net);
    for (struct signal *s = sim->signals, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++) {
        ice_agent_free(peers[i]->agent);
        if (peers[i]->out.pool)
            out_fini(&peers[i]->out);
    }
}

static int make_agent(struct ice_peer *p, const struct ice_options *options, bool controlling)
{
    struct ice_options o = {.controlling = controlling};
    if (options)
        o = *options;
    o.next_request_id = &p->next_id;
    return ice_agent_new(p->sim->context, &o, &p->agent);
}

int ice_sim_agents(struct ice_sim *sim, const struct ice_options *a, const struct ice_options *b)
{
    int error = make_agent(&sim->a, a, true);
    return error ? error : make_agent(&sim->b, b, false);
}

static void on_candidate(struct ice_peer *p, const struct ice_candidate *c)
{
    p->tcp_candidates += c->protocol == PATH_TCP;
    p->candidates += c->protocol == PATH_UDP;
    if (p->first_candidate_at < 0)
        p->first_candidate_at = p->sim->now;
    if (c->type == ICE_SERVER_REFLEXIVE) {
        p->reflexive++;
        p->reflexive_at = p->sim->now;
    }
    p->relayed += c->type == ICE_RELAYED;
    if (!p->mute_candidates)
        add_signal(p->other, SIGNAL_CANDIDATE, c);
}

static void on_gathering(struct ice_peer *p, enum ice_gathering_state state)
{
    if (state != ICE_GATHERING_COMPLETE)
        return;
    p->gathered_at = p->sim->now;
    if (!p->mute_end)
        add_signal(p->other, SIGNAL_END, NULL);
}

static void on_event(struct ice_peer *p, const struct ice_event *e)
{
    switch (e->head.type) {
    case ICE_EVENT_STATE:
        p->states++;
        p->state_at[e->state] = p->sim->now;
        break;
    case ICE_EVENT_GATHERING_STATE:
        on_gathering(p, e->gathering);
        break;
    case ICE_EVENT_CANDIDATE:
        on_candidate(p, e->candidate);
        break;
    case ICE_EVENT_CANDIDATE_ERROR:
        p->errors++;
        p->last_error = *e->error;
        break;
    case ICE_EVENT_CANDIDATES_LOST:
        p->lost_candidates++;
        break;
    case ICE_EVENT_SELECTED_PAIR:
        p->selections++;
        break;
    case ICE_EVENT_VALIDATED:
        p->validated++;
        break;
    default:
        fail_msg("unknown event %d", e->head.type);
    }
}

/* Like a transport, which gives everything that is sent its real path and form, whoever made it. */
static void wrap_all(struct ice_peer *p)
{
    struct packet_queue wrapped = {0};
    for (struct packet *q; (q = packet_queue_pop(&p->out.tx)) != NULL;) {
        if (ice_agent_wrap(p->agent, p->sim->now, q))
            packet_queue_push(&wrapped, q);
        else
            packet_free(q);
    }
    p->out.tx = wrapped;
}

void ice_sim_drain(struct ice_peer *p)
{
    for (struct ice_event *e; (e = out_pop_event(&p->out)) != NULL;) {
        on_event(p, e);
        out_free_event(&p->out, e);
    }
    p->sim->failed |= p->out.failed;
    wrap_all(p);
    sim_host_drain(p->host, p->sim->now, &p->out);
}

void ice_sim_credentials(struct ice_peer *from)
{
    add_signal(from->other, SIGNAL_CREDENTIALS, NULL);
}

void ice_sim_candidate(struct ice_peer *to, const struct ice_candidate *candidate)
{
    (void)ice_agent_add_remote_candidate(to->agent, to->sim->now, candidate, &to->out);
    ice_sim_drain(to);
}

void ice_sim_gather(struct ice_peer *peer)
{
    ice_agent_gather(peer->agent, peer->sim->now, &peer->out);
    ice_sim_drain(peer);
}

void ice_sim_start(struct ice_sim *sim)
{
    ice_sim_credentials(&sim->a);
    ice_sim_credentials(&sim->b);
    ice_sim_gather(&sim->a);
    ice_sim_gather(&sim->b);
}

static void take_signal(struct ice_sim *sim)
{
    struct signal *s = sim->signals;
    struct ice_peer *p = s->to;
    struct slice ufrag = slice_str(ice_agent_local_ufrag(p->other->agent));
    struct slice password = slice_str(ice_agent_credentials(p->other->agent)->password);
    sim->signals = s->next;
    if (s->type == SIGNAL_CREDENTIALS)
        assert_int_equal(ice_agent_set_remote_credentials(p->agent, sim->now, ufrag, password, &p->out), RTC_OK);
    else if (s->type == SIGNAL_CANDIDATE)
        sim->failed |= ice_agent_add_remote_candidate(p->agent, sim->now, &s->candidate, &p->out) == RTC_ERR_NO_MEMORY;
    else
        ice_agent_end_of_remote_candidates(p->agent, sim->now, &p->out);
    ice_sim_drain(p);
    free(s);
}

static void serve(struct ice_sim *sim, struct sim_delivery *d)
{
    for (int i = 0; i < 2; i++) {
        if (!sim->turn[i] || sim->turn[i]->host != d->host)
            continue;
        sim_turn_serve(sim->turn[i], sim->now, d->packet);
        return;
    }
    if (d->host == sim->server)
        sim_stun_serve(d->host, sim->now, d->packet, sim->server_error);
}

static void count_data(struct ice_peer *p)
{
    p->data_received++;
    if (p->data_at >= 0 && p->sim->now - p->data_at > p->data_gap)
        p->data_gap = p->sim->now - p->data_at;
    p->data_at = p->sim->now;
}

static void take_datagram(struct ice_peer *p, const struct packet *packet)
{
    if (packet->len > 0 && packet->bytes[packet->start] < 4)
        ice_agent_input(p->agent, p->sim->now, &packet->path, packet_slice(packet), &p->out);
    else if (ice_agent_receives(p->agent, p->sim->now, &packet->path, packet->len))
        count_data(p);
    else
        p->data_refused++;
}

static void take_packet(struct ice_peer *p, struct packet *packet)
{
    struct packet_queue inner = {0};
    if (!ice_agent_unwrap(p->agent, p->sim->now, packet, &inner, &p->out))
        packet_queue_push(&inner, packet);
    for (struct packet *q; (q = packet_queue_pop(&inner)) != NULL; packet_free(q))
        take_datagram(p, q);
}

static void deliver(struct ice_sim *sim, struct sim_delivery *d)
{
    struct ice_peer *p = sim_host_user(d->host);
    if (!p && d->packet)
        serve(sim, d);
    if (p && !p->agent) {
        p->script(p, d->packet);
        return;
    }
    if (p && d->packet) {
        struct packet *packet = d->packet;
        d->packet = NULL;
        take_packet(p, packet);
    } else if (p)
        assert_true(ice_agent_result(p->agent, sim->now, &d->result, &p->out));
    if (p)
        ice_sim_drain(p);
}

static rtc_time_t earliest(struct ice_sim *sim)
{
    rtc_time_t next = sim_network_next(sim->net);
    if (sim->signals && sim->signals->at < next)
        next = sim->signals->at;
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++) {
        rtc_time_t at = peers[i]->agent ? ice_agent_deadline(peers[i]->agent, NULL) : RTC_TIME_NEVER;
        next = at < next ? at : next;
    }
    return next;
}

static void tick(struct ice_peer *p)
{
    enum timer_reason why;
    if (!p->agent || ice_agent_deadline(p->agent, NULL) > p->sim->now)
        return;
    ice_agent_tick(p->agent, p->sim->now, &p->out);
    ice_sim_drain(p);
    if (ice_agent_deadline(p->agent, &why) <= p->sim->now)
        fail_msg("the deadline does not move: %s", timer_reason_name(why));
}

static bool step(struct ice_sim *sim, rtc_time_t until)
{
    rtc_time_t next = earliest(sim);
    if (next > until)
        return false;
    if (next > sim->now)
        sim->now = next;
    while (sim->signals && sim->signals->at <= sim->now)
        take_signal(sim);
    for (struct sim_delivery d; sim_network_pop(sim->net, sim->now, &d);) {
        deliver(sim, &d);
        sim_delivery_free(&d);
    }
    tick(&sim->a);
    tick(&sim->b);
    return true;
}

void ice_sim_run(struct ice_sim *sim, rtc_time_t until)
{
    unsigned steps = 0;
    rtc_time_t at = sim->now;
    while (step(sim, until)) {
        steps = sim->now == at ? steps + 1 : 0;
        at = sim->now;
        assert_true(steps < SPIN);
    }
    sim->now = until;
}

size_t ice_sim_locals(const struct ice_agent *agent, const struct ice_candidate **out)
{
    static struct ice_candidate lists[4][128];
    static size_t turn;
    size_t count = 0;
    struct ice_candidate *list = lists[turn++ % 4];
    while (count < 128 && ice_agent_local_candidate(agent, count, &list[count]))
        count++;
    *out = list;
    return count;
}

bool ice_sim_connected(const struct ice_peer *p)
{
    enum ice_state s = ice_agent_state(p->agent);
    return s == ICE_CONNECTED || s == ICE_COMPLETED;
}

rtc_time_t ice_sim_connect(struct ice_sim *sim, rtc_time_t limit)
{
    rtc_time_t start = sim->now;
    while (!ice_sim_connected(&sim->a) || !ice_sim_connected(&sim->b))
        if (sim->failed || !step(sim, start + limit))
            return -1;
    return sim->now - start;
}

static void send_data(struct ice_peer *p)
{
    const struct path *path = ice_agent_selected(p->agent);
    if (!path)
        return;
    struct packet *packet = packet_copy(p->out.pool, slice_str("some application data"));
    if (!packet)
        return;
    packet->path = *path;
    if (!ice_agent_wrap(p->agent, p->sim->now, packet)) {
        packet_free(packet);
        return;
    }
    sim_host_send(p->host, p->sim->now, packet);
}

bool ice_sim_data_flows(struct ice_sim *sim)
{
    unsigned a = sim->a.data_received, b = sim->b.data_received;
    send_data(&sim->a);
    send_data(&sim->b);
    ice_sim_run(sim, sim->now + 2 * SECOND);
    return sim->a.data_received == a + 1 && sim->b.data_received == b + 1;
}

void ice_sim_stream(struct ice_sim *sim, rtc_time_t until)
{
    sim->a.data_at = sim->b.data_at = -1;
    sim->a.data_gap = sim->b.data_gap = 0;
    while (sim->now < until) {
        send_data(&sim->a);
        send_data(&sim->b);
        ice_sim_run(sim, sim->now + 5 * MS);
    }
    struct ice_peer *peers[] = {&sim->a, &sim->b};
    for (int i = 0; i < 2; i++)
        if (sim->now - peers[i]->data_at > peers[i]->data_gap)
            peers[i]->data_gap = sim->now - peers[i]->data_at;
}
