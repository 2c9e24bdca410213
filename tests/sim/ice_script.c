/* SPDX-License-Identifier: MIT */
/* See ice_script.h. */
#include "ice_script.h"

#include <stdio.h>

const char script_ufrag[] = "peer";
const char script_password[] = "0123456789abcdefghijkl";
const char script_four[] = "candidate:1 1 udp 2122260223 192.0.2.2 6000 typ host";
const char script_six[] = "candidate:2 1 udp 2122262783 2001:db8:2::1 6000 typ host";
struct script script;
rtc_context *script_context;

int script_setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &script_context);
}

int script_teardown(void **state)
{
    (void)state;
    rtc_context_unref(script_context);
    return 0;
}

void script_send(struct ice_peer *peer, const struct path *path, const struct stun_message *m, const char *key)
{
    struct packet *p = packet_new(peer->out.pool);
    assert_non_null(p);
    p->len = (uint32_t)stun_write(m, slice_str(key), packet_data(p), packet_tailroom(p));
    assert_true(p->len > 0);
    p->path = *path;
    sim_host_send(peer->host, peer->sim->now, p);
}

void script_request(struct ice_peer *peer, struct stun_message *m, char username[64])
{
    *m = (struct stun_message){.class = STUN_REQUEST, .method = STUN_BINDING};
    (void)snprintf(username, 64, "%s:%s", ice_agent_local_ufrag(peer->other->agent), script_ufrag);
    context_random(script_context, m->transaction, sizeof m->transaction);
    m->has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_FINGERPRINT;
    m->has |= script.controlling ? STUN_HAS_CONTROLLING : STUN_HAS_CONTROLLED;
    m->username = slice_str(username);
    m->priority = 1845501695;
    m->tie_breaker = 1;
}

void script_ask(struct ice_peer *peer, const struct path *path, uint32_t has)
{
    struct stun_message m;
    char username[64];
    script_request(peer, &m, username);
    m.has |= has;
    script_send(peer, path, &m, ice_agent_credentials(peer->other->agent)->password);
}

static void answer(struct ice_peer *peer, const struct packet *packet, const struct stun_message *request)
{
    struct stun_message m = {.class = script.error ? STUN_ERROR : STUN_SUCCESS, .method = STUN_BINDING};
    m.has = STUN_HAS_FINGERPRINT | (script.error ? STUN_HAS_ERROR : STUN_HAS_XOR_MAPPED);
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    m.mapped = packet->path.remote;
    m.error_code = script.error;
    script_send(peer, &packet->path, &m, script_password);
}

static void play(struct ice_peer *peer, const struct packet *packet)
{
    struct stun_message m;
    if (!packet)
        return;
    assert_int_equal(stun_parse(packet_slice(packet), &m), RTC_OK);
    assert_true(m.has & STUN_HAS_FINGERPRINT);
    script.repeated += m.class == STUN_REQUEST && memcmp(script.last.transaction, m.transaction, sizeof m.transaction) == 0;
    memcpy(script.bytes, m.bytes.data, m.bytes.len);
    script.last = m;
    if (m.class != STUN_REQUEST) {
        assert_true(stun_authentic(&m, slice_str(ice_agent_credentials(peer->other->agent)->password)));
        script.successes += m.class == STUN_SUCCESS;
        script.errors += m.class == STUN_ERROR;
        script.last_error = m.error_code;
        return;
    }
    assert_true(stun_authentic(&m, slice_str(script_password)));
    script.requests++;
    if (m.has & STUN_HAS_USE_CANDIDATE) {
        script.nominations++;
        script.nominated_socket = packet->path.socket;
    }
    bool deaf = script.only_socket && packet->path.socket != script.only_socket;
    if (script.answers && packet->path.socket != script.silent_socket && !deaf)
        answer(peer, packet, &m);
    if (script.nominates_all)
        script_ask(peer, &packet->path, STUN_HAS_USE_CANDIDATE);
}

void script_begin(struct ice_sim *sim, uint64_t seed, bool controlling)
{
    script_begin_with(sim, seed, (struct ice_options){.controlling = controlling});
}

void script_begin_with(struct ice_sim *sim, uint64_t seed, struct ice_options options)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    options.next_request_id = &sim->a.next_id;
    script = (struct script){.answers = true, .controlling = !options.controlling};
    context_seed(script_context, seed);
    assert_int_equal(ice_sim_init(sim, script_context, seed, &link), RTC_OK);
    sim_host_add_address(sim->a.host, "192.0.2.1");
    sim_host_add_address(sim->a.host, "2001:db8:1::1");
    assert_int_equal(ice_agent_new(script_context, &options, &sim->a.agent), RTC_OK);
    sim->b.script = play;
    sim_host_open(sim->b.host, 1, "192.0.2.2", 6000);
    sim_host_open(sim->b.host, 2, "2001:db8:2::1", 6000);
    sim->a.mute_candidates = sim->a.mute_end = true;
    ice_sim_gather(&sim->a);
    ice_sim_run(sim, sim->now + 5 * MS);
    assert_int_equal(
        ice_agent_set_remote_credentials(sim->a.agent, sim->now, slice_str(script_ufrag), slice_str(script_password), &sim->a.out), RTC_OK);
}

void script_candidate(struct ice_sim *sim, const char *text)
{
    struct ice_candidate c;
    assert_int_equal(ice_candidate_parse(slice_str(text), &c), RTC_OK);
    ice_sim_candidate(&sim->a, &c);
}

struct path script_path(struct ice_sim *sim, uint8_t family)
{
    const struct ice_candidate *list;
    size_t n = ice_sim_locals(sim->a.agent, &list);
    for (size_t i = 0; i < n; i++) {
        if (list[i].address.family != family)
            continue;
        struct path p = {.socket = family == ADDRESS_IPV6 ? 2 : 1, .remote = list[i].address};
        assert_true(address_parse(slice_str(family == ADDRESS_IPV6 ? "2001:db8:2::1" : "192.0.2.2"), 6000, &p.local));
        return p;
    }
    fail_msg("no such address");
    return (struct path){0};
}
