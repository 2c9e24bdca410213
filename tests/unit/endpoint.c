/* SPDX-License-Identifier: MIT */
/* Which connection a packet belongs to: user names, paths, transactions; strangers, floods, contests, what is forgotten; plain STUN
 * clients; and that nothing of it asks for memory per packet. The connections are only names here. */
#include "endpoint.h"

#include "counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND ((rtc_time_t)1000000)

struct scene {
    struct counting_allocator counter;
    rtc_context *context;
    rtc_endpoint *endpoint;
    int names[300]; /* their addresses stand for connections */
    struct endpoint_member *member[300];
    uint32_t next_id;
};

static void open_scene(struct scene *s, bool answer_stun)
{
    const rtc_allocator allocator = counting_allocator_of(&s->counter);
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    static const char *const addresses[] = {"0.0.0.0", "2001:db8::1"};
    const rtc_endpoint_options o = {.size = sizeof o, .addresses = addresses, .address_count = 2, .port = 5000, .answer_stun = answer_stun};
    assert_int_equal(rtc_context_new(&options, &s->context), RTC_OK);
    assert_int_equal(rtc_endpoint_new(s->context, &o, &s->endpoint), RTC_OK);
    assert_int_equal(rtc_endpoint_port(s->endpoint), 5000);
}

static void close_scene(struct scene *s)
{
    for (size_t i = 0; i < 300; i++)
        if (s->member[i]) {
            if (s->member[i]->endpoint)
                endpoint_leave(s->member[i]);
            endpoint_member_free(s->member[i]);
        }
    rtc_endpoint_unref(s->endpoint);
    rtc_context_unref(s->context);
    assert_int_equal(s->counter.live, 0);
    free(s);
}

static struct scene *scene_new(bool answer_stun)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    open_scene(s, answer_stun);
    return s;
}

static struct address at(const char *ip, uint16_t port)
{
    struct address a;
    assert_true(address_parse(slice_str(ip), port, &a));
    return a;
}

static rtc_peer_connection *named(struct scene *s, int i)
{
    return (rtc_peer_connection *)&s->names[i];
}

static void admit(struct scene *s, int i)
{
    assert_int_equal(endpoint_admit(s->endpoint, named(s, i), NULL, &s->member[i]), RTC_OK);
}

/* An alias for the agent; returns its id. */
static uint32_t open_alias(struct scene *s, int i, const char *ufrag, const char *ip)
{
    struct address local = at(ip, 0), bound;
    assert_int_equal(endpoint_open(s->member[i], ufrag, ++s->next_id, &local, &bound), RTC_OK);
    assert_true(address_ip_eq(&bound, &local));
    assert_int_equal(bound.port, 5000);
    return s->next_id;
}

struct routed {
    rtc_peer_connection *to;
    uint32_t socket;
};

static struct routed route(struct scene *s, rtc_time_t now, const char *local, const char *remote, uint16_t port, const void *bytes,
                           size_t len)
{
    struct path path = {.socket = 4711, .local = at(local, 5000), .remote = at(remote, port)};
    const struct endpoint_member *m = endpoint_route(s->endpoint, now, &path, slice_of(bytes, len));
    assert_true(m || path.socket == 0 || path.socket == 4711);
    return (struct routed){m ? m->owner : NULL, path.socket};
}

static struct routed route_message(struct scene *s, rtc_time_t now, const char *local, uint16_t port, const struct stun_message *m)
{
    uint8_t bytes[256];
    size_t len = stun_write(m, slice_str("the password of somebody"), bytes, sizeof bytes);
    assert_true(len > 0);
    return route(s, now, local, "198.51.100.1", port, bytes, len);
}

static struct routed route_check(struct scene *s, const char *local, uint16_t port, const char *username)
{
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_USERNAME | STUN_HAS_FINGERPRINT};
    m.username = slice_str(username);
    return route_message(s, 1, local, port, &m);
}

static struct routed route_data(struct scene *s, rtc_time_t now, const char *local, uint16_t port)
{
    static const uint8_t record[] = {22, 254, 253, 0};
    return route(s, now, local, "198.51.100.1", port, record, sizeof record);
}

static void learn(struct scene *s, int i, rtc_time_t now, uint32_t socket, const char *local, uint16_t port)
{
    const struct path path = {.socket = socket, .local = at(local, 5000), .remote = at("198.51.100.1", port)};
    endpoint_learn(s->member[i], now, &path, false);
}

