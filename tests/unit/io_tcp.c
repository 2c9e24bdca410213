/* SPDX-License-Identifier: MIT */
/* TCP sockets of the loop over the loopback: connecting, refusal, the end from either side, bytes in order through a peer that reads
 * slowly, and what happens when it does not read at all. */
#include "io_fake_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { ID = 7, PIECE = 1200, LIMIT = 4 << 20, MESSAGES_LIMIT = 256 << 10 };

struct scene {
    rtc_peer_connection fake;
    int listener, peer;  /* the other end's; -1 when there is none */
    rtc_address address; /* the listener's */
    rtc_path path;
};

static int set_up(void **state)
{
    static struct scene s;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof any;
    fake_begin(&s.fake);
    s.peer = -1;
    s.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s.listener, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(s.listener, 4), 0);
    assert_int_equal(getsockname(s.listener, (struct sockaddr *)&any, &len), 0);
    s.address = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = ntohs(any.sin_port)};
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    fake_end(&s->fake);
    if (s->peer >= 0)
        (void)close(s->peer);
    if (s->listener >= 0)
        (void)close(s->listener);
    return 0;
}

static void ask(struct scene *s, uint32_t flags)
{
    rtc_request request = {.type = RTC_REQUEST_OPEN_TCP, .id = ID, .remote = s->address, .flags = flags};
    request.local.family = RTC_ADDRESS_IPV4;
    fake_request(&s->fake, &request);
}

/* Connected, with the kernel's buffers small. */
static void open_stream(struct scene *s, uint32_t flags)
{
    int small = 4096;
    ask(s, flags);
    (void)setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const rtc_result *r = fake_result(&s->fake, 1);
    assert_int_equal(r->error, RTC_OK);
    assert_int_equal(r->id, ID);
    assert_int_equal(r->type, RTC_REQUEST_OPEN_TCP);
    s->path = (rtc_path){.socket = ID, .protocol = 1, .local = r->local, .remote = s->address};
    s->peer = accept(s->listener, NULL, NULL);
    assert_true(s->peer >= 0);
}

/* The byte at a place of the stream that the tests send. */
static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8) * 13);
}

static void send_piece(struct scene *s, size_t at, size_t len)
{
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(at + i);
    fake_send(&s->fake, &s->path, bytes, len);
    free(bytes);
}

/* What the peer reads at once; 0 at the end, -1 when nothing is there. */
static ssize_t peer_read(struct scene *s, uint8_t *bytes, size_t len)
{
    return recv(s->peer, bytes, len, MSG_DONTWAIT);
}

static void connects_and_carries_both_ways(void **state)
{
    struct scene *s = *state;
    uint8_t bytes[64];
    open_stream(s, 0);
    assert_int_equal(s->path.local.family, RTC_ADDRESS_IPV4);
    assert_int_not_equal(s->path.local.port, 0);
    send_piece(s, 0, 10);
    send_piece(s, 10, 20);
    fake_settle(&s->fake);
    assert_int_equal(recv(s->peer, bytes, 30, MSG_WAITALL), 30);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(bytes[i], byte_at(i));
    assert_int_equal(send(s->peer, "hello", 5, MSG_NOSIGNAL), 5);
    fake_receive(&s->fake, 5);
    assert_memory_equal(s->fake.received, "hello", 5);
    assert_int_equal(s->fake.last_path.socket, ID);
    assert_int_equal(s->fake.last_path.protocol, 1);
    assert_int_equal(s->fake.last_path.remote.port, s->address.port);
}

/* Small messages are not held back for each other. */
static void nothing_waits_for_more(void **state)
{
    struct scene *s = *state;
    open_stream(s, RTC_REQUEST_MESSAGES);
    for (size_t i = 0; i < 5; i++) {
        uint8_t byte;
        struct pollfd p = {.fd = s->peer, .events = POLLIN};
        send_piece(s, i, 1);
        fake_settle(&s->fake);
        assert_int_equal(poll(&p, 1, 10000), 1);
        assert_int_equal(peer_read(s, &byte, 1), 1);
    }
}

