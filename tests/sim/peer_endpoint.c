/* SPDX-License-Identifier: MIT */
/* Many whole connections over one port, in virtual time: hundreds at once among strangers and floods, coming and going, behind NATs that
 * share an address or change it, a STUN server that all ask, and memory that runs out. */
#include "sim_hall.h"

#include "endpoint.h"
#include "stun_message.h"

#include "../unit/counting_allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS ((rtc_time_t)1000)
#define SECOND ((rtc_time_t)1000000)

static rtc_endpoint_stats stats(struct hall *h)
{
    rtc_endpoint_stats s = {.size = sizeof s};
    rtc_endpoint_get_stats(h->endpoint, &s);
    return s;
}

static bool all_have_answers(struct hall *h)
{
    for (int i = 0; i < h->count; i++)
        if (h->client[i].pc && h->client[i].got == 0)
            return false;
    return true;
}

static void check_guests(struct hall *h)
{
    for (int i = 0; i < h->count; i++) {
        if (h->client[i].wrong || h->seat[i].wrong)
            fail_msg("client %d got what was another's", i);
        if (h->client[i].pc && (h->client[i].state != RTC_PEER_CONNECTION_CONNECTED || h->seat[i].state != RTC_PEER_CONNECTION_CONNECTED))
            fail_msg("client %d: %s, its seat: %s", i, rtc_peer_connection_state_name(h->client[i].state),
                     rtc_peer_connection_state_name(h->seat[i].state));
    }
    assert_int_equal(h->error, RTC_OK);
}

static void say_all(struct hall *h, rtc_time_t limit)
{
    for (int i = 0; i < h->count; i++) {
        h->client[i].got = 0;
        if (h->client[i].pc)
            hall_say(h, i);
    }
    if (!hall_run(h, limit, all_have_answers))
        for (int i = 0; i < h->count; i++)
            if (h->client[i].pc && h->client[i].got == 0)
                fail_msg("client %d has no answer", i);
}

/* Every few milliseconds: checks for names that nobody has, and for a name that somebody has with the wrong password; DTLS and RTP from
 * unknown addresses, and from an address of a client's NAT; responses to nothing; noise. */
static void flood(struct hall *h)
{
    static unsigned n;
    uint8_t bytes[200];
    char name[64], ip[32];
    struct stun_message m = {
        .class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_FINGERPRINT};
    n++;
    (void)snprintf(ip, sizeof ip, "192.0.2.%u", n % 250 + 1);
    (void)snprintf(name, sizeof name, "user%u:x", n);
    m.username = slice_str(name);
    size_t len = stun_write(&m, slice_str("password"), bytes, sizeof bytes);
    hall_stray(h, ip, (uint16_t)(1024 + n % 60000), bytes, len);
    const char *sdp = rtc_peer_connection_local_description(h->seat[n % (unsigned)h->count].pc, NULL),
               *ufrag = sdp ? strstr(sdp, "a=ice-ufrag:") : NULL;
    if (ufrag) {
        (void)snprintf(name, sizeof name, "%.8s:x", ufrag + strlen("a=ice-ufrag:"));
        m.username = slice_str(name);
        len = stun_write(&m, slice_str("password"), bytes, sizeof bytes);
        hall_stray(h, ip, (uint16_t)(1024 + n % 60000), bytes, len);
    }
    m = (struct stun_message){.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED};
    m.mapped = address_ipv4(192, 0, 2, 1, 1);
    memcpy(m.transaction, &n, sizeof n);
    len = stun_write(&m, slice_str(""), bytes, sizeof bytes);
    hall_stray(h, ip, 3478, bytes, len);
    memset(bytes, (int)n, sizeof bytes);
    bytes[0] = n % 2 ? 22 : 128;
    hall_stray(h, ip, (uint16_t)(1024 + n % 60000), bytes, sizeof bytes);
    hall_stray(h, "203.0.113.1", (uint16_t)(50000 + n % 64), bytes,
               sizeof bytes); /* may hit a client's mapping: ICE lets it through, DTLS does not */
    bytes[0] = (uint8_t)n;
    hall_stray(h, ip, 9, bytes, n % sizeof bytes);
}