static void learn_answer(struct scene *s, int i, rtc_time_t now, uint32_t socket)
{
    const struct path path = {.socket = socket, .local = at("10.0.0.1", 5000), .remote = at("198.51.100.1", 1000)};
    endpoint_learn(s->member[i], now, &path, true);
}

static bool contested(struct scene *s, int i, rtc_time_t now, uint32_t socket)
{
    const struct path path = {.socket = socket, .local = at("10.0.0.1", 5000), .remote = at("198.51.100.1", 1000)};
    return endpoint_contested(s->member[i], now, &path);
}

static rtc_endpoint_stats stats(struct scene *s)
{
    rtc_endpoint_stats out = {.size = sizeof out};
    rtc_endpoint_get_stats(s->endpoint, &out);
    return out;
}

/* Each agent of a connection has its own name, and its own alias of each address. */
static void by_user_name(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    admit(s, 0);
    admit(s, 1);
    uint32_t a4 = open_alias(s, 0, "aaaaaaaa", "10.0.0.1"), a6 = open_alias(s, 0, "aaaaaaaa", "2001:db8::1");
    uint32_t b4 = open_alias(s, 1, "bbbbbbbb", "10.0.0.1"), b2 = open_alias(s, 1, "bbbbbbbb", "10.0.0.2");
    uint32_t next = open_alias(s, 0, "AAAAAAAA", "10.0.0.1");
    struct routed r = route_check(s, "10.0.0.1", 1, "aaaaaaaa:them");
    assert_true(r.to == named(s, 0) && r.socket == a4);
    r = route_check(s, "2001:db8::1", 1, "aaaaaaaa:them");
    assert_true(r.to == named(s, 0) && r.socket == a6);
    r = route_check(s, "10.0.0.1", 1, "AAAAAAAA:them");
    assert_true(r.to == named(s, 0) && r.socket == next);
    r = route_check(s, "10.0.0.1", 1, "bbbbbbbb:");
    assert_true(r.to == named(s, 1) && r.socket == b4);
    r = route_check(s, "10.0.0.2", 1, "bbbbbbbb:x:y");
    assert_true(r.to == named(s, 1) && r.socket == b2);
    static const char *const nobody[] = {"aaaaaaa:them", "aaaaaaaaa:them", "cccccccc:aaaaaaaa", "aaaaaaaa", ":aaaaaaaa", ""};
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++)
        assert_null(route_check(s, "10.0.0.1", 1, nobody[i]).to);
    assert_null(route_check(s, "10.0.0.2", 1, "aaaaaaaa:them").to); /* an address that the agent does not have */
    assert_int_equal(stats(s).unknown_user, 7);
    /* The old agent's sockets are closed: its name is gone, the new one's is not. */
    assert_true(endpoint_release(s->member[0], a4));
    assert_non_null(route_check(s, "2001:db8::1", 1, "aaaaaaaa:them").to);
    assert_true(endpoint_release(s->member[0], a6));
    assert_false(endpoint_release(s->member[0], a6));
    assert_null(route_check(s, "2001:db8::1", 1, "aaaaaaaa:them").to);
    assert_non_null(route_check(s, "10.0.0.1", 1, "AAAAAAAA:them").to);
    endpoint_leave(s->member[0]);
    assert_null(route_check(s, "10.0.0.1", 1, "AAAAAAAA:them").to);
    assert_int_equal(stats(s).connections, 1);
    close_scene(s);
}

static void what_is_served(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    struct address local, bound;
    admit(s, 0);
    admit(s, 1);
    local = at("2001:db8::2", 0);
    assert_int_equal(endpoint_open(s->member[0], "aaaaaaaa", 1, &local, &bound), RTC_ERR_NETWORK);
    (void)open_alias(s, 0, "aaaaaaaa", "10.0.0.1");
    local = at("10.0.0.1", 0);
    assert_int_not_equal(endpoint_open(s->member[1], "aaaaaaaa", 1, &local, &bound), RTC_OK); /* somebody else's name */
    assert_int_not_equal(endpoint_open(s->member[1], "much-too-long", 1, &local, &bound), RTC_OK);
    for (int i = 0; i < ENDPOINT_USERS_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "user%d", i);
        (void)open_alias(s, 1, name, "10.0.0.1");
    }
    assert_int_not_equal(endpoint_open(s->member[1], "onemore", 1, &local, &bound), RTC_OK);
    for (int i = ENDPOINT_USERS_MAX; i < ENDPOINT_ALIASES_MAX; i++)
        (void)open_alias(s, 1, "user0", "10.0.0.1");
    assert_int_equal(endpoint_open(s->member[1], "user0", 1, &local, &bound), RTC_ERR_NETWORK);
    close_scene(s);
}

