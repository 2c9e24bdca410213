/* SPDX-License-Identifier: MIT */
/* The TURN client by itself, with a server that signs its answers or does not: requests and what may be answered, liveness, permissions,
 * channels, and the framing of what is sent. */
#include "turn_client.h"

#include "context.h"
#include "hash.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define BYTES(array) slice_of(array, sizeof array)

static struct stun_message challenge(const char *realm, const char *nonce)
{
    struct stun_message m = {.class = STUN_ERROR, .has = STUN_HAS_ERROR | STUN_HAS_REALM | STUN_HAS_NONCE, .error_code = 401};
    m.realm = slice_str(realm);
    m.nonce = slice_str(nonce);
    return m;
}

static struct address six(uint16_t port)
{
    struct address a;
    assert_true(address_parse(slice_str("2001:db8::7"), port, &a));
    return a;
}

static rtc_context *context;

static int setup(void **state)
{
    (void)state;
    return rtc_context_new(NULL, &context);
}

static int teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

struct rig {
    struct out out;
    struct turn_client *client;
    rtc_time_t now;
};

/* Answers the last request with a success that is not signed: only an Allocate without a challenge goes through that way. */
static void answer(struct rig *rig, struct stun_message m)
{
    struct packet *p = packet_queue_pop(&rig->out.tx);
    struct stun_message request;
    struct address peer;
    struct slice data;
    uint8_t bytes[300];
    assert_non_null(p);
    assert_int_equal(stun_parse(packet_slice(p), &request), RTC_OK);
    m.method = request.method;
    memcpy(m.transaction, request.transaction, sizeof m.transaction);
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    (void)turn_client_input(rig->client, rig->now, slice_of(bytes, len), &peer, &data, &rig->out);
    packet_free(p);
}

static void begin(struct rig *rig, uint8_t protocol)
{
    struct turn_options options = {.username = "u", .password = "p", .server = {.socket = 7, .protocol = protocol}};
    struct stun_message allocated = {.class = STUN_SUCCESS, .has = STUN_HAS_LIFETIME, .turn = {.lifetime = 600, .relayed_count = 2}};
    options.server.remote = address_ipv4(192, 0, 2, 1, 3478);
    allocated.turn.relayed[0] = address_ipv4(192, 0, 2, 1, 50000);
    allocated.turn.relayed[1] = six(50001);
    *rig = (struct rig){.now = 1000000};
    assert_int_equal(out_init(&rig->out, context), RTC_OK);
    assert_int_equal(turn_client_new(context, &options, &rig->client), RTC_OK);
    turn_client_start(rig->client, rig->now, &rig->out);
    answer(rig, allocated);
    assert_int_equal(turn_client_state(rig->client), TURN_ALLOCATED);
}

static void end(struct rig *rig)
{
    turn_client_free(rig->client);
    out_fini(&rig->out);
}

static void wraps_within_the_overhead(void **state)
{
    (void)state;
    struct rig rig;
    const struct address peers[] = {address_ipv4(192, 0, 2, 50, 4000), six(4001)};
    for (int protocol = PATH_UDP; protocol <= PATH_TCP; protocol++) {
        begin(&rig, (uint8_t)protocol);
        for (size_t k = 0; k < 2; k++)
            for (size_t len = 1; len <= 1148; len += 7) {
                struct stun_message m;
                struct packet *p = packet_new(rig.out.pool);
                memset(packet_data(p), 0x5a, len);
                p->len = (uint32_t)len;
                turn_client_permit(rig.client, rig.now, &peers[k], &rig.out);
                assert_true(turn_client_wrap(rig.client, rig.now, &peers[k], p));
                assert_in_range(p->len, len + 1, len + TURN_INDICATION_OVERHEAD);
                assert_int_equal(p->path.socket, 7);
                assert_int_equal(stun_parse(packet_slice(p), &m), RTC_OK);
                assert_int_equal(m.class, STUN_INDICATION);
                assert_true(address_eq(&m.turn.peer, &peers[k]));
                assert_int_equal(m.turn.data.len, len);
                assert_int_equal(m.turn.data.data[len - 1], 0x5a);
                packet_free(p);
            }
        end(&rig);
    }
}