/* 200 clients, some of them many behind one address, all at once, under fire. */
static void hundreds(bool lite)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 15 * MS, .jitter_us = 5 * MS, .loss = 0.03};
    char ip[32], public_ip[32];
    assert_true(hall_open(&h, 1, NULL, lite));
    for (int i = 0; i < 200; i++) {
        bool six = i % 10 == 9;
        (void)snprintf(ip, sizeof ip, six ? "2001:db8:6::%d" : "10.0.%d.%d", six ? i : i / 100, i % 100 + 1);
        (void)snprintf(public_ip, sizeof public_ip, "203.0.113.%d", i % 8 + 1);
        int n = hall_add_client(&h, &link, ip, six ? "" : public_ip, (uint16_t)(50000 + 8 * i));
        assert_int_equal(hall_call(&h, n, i % 2 == 1, false), RTC_OK);
    }
    h.on_step = flood;
    h.step_every = 2 * MS;
    h.next_step = 1;
    assert_true(hall_run(&h, 20 * SECOND, all_have_answers));
    check_guests(&h);
    (void)hall_run(&h, 3 * SECOND, NULL);
    h.step_every = 100 * MS;
    (void)hall_run(&h, 30 * SECOND, NULL);
    say_all(&h, 10 * SECOND);
    check_guests(&h);
    rtc_endpoint_stats s = stats(&h);
    assert_int_equal(s.connections, 200);
    assert_in_range(s.paths, 200, 400);
    assert_int_equal(s.contested, 0);
    assert_true(s.unknown_user > 1000 && s.unknown_path > 1000 && s.malformed > 0);
    hall_close(&h);
}

static void hundreds_of_a_lite_server(void **state)
{
    (void)state;
    hundreds(true);
}

static void hundreds_of_a_full_server(void **state)
{
    (void)state;
    hundreds(false);
}

/* Clients hang up and call again from their same ports and others; nobody hears another's. */
static void coming_and_going(void **state)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 5 * MS};
    char ip[32];
    (void)state;
    assert_true(hall_open(&h, 2, NULL, true));
    for (int i = 0; i < 30; i++) {
        (void)snprintf(ip, sizeof ip, "10.0.0.%d", i + 1);
        int n = hall_add_client(&h, &link, ip, "203.0.113.1", (uint16_t)(50000 + 100 * i));
        assert_int_equal(hall_call(&h, n, false, false), RTC_OK);
    }
    assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
    for (int round = 1; round <= 6; round++) {
        for (int i = round % 3; i < 30; i += 3) {
            hall_hang_up(&h, i);
            if (round < 4) /* the NAT gives the same ports to the new call */
                sim_host_rebind_nat(h.client[i].host, (uint16_t)(50000 + 100 * i));
        }
        (void)hall_run(&h, SECOND, NULL);
        assert_int_equal(stats(&h).connections, 20);
        for (int i = round % 3; i < 30; i += 3)
            assert_int_equal(hall_call(&h, i, round % 2, false), RTC_OK);
        assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
        check_guests(&h);
    }
    for (int i = 0; i < 30; i++)
        hall_hang_up(&h, i);
    assert_int_equal(stats(&h).connections, 0);
    assert_int_equal(stats(&h).paths, 0);
    hall_close(&h);
}