/* Nothing but what an agent authenticated makes a path known. */
static void by_path(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    for (int i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "u%d", i);
        admit(s, i);
        (void)open_alias(s, i, name, "10.0.0.1"); /* its id is i + 1 */
        (void)route_check(s, "10.0.0.1", (uint16_t)(1000 + i), name);
    }
    assert_null(route_data(s, 1, "10.0.0.1", 1000).to);
    for (int i = 0; i < 200; i++)
        learn(s, i, 1, (uint32_t)i + 1, "10.0.0.1", (uint16_t)(1000 + i));
    assert_int_equal(stats(s).paths, 200);
    long long before = s->counter.calls;
    for (int i = 0; i < 200; i++) {
        struct routed r = route_data(s, 2, "10.0.0.1", (uint16_t)(1000 + i));
        assert_true(r.to == named(s, i) && r.socket == (uint32_t)i + 1);
        learn(s, i, 2, (uint32_t)i + 1, "10.0.0.1", (uint16_t)(1000 + i));
    }
    /* Strangers: other ports, another of our addresses, floods. */
    for (unsigned port = 2000; port < 60000; port++)
        assert_null(route_data(s, 2, "10.0.0.1", (uint16_t)port).to);
    assert_null(route_data(s, 2, "10.0.0.2", 1000).to);
    for (int i = 0; i < 1000; i++)
        assert_null(route_check(s, "10.0.0.1", 1000, "unknown:user").to);
    assert_int_equal(s->counter.calls, before);
    assert_int_equal(stats(s).unknown_path, 1 + 58000 + 1);
    assert_int_equal(stats(s).paths, 200);
    /* One hangs up. */
    endpoint_leave(s->member[7]);
    assert_null(route_data(s, 2, "10.0.0.1", 1007).to);
    assert_true(route_data(s, 2, "10.0.0.1", 1008).to == named(s, 8));
    close_scene(s);
}

/* A path is its first claimant's until another shows that it is there; then that one's, who keeps it against all who do not, and for a
 * while against all others. */
static void who_is_there(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    admit(s, 0);
    admit(s, 1);
    uint32_t a = open_alias(s, 0, "aaaaaaaa", "10.0.0.1"), b = open_alias(s, 1, "bbbbbbbb", "10.0.0.1");
    learn(s, 0, SECOND, a, "10.0.0.1", 1000);
    assert_false(contested(s, 0, 2 * SECOND, a));
    assert_true(contested(s, 1, 2 * SECOND, b));
    assert_false(contested(s, 1, 2 * SECOND, 999));
    for (int i = 0; i < 50; i++) /* however often, and however quiet the first one is */
        learn(s, 1, (2 + i) * SECOND, b, "10.0.0.1", 1000);
    assert_true(route_data(s, 52 * SECOND, "10.0.0.1", 1000).to == named(s, 0));
    assert_int_equal(stats(s).contested, 50);
    learn_answer(s, 1, 52 * SECOND, b);
    assert_true(route_data(s, 52 * SECOND, "10.0.0.1", 1000).to == named(s, 1));
    assert_true(contested(s, 0, 52 * SECOND, a));
    learn(s, 0, 53 * SECOND, a, "10.0.0.1", 1000);
    learn_answer(s, 0, 62 * SECOND - 1, a); /* both are there: they do not take it from each other all the time */
    assert_true(route_data(s, 62 * SECOND, "10.0.0.1", 1000).to == named(s, 1));
    learn_answer(s, 1, 55 * SECOND, b);
    learn_answer(s, 0, 62 * SECOND, a);
    assert_true(route_data(s, 62 * SECOND, "10.0.0.1", 1000).to == named(s, 1));
    learn(s, 1, 65 * SECOND, b, "10.0.0.1", 1000); /* hearing is no answer */
    learn_answer(s, 0, 65 * SECOND, a);
    assert_true(route_data(s, 65 * SECOND, "10.0.0.1", 1000).to == named(s, 0));
    assert_int_equal(stats(s).contested, 55);
    assert_int_equal(stats(s).paths, 1);
    /* Unused for a minute. */
    assert_true(route_data(s, 125 * SECOND - 1, "10.0.0.1", 1000).to == named(s, 0));
    assert_null(route_data(s, 125 * SECOND, "10.0.0.1", 1000).to);
    assert_int_equal(stats(s).paths, 0);
    assert_false(contested(s, 1, 125 * SECOND, b));
    /* A socket of the connection that is not the endpoint's teaches nothing. */
    learn(s, 0, 130 * SECOND, 999, "10.0.0.1", 1000);
    assert_int_equal(stats(s).paths, 0);
    close_scene(s);
}