static void channel_data_is_padded_on_a_stream_only(void **state)
{
    (void)state;
    struct rig rig;
    const struct address peer = address_ipv4(192, 0, 2, 50, 4000);
    for (int protocol = PATH_UDP; protocol <= PATH_TCP; protocol++) {
        begin(&rig, (uint8_t)protocol);
        turn_client_bind(rig.client, rig.now, &peer);
        turn_client_tick(rig.client, rig.now, &rig.out);
        answer(&rig, (struct stun_message){.class = STUN_SUCCESS}); /* the permission */
        answer(&rig, (struct stun_message){.class = STUN_SUCCESS}); /* the channel */
        assert_int_equal(turn_client_overhead(rig.client, &peer), TURN_CHANNEL_OVERHEAD);
        struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
        assert_true(turn_client_wrap(rig.client, rig.now, &peer, p));
        assert_int_equal(p->len, protocol == PATH_UDP ? 9 : 12);
        static const uint8_t expected[] = {0x40, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
        assert_memory_equal(packet_data(p), expected, p->len);
        packet_free(p);
        end(&rig);
    }
}

static void peers_without_permission(void **state)
{
    (void)state;
    struct rig rig;
    const struct address peer = address_ipv4(192, 0, 2, 50, 4000);
    struct stun_message m = {.class = STUN_INDICATION, .method = 7, .has = STUN_HAS_PEER | STUN_HAS_DATA, .turn = {.peer = peer}};
    struct address from;
    struct slice data;
    uint8_t bytes[200];
    static const uint8_t channel[] = {0x40, 0, 0, 1, 'x'};
    m.turn.data = slice_str("x");
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    begin(&rig, PATH_UDP);
    assert_false(turn_client_input(rig.client, rig.now, slice_of(bytes, len), &from, &data, &rig.out));
    assert_false(turn_client_input(rig.client, rig.now, BYTES(channel), &from, &data, &rig.out));
    turn_client_permit(rig.client, rig.now, &peer, &rig.out);
    assert_true(turn_client_input(rig.client, rig.now, slice_of(bytes, len), &from, &data, &rig.out));
    assert_true(address_eq(&from, &peer) && slice_is(data, "x"));
    turn_client_bind(rig.client, rig.now, &peer);
    assert_true(turn_client_input(rig.client, rig.now, BYTES(channel), &from, &data, &rig.out));
    assert_false(turn_client_input(rig.client, rig.now, slice_of(channel, 4), &from, &data, &rig.out)); /* its byte is missing */
    end(&rig);
}

/* However long the server is silent, the client does not spin and gives up in the end. */
static void silence(void **state)
{
    (void)state;
    struct turn_options options = {.username = "u", .password = "p", .server = {.socket = 7}};
    struct rig rig = {.now = 1000000};
    unsigned sent = 0;
    assert_int_equal(out_init(&rig.out, context), RTC_OK);
    assert_int_equal(turn_client_new(context, &options, &rig.client), RTC_OK);
    turn_client_start(rig.client, rig.now, &rig.out);
    for (rtc_time_t at; (at = turn_client_deadline(rig.client)) != RTC_TIME_NEVER;) {
        assert_true(at > rig.now);
        rig.now = at;
        turn_client_tick(rig.client, rig.now, &rig.out);
    }
    for (struct packet *p; (p = packet_queue_pop(&rig.out.tx)) != NULL; packet_free(p))
        sent++;
    assert_int_equal(turn_client_state(rig.client), TURN_FAILED);
    assert_int_equal(turn_client_failure(rig.client)->code, 0);
    assert_in_range(sent, 7, 20);
    assert_in_range(rig.now, 39000000, 42000000);
    end(&rig);
}

/* ---- The client with a server that signs ---- */

static const struct address peer_a = {.family = ADDRESS_IPV4, .ip = {192, 0, 2, 50}, .port = 4000};

/* The next request that the client sends, of this method. */
static void expect_request(struct rig *rig, uint16_t method, struct stun_message *request, uint8_t bytes[600])
{
    struct packet *p = packet_queue_pop(&rig->out.tx);
    assert_non_null(p);
    memcpy(bytes, packet_data(p), p->len);
    assert_int_equal(stun_parse(slice_of(bytes, p->len), request), RTC_OK);
    assert_int_equal(request->method, method);
    packet_free(p);
}

static void give(struct rig *rig, const struct stun_message *request, struct stun_message m, const char *user_realm_password)
{
    uint8_t bytes[600], key[HASH_MD5_LEN];
    struct address peer;
    struct slice data, k = slice_of(NULL, 0);
    if (user_realm_password && hash_md5(slice_str(user_realm_password), key))
        k = BYTES(key);
    m.method = request->method;
    memcpy(m.transaction, request->transaction, sizeof m.transaction);
    size_t len = stun_write(&m, k, bytes, sizeof bytes);
    assert_true(len > 0);
    (void)turn_client_input(rig->client, rig->now, slice_of(bytes, len), &peer, &data, &rig->out);
}

static const char right_key[] = "u:r:p";
static const struct stun_message success = {.class = STUN_SUCCESS, .has = STUN_HAS_LIFETIME, .turn = {.lifetime = 600}};

static struct stun_message refusal(uint16_t code)
{
    return (struct stun_message){.class = STUN_ERROR, .has = STUN_HAS_ERROR, .error_code = code, .error_text = slice_str("no")};
}

static struct stun_message stale(const char *nonce)
{
    struct stun_message m = challenge("r", nonce);
    m.error_code = 438;
    return m;
}

/* Answers the next request, which is of this method, first with a stale nonce and then with success. */
static void answer_stale(struct rig *rig, uint16_t method, const char *nonce, struct stun_message m)
{
    struct stun_message request, again;
    uint8_t bytes[600], more[600];
    expect_request(rig, method, &request, bytes);
    give(rig, &request, stale(nonce), NULL);
    expect_request(rig, method, &again, more);
    assert_memory_not_equal(request.transaction, again.transaction, sizeof again.transaction);
    assert_true(slice_is(again.nonce, nonce) && slice_is(again.username, "u") && slice_is(again.realm, "r"));
    assert_true(again.has & STUN_HAS_INTEGRITY);
    give(rig, &again, m, right_key);
    assert_int_equal(rig->out.tx.count, 0);
}

static struct stun_message allocated_at(uint16_t port)
{
    struct stun_message m = success;
    m.turn.relayed_count = 1;
    m.turn.relayed[0] = address_ipv4(192, 0, 2, 1, port);
    return m;
}

static void start_signed(struct rig *rig, uint8_t protocol)
{
    struct turn_options options = {.username = "u", .password = "p", .server = {.socket = 7, .protocol = protocol}};
    struct stun_message request;
    uint8_t bytes[600];
    options.server.remote = address_ipv4(192, 0, 2, 1, 3478);
    *rig = (struct rig){.now = 1000000};
    assert_int_equal(out_init(&rig->out, context), RTC_OK);
    assert_int_equal(turn_client_new(context, &options, &rig->client), RTC_OK);
    turn_client_start(rig->client, rig->now, &rig->out);
    expect_request(rig, 3, &request, bytes);
    assert_false(request.has & STUN_HAS_USERNAME);
    give(rig, &request, challenge("r", "n1"), NULL);
}

static void allocate_signed(struct rig *rig)
{
    struct stun_message request;
    uint8_t bytes[600];
    start_signed(rig, PATH_UDP);
    expect_request(rig, 3, &request, bytes);
    give(rig, &request, allocated_at(50000), right_key);
    assert_int_equal(turn_client_state(rig->client), TURN_ALLOCATED);
}

static void run_to(struct rig *rig, rtc_time_t at)
{
    for (rtc_time_t next; (next = turn_client_deadline(rig->client)) <= at;) {
        assert_true(next > rig->now || rig->out.tx.count == 0);
        rig->now = next > rig->now ? next : rig->now;
        turn_client_tick(rig->client, rig->now, &rig->out);
    }
    rig->now = at;
}

static void stale_nonce_in_every_request(void **state)
{
    (void)state;
    struct rig rig;
    start_signed(&rig, PATH_UDP);
    answer_stale(&rig, 3, "n2", allocated_at(50000));
    assert_int_equal(turn_client_state(rig.client), TURN_ALLOCATED);
    turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
    answer_stale(&rig, 8, "n3", success);
    rig.now += 240 * (rtc_time_t)1000000;
    turn_client_tick(rig.client, rig.now, &rig.out); /* the permission again */
    answer_stale(&rig, 8, "n4", success);
    turn_client_bind(rig.client, rig.now, &peer_a);
    turn_client_tick(rig.client, rig.now, &rig.out);
    answer_stale(&rig, 9, "n5", success);
    assert_int_equal(turn_client_overhead(rig.client, &peer_a), TURN_CHANNEL_OVERHEAD);
    turn_client_close(rig.client, rig.now, &rig.out);
    assert_int_equal(turn_client_state(rig.client), TURN_CLOSING);
    end(&rig);
    allocate_signed(&rig);
    rig.now += 540 * (rtc_time_t)1000000;
    turn_client_tick(rig.client, rig.now, &rig.out);
    answer_stale(&rig, 4, "n2", success);
    turn_client_close(rig.client, rig.now, &rig.out);
    answer_stale(&rig, 4, "n3", success);
    assert_int_equal(turn_client_state(rig.client), TURN_CLOSED);
    assert_true(turn_client_deadline(rig.client) == RTC_TIME_NEVER);
    end(&rig);
}

/* 401 to a request that was signed means wrong credentials, unless it is another realm's. */
static void unauthorized_again(void **state)
{
    (void)state;
    struct rig rig;
    struct stun_message request;
    uint8_t bytes[600];
    start_signed(&rig, PATH_UDP);
    expect_request(&rig, 3, &request, bytes);
    give(&rig, &request, challenge("elsewhere", "n2"), NULL);
    expect_request(&rig, 3, &request, bytes);
    assert_true(slice_is(request.realm, "elsewhere"));
    give(&rig, &request, challenge("elsewhere", "n3"), NULL);
    assert_int_equal(turn_client_state(rig.client), TURN_FAILED);
    assert_int_equal(turn_client_failure(rig.client)->code, 401);
    end(&rig);
}

static void realms_without_end(void **state)
{
    (void)state;
    struct rig rig;
    start_signed(&rig, PATH_UDP);
    unsigned asked = 0;
    for (struct stun_message request; turn_client_state(rig.client) == TURN_ALLOCATING; asked++) {
        uint8_t bytes[600];
        expect_request(&rig, 3, &request, bytes);
        give(&rig, &request, challenge(asked % 2 ? "a" : "b", "n"), NULL);
    }
    assert_in_range(asked, 1, 6);
    end(&rig);
}

/* 437 says that the allocation is no more, whatever was asked; unsigned it is nobody's word. */
static void mismatch_ends_it(void **state)
{
    (void)state;
    for (int what = 0; what < 3; what++) {
        struct rig rig;
        struct stun_message request;
        uint8_t bytes[600];
        allocate_signed(&rig);
        if (what < 2)
            turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
        else
            rig.now += 541 * (rtc_time_t)1000000;
        turn_client_tick(rig.client, rig.now, &rig.out);
        if (what == 1) {
            expect_request(&rig, 8, &request, bytes);
            give(&rig, &request, success, right_key);
            turn_client_bind(rig.client, rig.now, &peer_a);
            turn_client_tick(rig.client, rig.now, &rig.out);
        }
        expect_request(&rig, what == 0 ? 8 : what == 1 ? 9 : 4, &request, bytes);
        give(&rig, &request, refusal(437), NULL);
        give(&rig, &request, refusal(437), "u:r:guess");
        assert_int_equal(turn_client_state(rig.client), TURN_ALLOCATED);
        give(&rig, &request, refusal(437), right_key);
        assert_int_equal(turn_client_state(rig.client), TURN_FAILED);
        assert_int_equal(turn_client_failure(rig.client)->code, 437);
        turn_client_close(rig.client, rig.now, &rig.out); /* there is nothing to give back */
        assert_int_equal(rig.out.tx.count, 0);
        end(&rig);
    }
}

/* What is not signed, or with another key, changes nothing, be it success or refusal. */
static void unsigned_responses_are_ignored(void **state)
{
    (void)state;
    static const uint16_t codes[] = {0, 400, 403, 437, 441, 486, 500, 508};
    struct rig rig;
    struct stun_message request;
    uint8_t bytes[600];
    allocate_signed(&rig);
    turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
    expect_request(&rig, 8, &request, bytes);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        give(&rig, &request, codes[i] ? refusal(codes[i]) : success, NULL);
        give(&rig, &request, codes[i] ? refusal(codes[i]) : success, "u:r:guess");
    }
    assert_int_equal(turn_client_state(rig.client), TURN_ALLOCATED);
    rig.now += 200000; /* the request is still on its way */
    turn_client_tick(rig.client, rig.now, &rig.out);
    struct stun_message again;
    expect_request(&rig, 8, &again, bytes);
    assert_memory_equal(again.transaction, request.transaction, sizeof again.transaction);
    end(&rig);
}