/* The clients' NATs give them new ports, one by one and then all together, some the port that was another's. */
static void rebinding(bool lite)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 10 * MS};
    char ip[32];
    assert_true(hall_open(&h, 3, NULL, lite));
    for (int i = 0; i < 20; i++) {
        (void)snprintf(ip, sizeof ip, "10.0.0.%d", i + 1);
        int n = hall_add_client(&h, &link, ip, "203.0.113.1", (uint16_t)(50000 + i));
        assert_int_equal(hall_call(&h, n, false, false), RTC_OK);
    }
    assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 20; i++)
            sim_host_rebind_nat(h.client[i].host, (uint16_t)(round == 3 ? 50000 + 2000 + (i + 1) % 20 : 50000 + 1000 * round + i));
        say_all(&h, 12 * SECOND);
        (void)hall_run(&h, 5 * SECOND, NULL);
        check_guests(&h);
    }
    hall_close(&h);
}

static void rebinding_of_clients_of_a_lite_server(void **state)
{
    (void)state;
    rebinding(true);
}

static void rebinding_of_clients_of_a_full_server(void **state)
{
    (void)state;
    rebinding(false);
}

/* The server is behind a NAT itself: all its connections ask one STUN server through the one port, and each gets its answer. */
static void one_stun_server(void **state)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 5 * MS};
    char ip[32];
    (void)state;
    assert_true(hall_open(&h, 4, NULL, false));
    sim_host_set_nat(h.server, SIM_NAT_FULL_CONE, "203.0.113.100");
    struct sim_host *stun = sim_host_new(h.net, &link, NULL);
    sim_host_open(stun, 1, "203.0.113.200", 3478);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(ip, sizeof ip, "192.0.2.%d", i + 1);
        int n = hall_add_client(&h, &link, ip, "", 0);
        h.client[n].mute = true;
        assert_int_equal(hall_call(&h, n, i % 2 == 0, true), RTC_OK);
    }
    assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
    check_guests(&h);
    for (int i = 0; i < 50; i++) {
        const char *sdp = rtc_peer_connection_local_description(h.seat[i].pc, NULL);
        assert_non_null(strstr(sdp, " 203.0.113.100 50000 typ srflx raddr " HALL_ADDRESS " rport 5000"));
    }
    hall_close(&h);
}

/* ---- Thieves: client 0 has a seat of its own and writes the address of client 1 on checks for it ---- */

static int lines_of(const rtc_peer_connection *pc, const char *line)
{
    int n = 0;
    for (const char *at = rtc_peer_connection_explain((rtc_peer_connection *)(uintptr_t)pc); (at = strstr(at, line)) != NULL; at++)
        n++;
    return n;
}

/* Sections that are not bundled have a transport each, and these the same port: user names tell them apart, of other calls' and their own.
 */
static void sections_apart(void **state)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 15 * MS};
    char ip[32];
    (void)state;
    for (int lite = 0; lite < 2; lite++) {
        assert_true(hall_open(&h, 30, NULL, lite));
        h.apart = 1;
        for (int i = 0; i < 20; i++) {
            (void)snprintf(ip, sizeof ip, "10.0.1.%d", i + 1);
            int n = hall_add_client(&h, &link, ip, i % 2 ? "203.0.113.1" : "", (uint16_t)(50000 + 8 * i));
            assert_int_equal(hall_call(&h, n, false, false), RTC_OK);
        }
        assert_true(hall_run(&h, 10 * SECOND, all_have_answers));
        (void)hall_run(&h, 3 * SECOND, NULL);
        check_guests(&h);
        for (int i = 0; i < 20; i++) {
            assert_int_equal(lines_of(h.client[i].pc, "works and is in use"), 2);
            assert_int_equal(lines_of(h.seat[i].pc, "works and is in use"), 2);
        }
        say_all(&h, 10 * SECOND);
        hall_close(&h);
    }
}