/* A peer whose NAT gives it one address after another. */
static void paths_are_bounded(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    admit(s, 0);
    uint32_t a = open_alias(s, 0, "aaaaaaaa", "10.0.0.1");
    for (int i = 0; i < 1000; i++) {
        learn(s, 0, SECOND + 2 * i, a, "10.0.0.1", 900);
        learn(s, 0, SECOND + 2 * i + 1, a, "10.0.0.1", (uint16_t)(1000 + i));
    }
    assert_int_equal(stats(s).paths, ENDPOINT_PATHS_MAX);
    assert_non_null(route_data(s, SECOND + 2000, "10.0.0.1", 900).to);
    assert_non_null(route_data(s, SECOND + 2000, "10.0.0.1", 1999).to);
    assert_null(route_data(s, SECOND + 2000, "10.0.0.1", 1000).to);
    close_scene(s);
}

/* An ICE restart over the same addresses: what came on the old agent's alias goes to the one that is left, whichever that is. */
static void paths_outlive_their_agent(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    admit(s, 0);
    uint32_t old = open_alias(s, 0, "oldagent", "10.0.0.1"), next = open_alias(s, 0, "newagent", "10.0.0.1");
    learn(s, 0, 1, old, "10.0.0.1", 1000);
    assert_int_equal(route_data(s, 1, "10.0.0.1", 1000).socket, old);
    learn(s, 0, 2, next, "10.0.0.1", 1000);
    assert_int_equal(route_data(s, 2, "10.0.0.1", 1000).socket, next);
    assert_true(endpoint_release(s->member[0], next)); /* it was rolled back */
    assert_int_equal(route_data(s, 2, "10.0.0.1", 1000).socket, old);
    next = open_alias(s, 0, "newagent", "10.0.0.2");
    assert_true(endpoint_release(s->member[0], old));
    assert_null(route_data(s, 2, "10.0.0.1", 1000).to);
    assert_int_equal(stats(s).paths, 0);
    close_scene(s);
}

static void send_request(struct scene *s, int i, uint32_t socket, const struct stun_message *m)
{
    struct packet *p = packet_new(s->endpoint->pool);
    assert_non_null(p);
    p->len = (uint32_t)stun_write(m, slice_str(""), packet_data(p), packet_tailroom(p));
    p->path = (struct path){.socket = socket, .local = at("10.0.0.1", 5000), .remote = at("198.51.100.1", 3478)};
    assert_true(endpoint_sends(s->member[i], p));
    assert_int_equal(p->path.socket, 0);
    packet_free(p);
}

static void number(struct stun_message *m, enum stun_class class, uint32_t n)
{
    *m = (struct stun_message){.class = class, .method = STUN_BINDING};
    n *= 2654435761u;
    memcpy(m->transaction, &n, sizeof n);
    memcpy(m->transaction + 8, &n, sizeof n);
    if (class == STUN_SUCCESS) {
        m->has = STUN_HAS_XOR_MAPPED;
        m->mapped = at("203.0.113.1", 1);
    }
}