static void refusal_is_told(void **state)
{
    struct scene *s = *state;
    (void)close(s->listener);
    s->listener = -1;
    ask(s, 0);
    const rtc_result *r = fake_result(&s->fake, 1);
    assert_int_equal(r->error, RTC_ERR_NETWORK);
    assert_int_equal(r->id, ID);
}

static void an_address_that_can_not_be_bound_is_told(void **state)
{
    struct scene *s = *state;
    rtc_request request = {.type = RTC_REQUEST_OPEN_TCP, .id = ID, .remote = s->address};
    request.local = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {192, 0, 2, 77}};
    fake_request(&s->fake, &request);
    assert_int_not_equal(fake_result(&s->fake, 1)->error, RTC_OK);
}

/* What came before the end is received before the end is told, once. */
static void the_peer_closes(void **state)
{
    struct scene *s = *state;
    open_stream(s, 0);
    assert_int_equal(send(s->peer, "bye", 3, MSG_NOSIGNAL), 3);
    (void)close(s->peer);
    s->peer = -1;
    assert_int_equal(fake_result(&s->fake, 2)->error, RTC_ERR_NETWORK);
    assert_int_equal(s->fake.received_len, 3);
    send_piece(s, 0, 5); /* for a socket that is no more */
    fake_settle(&s->fake);
    assert_int_equal(s->fake.result_count, 2);
}

static void the_peer_resets(void **state)
{
    struct scene *s = *state;
    struct linger now = {.l_onoff = 1};
    open_stream(s, 0);
    (void)setsockopt(s->peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(s->peer);
    s->peer = -1;
    assert_int_equal(fake_result(&s->fake, 2)->error, RTC_ERR_NETWORK);
}

/* The last words arrive although the request to close follows at once, and no result follows. */
static void closing_sends_what_was_given(void **state)
{
    struct scene *s = *state;
    uint8_t bytes[16];
    rtc_request close_it = {.type = RTC_REQUEST_CLOSE, .id = ID};
    open_stream(s, 0);
    send_piece(s, 0, 9);
    fake_request(&s->fake, &close_it);
    fake_settle(&s->fake);
    assert_int_equal(recv(s->peer, bytes, sizeof bytes, MSG_WAITALL), 9);
    assert_int_equal(s->fake.result_count, 1);
}

/* A connection that is begun and can not be finished: the listener's queue is full. */
static void fill_queue(struct scene *s, int *fillers, size_t count)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->address.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(listen(s->listener, 0), 0);
    for (size_t i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&to, sizeof to);
    }
}

static void closed_while_it_connects(void **state)
{
    struct scene *s = *state;
    int fillers[4];
    rtc_request close_it = {.type = RTC_REQUEST_CLOSE, .id = ID};
    fill_queue(s, fillers, 4);
    ask(s, 0);
    fake_settle(&s->fake);
    assert_int_equal(s->fake.result_count, 0);
    fake_request(&s->fake, &close_it);
    fake_settle(&s->fake);
    for (size_t i = 0; i < 4; i++)
        (void)close(fillers[i]);
    fake_settle(&s->fake);
    assert_int_equal(s->fake.result_count, 0);
}

static void the_connection_goes_while_it_connects(void **state)
{
    struct scene *s = *state;
    int fillers[4];
    fill_queue(s, fillers, 4);
    ask(s, 0);
    fake_settle(&s->fake);
    fake_detach(&s->fake);
    for (size_t i = 0; i < 4; i++)
        (void)close(fillers[i]);
    fake_settle(&s->fake);
    assert_int_equal(s->fake.result_count, 0);
}

struct reading {
    struct scene *scene;
    size_t got, want;
};

static bool read_some(void *user)
{
    struct reading *r = user;
    uint8_t bytes[3001];
    for (ssize_t n; (n = peer_read(r->scene, bytes, sizeof bytes)) > 0; r->got += (size_t)n)
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(bytes[i], byte_at(r->got + (size_t)i));
    return r->got >= r->want;
}

/* The kernel takes parts of what is sent: all of it arrives, in order, though more is sent meanwhile. */
static void partial_writes_stay_in_order(void **state)
{
    struct scene *s = *state;
    size_t sent = 0;
    open_stream(s, 0);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 60; i++, sent += PIECE)
            send_piece(s, sent, PIECE);
        struct reading r = {s, 0, 0};
        fake_settle(&s->fake);
        r.got = (size_t)round * 60 * PIECE;
        r.want = r.got + 60 * PIECE;
        fake_run(&s->fake, read_some, &r);
        assert_int_equal(r.got, r.want);
    }
    assert_int_equal(s->fake.result_count, 1);
}