/* More transports than a port can tell apart: the rest of the sections is rejected, and what is taken works. */
static void more_sections_than_names(void **state)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 15 * MS};
    (void)state;
    assert_true(hall_open(&h, 31, NULL, false));
    h.apart = 20;
    int n = hall_add_client(&h, &link, "10.0.1.1", "", 50000);
    assert_int_equal(hall_call(&h, n, false, false), RTC_OK);
    (void)hall_run(&h, 60 * SECOND, NULL);
    assert_int_equal(rtc_peer_connection_connection_state(h.seat[n].pc), RTC_PEER_CONNECTION_CONNECTED);
    assert_int_equal(rtc_peer_connection_connection_state(h.client[n].pc), RTC_PEER_CONNECTION_CONNECTED);
    hall_close(&h);
}

static void text_of(const char *sdp, const char *name, char out[64])
{
    const char *at = sdp ? strstr(sdp, name) : NULL;
    size_t len = at ? strcspn(at + strlen(name), "\r\n") : 0;
    assert_in_range(len, 1, 63);
    memcpy(out, at + strlen(name), len);
    out[len] = 0;
}

static void steal_as(struct hall *h, int thief)
{
    static uint32_t n;
    char ufrag[64], password[64], theirs[64], username[130];
    uint8_t bytes[256];
    const char *seat = rtc_peer_connection_local_description(h->seat[thief].pc, NULL);
    text_of(seat, "a=ice-ufrag:", ufrag);
    text_of(seat, "a=ice-pwd:", password);
    text_of(rtc_peer_connection_local_description(h->client[thief].pc, NULL), "a=ice-ufrag:", theirs);
    (void)snprintf(username, sizeof username, "%s:%s", ufrag, theirs);
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .username = slice_str(username), .priority = UINT32_MAX};
    m.has = STUN_HAS_USERNAME | STUN_HAS_PRIORITY | STUN_HAS_CONTROLLING | STUN_HAS_USE_CANDIDATE | STUN_HAS_FINGERPRINT;
    m.tie_breaker = UINT64_MAX;
    n++;
    memcpy(m.transaction, &n, sizeof n);
    size_t len = stun_write(&m, slice_str(password), bytes, sizeof bytes);
    assert_true(len > 0);
    hall_stray(h, "203.0.113.1", 50000, bytes, len);
}

static void steal(struct hall *h)
{
    steal_as(h, 0);
}

static bool victim_has_answer(struct hall *h)
{
    return h->client[1].got > 0;
}

static void open_thief(struct hall *h, uint64_t seed, bool lite)
{
    const struct sim_link link = {.delay_us = 10 * MS};
    assert_true(hall_open(h, seed, NULL, lite));
    assert_int_equal(hall_call(h, hall_add_client(h, &link, "192.0.2.9", "", 0), false, false), RTC_OK);
    assert_true(hall_run(h, 5 * SECOND, all_have_answers));
    assert_int_equal(hall_add_client(h, &link, "10.0.0.1", "203.0.113.1", 50000), 1);
    h->step_every = 20 * MS;
}

/* He is there before the victim calls, and goes on for all of its call. */
static void stolen_before(bool lite)
{
    static struct hall h;
    open_thief(&h, 8, lite);
    h.on_step = steal;
    h.next_step = h.now;
    (void)hall_run(&h, SECOND, NULL);
    assert_int_equal(hall_call(&h, 1, false, false), RTC_OK);
    assert_true(hall_run(&h, 2 * SECOND, victim_has_answer));
    for (int i = 0; i < 20; i++) {
        (void)hall_run(&h, 2 * SECOND, NULL);
        assert_int_equal(h.client[1].state, RTC_PEER_CONNECTION_CONNECTED);
        assert_int_equal(h.seat[1].state, RTC_PEER_CONNECTION_CONNECTED);
        h.client[1].got = 0;
        hall_say(&h, 1);
        assert_true(hall_run(&h, SECOND, victim_has_answer));
    }
    assert_true(stats(&h).contested > 0 && h.client[1].wrong == 0 && h.seat[1].wrong == 0);
    hall_close(&h);
}