/* Many connections ask one server, through one port. */
static void by_transaction(void **state)
{
    (void)state;
    struct scene *s = scene_new(false);
    struct stun_message m;
    for (int i = 0; i < 200; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "u%d", i);
        admit(s, i);
        (void)open_alias(s, i, name, "10.0.0.1");
    }
    unsigned found = 0;
    for (int i = 0; i < 200; i++) {
        number(&m, STUN_REQUEST, (uint32_t)i);
        send_request(s, i, (uint32_t)i + 1, &m);
        send_request(s, i, (uint32_t)i + 1, &m); /* again */
    }
    long long before = s->counter.calls;
    for (int i = 0; i < 200; i++) {
        number(&m, STUN_SUCCESS, (uint32_t)i);
        struct routed r = route_message(s, 1, "10.0.0.1", 3478, &m);
        assert_true(!r.to || (r.to == named(s, i) && r.socket == (uint32_t)i + 1));
        found += r.to != NULL;
    }
    assert_true(found >= 199); /* a set may be full; then its path is asked, or the request is repeated */
    for (uint32_t i = 1000; i < 5000; i++) {
        number(&m, STUN_SUCCESS, i);
        assert_null(route_message(s, 1, "10.0.0.1", 3478, &m).to);
        number(&m, STUN_REQUEST, i);
        send_request(s, 0, 1, &m);
    }
    assert_int_equal(s->counter.calls, before);
    /* The newest are those that count; an answer to one who left is nobody's. */
    number(&m, STUN_SUCCESS, 4999);
    assert_true(route_message(s, 1, "10.0.0.1", 3478, &m).to == named(s, 0));
    assert_null(route_message(s, 1, "10.0.0.2", 3478, &m).to); /* not where the request came from */
    assert_true(endpoint_release(s->member[0], 1));
    assert_null(route_message(s, 1, "10.0.0.1", 3478, &m).to); /* its agent is gone */
    (void)open_alias(s, 0, "u0", "10.0.0.1");
    number(&m, STUN_REQUEST, 5000);
    send_request(s, 0, s->next_id, &m);
    number(&m, STUN_SUCCESS, 5000);
    assert_true(route_message(s, 1, "10.0.0.1", 3478, &m).to == named(s, 0));
    endpoint_leave(s->member[0]);
    assert_null(route_message(s, 1, "10.0.0.1", 3478, &m).to);
    /* What goes elsewhere is not touched. */
    struct packet *p = packet_new(s->endpoint->pool);
    p->path.socket = 4000;
    assert_false(endpoint_sends(s->member[1], p));
    assert_int_equal(p->path.socket, 4000);
    packet_free(p);
    close_scene(s);
}

static void bad_packets(void **state)
{
    (void)state;
    struct scene *s = scene_new(true);
    uint8_t bytes[256], *exact;
    admit(s, 0);
    (void)open_alias(s, 0, "aaaaaaaa", "10.0.0.1");
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_USERNAME | STUN_HAS_FINGERPRINT};
    m.username = slice_str("aaaaaaaa:them");
    size_t len = stun_write(&m, slice_str("password"), bytes, sizeof bytes);
    for (size_t i = 0; i < len; i++) { /* every truncation, in a block of just its length */
        exact = malloc(i + 1);
        memcpy(exact, bytes, i);
        assert_null(route(s, 1, "10.0.0.1", "198.51.100.1", 1, exact, i).to);
        free(exact);
    }
    assert_non_null(route(s, 1, "10.0.0.1", "198.51.100.1", 1, bytes, len).to);
    bytes[len - 1] ^= 1; /* FINGERPRINT */
    assert_null(route(s, 1, "10.0.0.1", "198.51.100.1", 1, bytes, len).to);
    m.method = 3;
    len = stun_write(&m, slice_str("password"), bytes, sizeof bytes);
    assert_null(route(s, 1, "10.0.0.1", "198.51.100.1", 1, bytes, len).to);
    for (unsigned first = 4; first < 256; first++) {
        uint8_t one = (uint8_t)first;
        assert_null(route(s, 1, "10.0.0.1", "198.51.100.1", 1, &one, 1).to);
    }
    assert_null(rtc_endpoint_next_packet(s->endpoint));
    close_scene(s);
}

static rtc_packet *ask_plainly(struct scene *s, rtc_time_t now, const struct stun_message *m)
{
    uint8_t bytes[256];
    size_t len = stun_write(m, slice_str(""), bytes, sizeof bytes);
    assert_null(route(s, now, "10.0.0.2", "198.51.100.1", 4000, bytes, len).to);
    return rtc_endpoint_next_packet(s->endpoint);
}