/* A server that says nothing any more is asked after two seconds, and given up after fifteen. */
static void silence_in_a_call(void **state)
{
    (void)state;
    struct rig rig;
    struct stun_message request;
    uint8_t bytes[600];
    allocate_signed(&rig);
    rtc_time_t start = rig.now;
    run_to(&rig, start + 100 * (rtc_time_t)1000000); /* nothing is sent: nothing is expected */
    assert_int_equal(rig.out.tx.count, 0);
    turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
    expect_request(&rig, 8, &request, bytes);
    give(&rig, &request, success, right_key);
    struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
    assert_true(turn_client_wrap(rig.client, rig.now, &peer_a, p));
    packet_free(p);
    start = rig.now;
    run_to(&rig, start + 1999999);
    assert_int_equal(rig.out.tx.count, 0);
    run_to(&rig, start + 2000000);
    expect_request(&rig, 4, &request, bytes);
    assert_int_equal(request.turn.lifetime, 600);
    run_to(&rig, start + 14999999);
    assert_int_equal(turn_client_state(rig.client), TURN_ALLOCATED);
    run_to(&rig, start + 15000000);
    assert_int_equal(turn_client_state(rig.client), TURN_FAILED);
    assert_int_equal(turn_client_failure(rig.client)->code, 0);
    packet_queue_clear(&rig.out.tx);
    turn_client_close(rig.client, rig.now, &rig.out); /* the server may have heard all of it */
    expect_request(&rig, 4, &request, bytes);
    assert_int_equal(request.turn.lifetime, 0);
    end(&rig);
}