/* He comes while the victim is silent, for longer than a path used to be held. */
static void stolen_in_silence(bool lite)
{
    static struct hall h;
    open_thief(&h, 9, lite);
    assert_int_equal(hall_call(&h, 1, false, false), RTC_OK);
    assert_true(hall_run(&h, 5 * SECOND, victim_has_answer));
    (void)hall_run(&h, 5 * SECOND, NULL);
    sim_host_link(h.client[1].host)->down = true;
    h.on_step = steal;
    h.next_step = h.now;
    (void)hall_run(&h, 14 * SECOND, NULL);
    sim_host_link(h.client[1].host)->down = false;
    h.client[1].got = 0;
    hall_say(&h, 1);
    assert_true(hall_run(&h, 5 * SECOND, victim_has_answer));
    (void)hall_run(&h, 60 * SECOND, NULL);
    assert_int_equal(h.client[1].state, RTC_PEER_CONNECTION_CONNECTED);
    assert_int_equal(h.seat[1].state, RTC_PEER_CONNECTION_CONNECTED);
    hall_close(&h);
}

static void steal_hard(struct hall *h)
{
    steal(h);
    for (int i = 0; i < 20; i++)
        steal_as(h, 2);
}

/* Two thieves, one of whom has the path, while the other makes so many claims that the server's own questions would push those to the
 * victim out of its memory. */
static void stolen_by_force(bool lite)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 10 * MS};
    open_thief(&h, 10, lite);
    assert_int_equal(hall_call(&h, hall_add_client(&h, &link, "192.0.2.10", "", 0), false, false), RTC_OK);
    h.step_every = MS;
    h.on_step = steal_hard;
    h.next_step = h.now;
    (void)hall_run(&h, 200 * MS, NULL);
    assert_int_equal(hall_call(&h, 1, false, false), RTC_OK);
    assert_true(hall_run(&h, 2 * SECOND, victim_has_answer));
    hall_close(&h);
}

static void thieves_at_a_lite_server(void **state)
{
    (void)state;
    stolen_by_force(true);
    stolen_before(true);
    stolen_in_silence(true);
}

static void thieves_at_a_full_server(void **state)
{
    (void)state;
    stolen_by_force(false);
    stolen_before(false);
    stolen_in_silence(false);
}

/* Either side restarts ICE: for a while a connection has two agents on the port, and nothing of the old one stays. */
static void restarts(bool lite)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 5 * MS, .loss = 0.02};
    char ip[32], old[16] = "";
    assert_true(hall_open(&h, 7, NULL, lite));
    for (int i = 0; i < 20; i++) {
        (void)snprintf(ip, sizeof ip, "10.0.0.%d", i + 1);
        assert_int_equal(hall_call(&h, hall_add_client(&h, &link, ip, "203.0.113.1", (uint16_t)(50000 + 100 * i)), i % 2, false), RTC_OK);
    }
    assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
    (void)hall_run(&h, SECOND, NULL);
    for (int round = 0; round < 3; round++) {
        const char *ufrag = strstr(rtc_peer_connection_local_description(h.seat[0].pc, NULL), "a=ice-ufrag:");
        assert_memory_not_equal(old, ufrag, sizeof old);
        memcpy(old, ufrag, sizeof old);
        for (int i = 0; i < 20; i++)
            assert_int_equal(hall_restart(&h, i, (i + round) % 2), RTC_OK);
        say_all(&h, 5 * SECOND); /* at once, on the old paths or the new ones */
        check_guests(&h);
        (void)hall_run(&h, 3 * SECOND, NULL);
        say_all(&h, 5 * SECOND);
    }
    (void)hall_run(&h, 60 * SECOND, NULL);
    say_all(&h, 5 * SECOND);
    check_guests(&h);
    assert_int_equal(h.endpoint->users.count, 20);
    for (int i = 0; i < 20; i++)
        hall_hang_up(&h, i);
    assert_int_equal(h.endpoint->users.count, 0);
    hall_close(&h);
}

