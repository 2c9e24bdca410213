/* SPDX-License-Identifier: MIT */
/* Whose packet is it? A script of steps on an endpoint: connections come and go, open and release aliases, learn paths and send requests,
 * and datagrams of any shape arrive from anywhere. What is routed must name a connection that is there and an alias that it has, and
 * nothing may stay behind. */
#include "endpoint.h"

#include "reader.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_ADMIT, STEP_LEAVE, STEP_OPEN, STEP_RELEASE, STEP_LEARN, STEP_SEND, STEP_TIME, STEP_DATAGRAM, STEP_CHECK, STEPS };
enum { MEMBERS = 8, STEPS_MAX = 512 };

struct run {
    rtc_context *context;
    rtc_endpoint *endpoint;
    int names[MEMBERS];
    struct endpoint_member *member[MEMBERS];
    rtc_time_t now;
    uint32_t next_id;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct path path_of(uint8_t byte)
{
    return (struct path){.local = address_ipv4(10, 0, 0, byte & 3, 5000),
                         .remote = address_ipv4(192, 0, 2, byte >> 4, (uint16_t)(1000 + (byte >> 2 & 3)))};
}

static void name_of(uint8_t byte, char name[9])
{
    (void)snprintf(name, 9, "user%u", byte % 24u);
}

static void arrive(struct run *r, uint8_t from, struct slice datagram)
{
    struct path path = path_of(from);
    const struct endpoint_member *m = endpoint_route(r->endpoint, r->now, &path, datagram);
    bool found = false;
    for (int i = 0; m && i < MEMBERS; i++)
        found |= r->member[i] == m;
    require(!m || found);
    require(!m || endpoint_alias(m, path.socket) || datagram.data[0] <= 3); /* a response may be for an alias that is gone */
    for (rtc_packet *p; (p = rtc_endpoint_next_packet(r->endpoint)) != NULL; rtc_packet_free(p))
        require(rtc_packet_len(p) <= datagram.len + 64);
}

/* A well-formed check for one of the names. */
static void check(struct run *r, uint8_t from, uint8_t who)
{
    struct stun_message m = {.class = STUN_REQUEST, .method = STUN_BINDING, .has = STUN_HAS_USERNAME | STUN_HAS_FINGERPRINT};
    char name[9], username[16];
    uint8_t bytes[128];
    name_of(who, name);
    (void)snprintf(username, sizeof username, "%s:x", name);
    m.username = slice_str(username);
    arrive(r, from, slice_of(bytes, stun_write(&m, slice_str("password"), bytes, sizeof bytes)));
}

static void send_one(struct run *r, struct endpoint_member *m, uint8_t which, struct slice bytes)
{
    struct packet *p = packet_copy(r->endpoint->pool, bytes);
    require(p != NULL);
    p->path = path_of(which);
    p->path.socket = m->alias_count ? m->aliases[which % m->alias_count].socket : 4711;
    require(endpoint_sends(m, p) == (m->alias_count > 0));
    packet_free(p);
}

static void leave(struct run *r, size_t i)
{
    if (!r->member[i])
        return;
    endpoint_leave(r->member[i]);
    while (r->member[i]->alias_count > 0)
        require(endpoint_release(r->member[i], r->member[i]->aliases[0].socket));
    endpoint_member_free(r->member[i]);
    r->member[i] = NULL;
}

static void learn(struct run *r, struct endpoint_member *m, uint8_t which)
{
    struct path path = path_of(which);
    if (m->alias_count > 0)
        path.socket = m->aliases[which % m->alias_count].socket;
    endpoint_learn(m, r->now, &path, which % 3 == 0);
    require(m->path_count <= ENDPOINT_PATHS_MAX);
}

static void with_member(struct run *r, enum step step, size_t i, uint8_t byte, struct slice bytes)
{
    struct endpoint_member *m = r->member[i];
    struct address local = path_of(byte).local, bound;
    char name[9];
    local.port = 0;
    name_of((uint8_t)(byte >> 2), name);
    if (step == STEP_LEAVE)
        leave(r, i);
    else if (step == STEP_OPEN)
        (void)endpoint_open(m, name, ++r->next_id, &local, &bound);
    else if (step == STEP_RELEASE)
        (void)endpoint_release(m, m->alias_count ? m->aliases[byte % m->alias_count].socket : byte);
    else if (step == STEP_LEARN)
        learn(r, m, byte);
    else
        send_one(r, m, byte, bytes);
}

static void run_step(struct run *r, struct reader *in)
{
    uint8_t head = reader_u8(in), byte = reader_u8(in), len = reader_u8(in);
    struct slice bytes = reader_bytes(in, len < reader_left(in) ? len : reader_left(in));
    enum step step = (enum step)(head % STEPS);
    size_t i = head / STEPS % MEMBERS;
    if (step == STEP_TIME)
        r->now += (rtc_time_t)byte * 1000000;
    else if (step == STEP_DATAGRAM)
        arrive(r, byte, bytes);
    else if (step == STEP_CHECK)
        check(r, byte, len);
    else if (step == STEP_ADMIT && !r->member[i])
        require(endpoint_admit(r->endpoint, &r->names[i], NULL, &r->member[i]) == RTC_OK);
    else if (step != STEP_ADMIT && r->member[i])
        with_member(r, step, i, byte, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run r = {.now = 1};
    const rtc_endpoint_options options = {.size = sizeof options, .port = 5000, .answer_stun = true};
    struct reader in = reader_of(slice_of(data, size));
    require(rtc_context_new(NULL, &r.context) == RTC_OK);
    require(rtc_endpoint_new(r.context, &options, &r.endpoint) == RTC_OK);
    for (int i = 0; i < STEPS_MAX && reader_left(&in) >= 3; i++)
        run_step(&r, &in);
    for (size_t i = 0; i < MEMBERS; i++)
        leave(&r, i);
    rtc_endpoint_stats stats = {.size = sizeof stats};
    rtc_endpoint_get_stats(r.endpoint, &stats);
    require(stats.connections == 0 && stats.paths == 0);
    rtc_endpoint_unref(r.endpoint);
    rtc_context_unref(r.context);
    return 0;
}