/* Its answer, or a datagram of a peer, is a sign of life. */
static void signs_of_life(void **state)
{
    (void)state;
    struct rig rig;
    struct stun_message request, m = {.class = STUN_INDICATION, .method = 7, .has = STUN_HAS_PEER | STUN_HAS_DATA};
    uint8_t bytes[600];
    struct address from;
    struct slice data;
    m.turn.peer = peer_a;
    m.turn.data = slice_str("x");
    allocate_signed(&rig);
    turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
    expect_request(&rig, 8, &request, bytes);
    give(&rig, &request, success, right_key);
    size_t len = stun_write(&m, slice_of(NULL, 0), bytes, sizeof bytes);
    for (int i = 0; i < 100; i++) {
        struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
        assert_true(turn_client_wrap(rig.client, rig.now, &peer_a, p));
        packet_free(p);
        run_to(&rig, rig.now + 1500000);
        assert_true(turn_client_input(rig.client, rig.now, slice_of(bytes, len), &from, &data, &rig.out));
    }
    assert_int_equal(rig.out.tx.count, 0);
    assert_int_equal(turn_client_state(rig.client), TURN_ALLOCATED);
    end(&rig);
}

static struct address peer_number(unsigned i)
{
    return address_ipv4(192, 0, (uint8_t)(2 + i / 200), (uint8_t)(i % 200), 5000);
}