/* A stream has no gaps: one whose peer takes nothing ends when too much waits, and not before. */
static void a_stream_that_is_stuck_ends(void **state)
{
    struct scene *s = *state;
    size_t sent = 0;
    open_stream(s, 0);
    while (s->fake.result_count == 1 && sent < 64u << 20) {
        send_piece(s, sent, 64 << 10);
        fake_settle(&s->fake);
        sent += 64 << 10;
    }
    assert_int_equal(s->fake.results[1].error, RTC_ERR_NETWORK);
    assert_in_range(sent, LIMIT, 64 << 20);
}

/* It ends once, however much more was to be sent on it at that moment. */
static void a_stream_ends_once(void **state)
{
    struct scene *s = *state;
    open_stream(s, 0);
    for (size_t sent = 0; sent < 24u << 20; sent += 64 << 10)
        send_piece(s, sent, 64 << 10);
    fake_settle(&s->fake);
    assert_int_equal(s->fake.result_count, 2);
    assert_int_equal(s->fake.results[1].error, RTC_ERR_NETWORK);
}

/* A message of a byte that tells its length, so that the peer sees whether all are whole. */
static void send_message(struct scene *s, uint32_t number, size_t len)
{
    uint8_t bytes[PIECE] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    memset(bytes + 4, (int)(number & 0xff), len - 4);
    fake_send(&s->fake, &s->path, bytes, len);
}

struct messages {
    struct scene *scene;
    uint8_t bytes[PIECE];
    size_t len;
    uint32_t last, count;
    uint32_t until;
};

static bool read_messages(void *user)
{
    struct messages *m = user;
    for (ssize_t n; (n = peer_read(m->scene, m->bytes + m->len, PIECE - m->len)) > 0;) {
        m->len += (size_t)n;
        if (m->len < PIECE)
            continue;
        uint32_t number = (uint32_t)m->bytes[0] << 24 | (uint32_t)m->bytes[1] << 16 | (uint32_t)m->bytes[2] << 8 | m->bytes[3];
        assert_true(m->count == 0 || number > m->last);
        for (size_t i = 4; i < PIECE; i++)
            assert_int_equal(m->bytes[i], number & 0xff);
        m->last = number;
        m->count++;
        m->len = 0;
    }
    return m->last >= m->until;
}

/* Messages beyond what may wait are dropped whole; the stream lives on and what follows arrives. */
static void messages_are_dropped_whole(void **state)
{
    struct scene *s = *state;
    uint32_t number = 0;
    open_stream(s, RTC_REQUEST_MESSAGES);
    for (; number < 16000; number++) { /* 19 MB: a stream would have ended */
        send_message(s, number, PIECE);
        if (number % 50 == 0)
            fake_settle(&s->fake);
    }
    fake_settle(&s->fake);
    struct messages m = {.scene = s, .until = number};
    /* What is sent until the peer has read all shows that the way is free again. */
    while (!read_messages(&m)) {
        send_message(s, number++, PIECE);
        fake_settle(&s->fake);
        assert_in_range(m.count, 0, 16000);
    }
    assert_int_equal(s->fake.result_count, 1);
    /* What waited was not more than the limit here, and what the kernel holds. */
    assert_in_range(m.count, 2, 2 * MESSAGES_LIMIT / PIECE + 16000 / 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(connects_and_carries_both_ways),
        TEST(nothing_waits_for_more),
        TEST(refusal_is_told),
        TEST(an_address_that_can_not_be_bound_is_told),
        TEST(the_peer_closes),
        TEST(the_peer_resets),
        TEST(closing_sends_what_was_given),
        TEST(closed_while_it_connects),
        TEST(the_connection_goes_while_it_connects),
        TEST(partial_writes_stay_in_order),
        TEST(a_stream_that_is_stuck_ends),
        TEST(a_stream_ends_once),
        TEST(messages_are_dropped_whole),
    };
    return cmocka_run_group_tests_name("io tcp", tests, NULL, NULL);
}