static void restarts_of_a_lite_server(void **state)
{
    (void)state;
    restarts(true);
}

static void restarts_of_a_full_server(void **state)
{
    (void)state;
    restarts(false);
}

/* The endpoint is closed under its connections. */
static void closed_under_them(void **state)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 5 * MS};
    char ip[32];
    (void)state;
    assert_true(hall_open(&h, 5, NULL, true));
    for (int i = 0; i < 5; i++) {
        (void)snprintf(ip, sizeof ip, "192.0.2.%d", i + 1);
        assert_int_equal(hall_call(&h, hall_add_client(&h, &link, ip, "", 0), false, false), RTC_OK);
    }
    assert_true(hall_run(&h, 5 * SECOND, all_have_answers));
    rtc_endpoint_close(h.endpoint);
    for (int i = 0; i < 5; i++)
        h.seat[i].dirty = true;
    (void)hall_run(&h, 40 * SECOND, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(h.seat[i].state, RTC_PEER_CONNECTION_FAILED);
        assert_int_equal(h.client[i].state, RTC_PEER_CONNECTION_FAILED);
    }
    hall_close(&h);
}

/* A channel that could not be opened is closed, with an error; the connection goes on. */
static bool over(struct hall *h)
{
    bool failed = h->error != RTC_OK;
    for (int i = 0; i < h->count; i++)
        failed |= rtc_data_channel_ready_state(h->client[i].channel) == RTC_DATA_CHANNEL_CLOSED ||
                  h->client[i].state == RTC_PEER_CONNECTION_FAILED || h->seat[i].state == RTC_PEER_CONNECTION_FAILED;
    return failed || all_have_answers(h);
}

static void failing_at(long long n, long long *calls)
{
    static struct hall h;
    const struct sim_link link = {.delay_us = 5 * MS};
    struct counting_allocator counter = {.fail_at = n};
    const rtc_allocator allocator = counting_allocator_of(&counter);
    bool opened = hall_open(&h, 6, &allocator, true);
    for (int i = 0; opened && i < 2; i++) {
        hall_add_client(&h, &link, i ? "192.0.2.1" : "192.0.2.2", "", 0);
        int error = hall_call(&h, i, i == 1, false);
        h.error = h.error ? h.error : error;
    }
    if (opened && h.error == RTC_OK && !hall_run(&h, 60 * SECOND, over))
        fail_msg("allocation %lld: neither an answer nor a failure", n);
    if (n == 0)
        check_guests(&h);
    hall_close(&h);
    *calls = counter.calls;
    if (counter.live != 0)
        fail_msg("allocation %lld: %lld blocks leak", n, (long long)counter.live);
}

/* Those of the endpoint alone fail one by one in a test of its own, those of a connection in that of connections: here every seventh does.
 */
static void many_allocations(void **state)
{
    long long calls, ignored;
    (void)state;
    failing_at(0, &calls);
    assert_true(calls > 300);
    for (long long n = 1; n <= calls; n += 7)
        failing_at(n, &ignored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_of_a_lite_server),
        cmocka_unit_test(hundreds_of_a_full_server),
        cmocka_unit_test(coming_and_going),
        cmocka_unit_test(rebinding_of_clients_of_a_lite_server),
        cmocka_unit_test(rebinding_of_clients_of_a_full_server),
        cmocka_unit_test(sections_apart),
        cmocka_unit_test(more_sections_than_names),
        cmocka_unit_test(one_stun_server),
        cmocka_unit_test(thieves_at_a_lite_server),
        cmocka_unit_test(thieves_at_a_full_server),
        cmocka_unit_test(restarts_of_a_lite_server),
        cmocka_unit_test(restarts_of_a_full_server),
        cmocka_unit_test(closed_under_them),
        cmocka_unit_test(many_allocations),
    };
    return cmocka_run_group_tests_name("peer endpoint", tests, NULL, NULL);
}