static void plain_stun(void **state)
{
    (void)state;
    struct scene *s = scene_new(true);
    struct stun_message m, answer;
    number(&m, STUN_REQUEST, 5);
    rtc_packet *p = ask_plainly(s, 1, &m);
    assert_non_null(p);
    assert_int_equal(stun_parse(slice_of(rtc_packet_data(p), rtc_packet_len(p)), &answer), RTC_OK);
    assert_int_equal(answer.class, STUN_SUCCESS);
    assert_memory_equal(answer.transaction, m.transaction, sizeof m.transaction);
    assert_int_equal(answer.mapped.port, 4000);
    assert_true(rtc_packet_len(p) <= 2 * STUN_HEADER_LEN);
    rtc_path path;
    rtc_packet_path(p, &path);
    assert_int_equal(path.socket, 0);
    assert_int_equal(path.local.ip[3], 2);
    assert_int_equal(path.remote.port, 4000);
    rtc_packet_free(p);
    /* An attribute that must be understood. */
    static const uint8_t strange[] = {0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x7f, 0x01, 0, 0};
    assert_null(route(s, 1, "10.0.0.2", "198.51.100.1", 4000, strange, sizeof strange).to);
    p = rtc_endpoint_next_packet(s->endpoint);
    assert_non_null(p);
    assert_int_equal(stun_parse(slice_of(rtc_packet_data(p), rtc_packet_len(p)), &answer), RTC_OK);
    assert_int_equal(answer.error_code, 420);
    assert_int_equal(answer.unknown_attributes.len, 2);
    rtc_packet_free(p);
    /* Bounded in time, and while nobody fetches. */
    unsigned answered = 0;
    for (int i = 0; i < 5000; i++) {
        p = ask_plainly(s, 10 * SECOND + i, &m);
        answered += p != NULL;
        rtc_packet_free(p);
    }
    assert_int_equal(answered, 1000);
    p = ask_plainly(s, 12 * SECOND, &m);
    assert_non_null(p);
    rtc_packet_free(p);
    uint8_t bytes[64];
    size_t len = stun_write(&m, slice_str(""), bytes, sizeof bytes);
    for (int i = 0; i < 500; i++)
        (void)route(s, 20 * SECOND, "10.0.0.2", "198.51.100.1", 4000, bytes, len);
    assert_int_equal(s->endpoint->answers.count, 64);
    rtc_endpoint_close(s->endpoint);
    assert_null(rtc_endpoint_next_packet(s->endpoint));
    close_scene(s);
    /* Unless it is wanted, nobody is answered. */
    s = scene_new(false);
    assert_null(ask_plainly(s, 1, &m));
    assert_int_equal(stats(s).unknown_user, 1);
    close_scene(s);
}

/* Whatever allocation fails, the rest goes on. */
static void out_of_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 40; n++) {
        struct scene *s = scene_new(true);
        struct address local = at("10.0.0.1", 0), bound;
        struct stun_message m;
        s->counter.fail_at = s->counter.calls + n;
        unsigned served = 0;
        for (int i = 0; i < 8; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "u%d", i);
            int error = endpoint_admit(s->endpoint, named(s, i), NULL, &s->member[i]);
            assert_true(error == RTC_OK || (error == RTC_ERR_NO_MEMORY && !s->member[i]));
            if (error)
                continue;
            error = endpoint_open(s->member[i], name, (uint32_t)i + 1, &local, &bound);
            assert_true(error == RTC_OK || error == RTC_ERR_NO_MEMORY);
            if (error)
                continue;
            served++;
            learn(s, i, 1, (uint32_t)i + 1, "10.0.0.1", (uint16_t)(1000 + i));
            learn(s, i, 2, (uint32_t)i + 1, "10.0.0.1", (uint16_t)(1000 + i));
            assert_non_null(route_data(s, 2, "10.0.0.1", (uint16_t)(1000 + i)).to);
            assert_null(route_check(s, "10.0.0.1", 1, "nobody:x").to);
            number(&m, STUN_REQUEST, (uint32_t)i);
            rtc_packet_free(ask_plainly(s, 1, &m));
            struct packet *p = packet_new(s->endpoint->pool);
            if (p) {
                p->len = (uint32_t)stun_write(&m, slice_str(""), packet_data(p), packet_tailroom(p));
                p->path.socket = (uint32_t)i + 1;
                assert_true(endpoint_sends(s->member[i], p));
            }
            packet_free(p);
        }
        assert_true(served >= 7);
        s->counter.fail_at = 0;
        close_scene(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_user_name),   cmocka_unit_test(what_is_served),    cmocka_unit_test(by_path),
        cmocka_unit_test(who_is_there),   cmocka_unit_test(paths_are_bounded), cmocka_unit_test(paths_outlive_their_agent),
        cmocka_unit_test(by_transaction), cmocka_unit_test(bad_packets),       cmocka_unit_test(plain_stun),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