/* Beyond the limit the permission that was of no use for longest makes room, but none that is in use. */
static void permissions_make_room(void **state)
{
    (void)state;
    struct rig rig;
    allocate_signed(&rig);
    for (unsigned i = 0; i < 2 * TURN_PERMISSIONS_MAX; i++) {
        const struct address peer = peer_number(i);
        turn_client_permit(rig.client, rig.now, &peer, &rig.out);
    }
    assert_int_equal(rig.out.tx.count, TURN_PERMISSIONS_MAX);
    for (int i = 0; i < TURN_PERMISSIONS_MAX; i++) {
        struct stun_message request;
        uint8_t bytes[600];
        expect_request(&rig, 8, &request, bytes);
        give(&rig, &request, success, right_key);
    }
    run_to(&rig, rig.now + 31 * (rtc_time_t)1000000);
    const struct address used = peer_number(0), fresh = peer_number(300);
    struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
    assert_true(turn_client_wrap(rig.client, rig.now, &used, p));
    packet_free(p);
    turn_client_permit(rig.client, rig.now, &fresh, &rig.out);
    assert_int_equal(rig.out.tx.count, 1);
    p = packet_copy(rig.out.pool, slice_str("hello"));
    assert_true(turn_client_wrap(rig.client, rig.now, &used, p) && rig.out.tx.count == 1);
    packet_free(p);
    end(&rig);
}

/* Lets time pass with a server that grants everything. */
static void run_granting(struct rig *rig, rtc_time_t until, unsigned binds[0x40])
{
    while (rig->now < until) {
        rtc_time_t next = turn_client_deadline(rig->client);
        rig->now = next < until ? next : until;
        turn_client_tick(rig->client, rig->now, &rig->out);
        while (rig->out.tx.count > 0) {
            struct stun_message request;
            uint8_t bytes[600];
            struct packet *p = packet_queue_pop(&rig->out.tx);
            memcpy(bytes, packet_data(p), p->len);
            assert_int_equal(stun_parse(slice_of(bytes, p->len), &request), RTC_OK);
            packet_free(p);
            if (request.method == 9)
                binds[request.turn.channel - 0x4000]++;
            give(rig, &request, success, right_key);
        }
    }
}

/* Channels that are not used end; their numbers are not given to others; 15 minutes later there is room again. */
static void channels_end_and_make_room(void **state)
{
    (void)state;
    const rtc_time_t minute = 60 * (rtc_time_t)1000000;
    unsigned binds[0x40] = {0};
    struct rig rig;
    allocate_signed(&rig);
    for (unsigned i = 0; i < TURN_CHANNELS_MAX + 4; i++) {
        const struct address peer = peer_number(i);
        turn_client_bind(rig.client, rig.now, &peer);
    }
    run_granting(&rig, rig.now + minute, binds);
    for (unsigned i = 0; i < 0x40; i++)
        assert_int_equal(binds[i], i < TURN_CHANNELS_MAX);
    const struct address first = peer_number(0), other = peer_number(100);
    for (int i = 0; i < 10; i++) { /* one of them is used */
        struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
        assert_true(turn_client_wrap(rig.client, rig.now, &first, p));
        packet_free(p);
        run_granting(&rig, rig.now + minute, binds);
    }
    assert_true(binds[0] >= 3);
    assert_in_range(binds[1], 2, 2); /* it was used when it was bound */
    turn_client_bind(rig.client, rig.now, &other);
    run_granting(&rig, rig.now + minute, binds);
    assert_int_equal(binds[TURN_CHANNELS_MAX], 0);
    run_granting(&rig, rig.now + 15 * minute, binds);
    turn_client_bind(rig.client, rig.now, &other);
    run_granting(&rig, rig.now + minute, binds);
    assert_int_equal(binds[TURN_CHANNELS_MAX], 1);
    assert_int_equal(turn_client_overhead(rig.client, &other), TURN_CHANNEL_OVERHEAD);
    end(&rig);
}

/* Where to go instead, and under which name. */
static void alternate_server(void **state)
{
    (void)state;
    struct rig rig;
    struct stun_message request, m = refusal(300);
    uint8_t bytes[600];
    start_signed(&rig, PATH_TCP);
    expect_request(&rig, 3, &request, bytes);
    m.has |= STUN_HAS_ALTERNATE | STUN_HAS_ALTERNATE_DOMAIN;
    m.alternate = address_ipv4(192, 0, 2, 99, 5349);
    m.alternate_domain = slice_str("other.example.org");
    give(&rig, &request, m, NULL);
    const struct turn_failure *f = turn_client_failure(rig.client);
    assert_int_equal(f->code, 300);
    assert_true(address_eq(&f->alternate, &m.alternate));
    assert_string_equal(f->domain, "other.example.org");
    end(&rig);
}

/* Nothing asks the server not to fragment: our datagrams are small, and servers may not know how (RFC 8656 section 15). */
static void send_indication_has_only_what_it_needs(void **state)
{
    (void)state;
    struct rig rig;
    struct stun_message m;
    allocate_signed(&rig);
    turn_client_permit(rig.client, rig.now, &peer_a, &rig.out);
    struct packet *p = packet_copy(rig.out.pool, slice_str("hello"));
    assert_true(turn_client_wrap(rig.client, rig.now, &peer_a, p));
    assert_int_equal(stun_parse(packet_slice(p), &m), RTC_OK);
    assert_int_equal(m.has, STUN_HAS_PEER | STUN_HAS_DATA);
    assert_int_equal(m.unknown_count, 0);
    packet_free(p);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_within_the_overhead),
        cmocka_unit_test(channel_data_is_padded_on_a_stream_only),
        cmocka_unit_test(peers_without_permission),
        cmocka_unit_test(silence),
        cmocka_unit_test(stale_nonce_in_every_request),
        cmocka_unit_test(unauthorized_again),
        cmocka_unit_test(realms_without_end),
        cmocka_unit_test(mismatch_ends_it),
        cmocka_unit_test(unsigned_responses_are_ignored),
        cmocka_unit_test(silence_in_a_call),
        cmocka_unit_test(signs_of_life),
        cmocka_unit_test(permissions_make_room),
        cmocka_unit_test(channels_end_and_make_room),
        cmocka_unit_test(alternate_server),
        cmocka_unit_test(send_indication_has_only_what_it_needs),
    };
    return cmocka_run_group_tests_name("turn client", tests, setup, teardown);
}
