/* SPDX-License-Identifier: MIT */
/* Many connections over one port of real sockets: a server's side on an endpoint, ICE-lite or not, and as many clients with sockets of
 * their own, all on one loop. */
#include <crtc/crtc.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Both sides check, and more often what is quiet, as everything is on a machine that is too busy: fewer of them then. */
enum { PAIRS = 100, PAIRS_CHECKING = 40 };

struct hall;

struct guest {
    struct hall *hall;
    struct guest *other;
    rtc_peer_connection *pc;
    rtc_data_channel *channel;
    bool served, connected, lost, got;
};

struct hall {
    rtc_context *context;
    rtc_loop *loop;
    rtc_endpoint *endpoint;
    struct guest client[PAIRS], server[PAIRS];
    int pairs, connected, failed, got;
};

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct guest *g = user;
    (void)pc;
    if (!candidate || !g->other->pc)
        return;
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
    assert_int_equal(rtc_peer_connection_add_ice_candidate(g->other->pc, &init), RTC_OK);
}

static void on_state(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    struct guest *g = user;
    if (state == RTC_PEER_CONNECTION_FAILED)
        print_message("%s failed: %s\n", g->served ? "a server's side" : "a client", rtc_peer_connection_explain(pc));
    g->hall->connected += state == RTC_PEER_CONNECTION_CONNECTED && !g->connected;
    g->connected |= state == RTC_PEER_CONNECTION_CONNECTED;
    g->hall->failed += state == RTC_PEER_CONNECTION_FAILED;
    g->lost |= state == RTC_PEER_CONNECTION_DISCONNECTED;
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct guest *g = user;
    char expected[32];
    /* each message says to which pair it belongs */
    (void)snprintf(expected, sizeof expected, "pair %d",
                   (int)(g < g->hall->server + PAIRS && g >= g->hall->server ? g - g->hall->server : g - g->hall->client));
    assert_true(text);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(data, expected, len);
    if (g >= g->hall->server && g < g->hall->server + PAIRS)
        assert_int_equal(rtc_data_channel_send_text(channel, expected, len), RTC_OK);
    g->hall->got += !g->got;
    g->got = true;
}

static void on_open(rtc_data_channel *channel, void *user)
{
    struct guest *g = user;
    char text[32];
    (void)snprintf(text, sizeof text, "pair %d", (int)(g - g->hall->client));
    if (channel == g->channel && g < g->hall->client + PAIRS && g >= g->hall->client)
        assert_int_equal(rtc_data_channel_send_text(channel, text, strlen(text)), RTC_OK);
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks, .on_open = on_open, .on_message = on_message};

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct guest *g = user;
    (void)pc;
    if (!g->channel)
        g->channel = rtc_data_channel_ref(channel);
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, g);
}

static const rtc_peer_connection_callbacks callbacks = {
    .size = sizeof callbacks, .on_ice_candidate = on_candidate, .on_connection_state_change = on_state, .on_data_channel = on_channel};

static void open_hall(struct hall *h, int pairs, const rtc_endpoint_options *given)
{
    rtc_endpoint_options options = given ? *given : (rtc_endpoint_options){.answer_stun = true};
    memset(h, 0, sizeof *h);
    h->pairs = pairs;
    assert_int_equal(rtc_context_new(NULL, &h->context), RTC_OK);
    assert_int_equal(rtc_loop_new(h->context, &h->loop), RTC_OK);
    options.size = sizeof options;
    options.loop = h->loop;
    assert_int_equal(rtc_endpoint_new(h->context, &options, &h->endpoint), RTC_OK);
    assert_true(rtc_endpoint_port(h->endpoint) > 0);
}

static void make(struct hall *h, struct guest *g, struct guest *other, bool served, bool lite)
{
    const rtc_configuration configuration = {
        .size = sizeof configuration, .loop = h->loop, .include_loopback = true, .endpoint = served ? h->endpoint : NULL, .ice_lite = lite};
    *g = (struct guest){.hall = h, .other = other, .served = served};
    assert_int_equal(rtc_peer_connection_new(h->context, &configuration, &callbacks, g, &g->pc), RTC_OK);
}

/* Offer and answer at once; candidates follow. */
static void introduce(struct guest *from, struct guest *to)
{
    rtc_sdp_type type;
    assert_int_equal(rtc_peer_connection_set_local_description(from->pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(
        rtc_peer_connection_set_remote_description(to->pc, RTC_SDP_OFFER, rtc_peer_connection_local_description(from->pc, &type)), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(to->pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(
        rtc_peer_connection_set_remote_description(from->pc, RTC_SDP_ANSWER, rtc_peer_connection_local_description(to->pc, &type)), RTC_OK);
}

static void call(struct hall *h, int i, bool server_offers, bool lite)
{
    struct guest *client = &h->client[i], *server = &h->server[i];
    make(h, client, server, false, false);
    make(h, server, client, true, lite);
    assert_int_equal(rtc_peer_connection_create_data_channel(client->pc, "talk", 4, NULL, &client->channel), RTC_OK);
    rtc_data_channel_set_callbacks(client->channel, &channel_callbacks, client);
    if (server_offers) {
        rtc_data_channel *mine;
        assert_int_equal(rtc_peer_connection_create_data_channel(server->pc, "unused", 6, NULL, &mine), RTC_OK);
        rtc_data_channel_unref(mine);
        introduce(server, client);
    } else {
        introduce(client, server);
    }
}

static void hang_up(struct guest *g)
{
    rtc_peer_connection *pc = g->pc;
    g->pc = NULL;
    rtc_peer_connection_free(pc);
    rtc_data_channel_unref(g->channel);
    g->channel = NULL;
}

static void close_hall(struct hall *h)
{
    for (int i = 0; i < h->pairs; i++) {
        hang_up(&h->client[i]);
        hang_up(&h->server[i]);
    }
    rtc_endpoint_unref(h->endpoint);
    rtc_loop_free(h->loop);
    rtc_context_unref(h->context);
}

static bool run(struct hall *h, int limit_ms, bool (*done)(struct hall *h))
{
    rtc_time_t limit = rtc_now() + (rtc_time_t)limit_ms * 1000;
    struct pollfd fd = {.fd = rtc_loop_fd(h->loop), .events = POLLIN};
    while (!done(h)) {
        int left = (int)((limit - rtc_now()) / 1000), wait = rtc_loop_timeout_ms(h->loop);
        if (left <= 0)
            return false;
        (void)poll(&fd, 1, wait < 0 || wait > left ? left : wait);
        assert_int_equal(rtc_loop_iterate(h->loop), RTC_OK);
    }
    return true;
}

static bool all_have_spoken(struct hall *h)
{
    return h->got == 2 * h->pairs;
}

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    return count;
}

static void many_pairs(int pairs, bool lite)
{
    static struct hall h;
    open_hall(&h, pairs, NULL);
    int before = descriptors();
    for (int i = 0; i < pairs; i++)
        make(&h, &h.server[i], &h.client[i], true, lite); /* idle ones open nothing */
    assert_int_equal(descriptors(), before);
    for (int i = 0; i < pairs; i++)
        hang_up(&h.server[i]);
    for (h.pairs = 10; h.pairs <= pairs; h.pairs += 10) { /* not all handshakes at once: this test runs under sanitizers, too */
        for (int i = h.pairs - 10; i < h.pairs; i++)
            call(&h, i, i % 2 == 1, lite);
        if (run(&h, 60000, all_have_spoken))
            continue;
        fail_msg("%d of %d have spoken, %d states connected, %d failed", h.got, 2 * h.pairs, h.connected, h.failed);
    }
    h.pairs = pairs;
    rtc_endpoint_stats stats = {.size = sizeof stats};
    rtc_endpoint_get_stats(h.endpoint, &stats);
    assert_int_equal(stats.connections, pairs);
    assert_true(stats.paths >= (uint32_t)pairs);
    assert_int_equal(stats.contested, 0);
    assert_int_equal(h.failed, 0);
    char port[16];
    (void)snprintf(port, sizeof port, " %u typ host", rtc_endpoint_port(h.endpoint));
    const char *sdp = rtc_peer_connection_local_description(h.server[0].pc, NULL);
    assert_non_null(strstr(sdp, port));
    assert_int_equal(strstr(sdp, "a=ice-lite\r\n") != NULL, lite);
    close_hall(&h);
}

static void lite(void **state)
{
    (void)state;
    many_pairs(PAIRS, true);
}

static void full(void **state)
{
    (void)state;
    many_pairs(PAIRS_CHECKING, false);
}

/* Some go, others come; then the endpoint goes, and nothing else breaks. */
static bool all_have_lost(struct hall *h)
{
    int lost = 0;
    for (int i = 0; i < h->pairs; i++)
        lost += h->server[i].lost;
    return lost == h->pairs;
}

static void coming_and_going(void **state)
{
    static struct hall h;
    (void)state;
    open_hall(&h, 10, NULL);
    for (int i = 0; i < 10; i++)
        call(&h, i, false, true);
    assert_true(run(&h, 20000, all_have_spoken));
    for (int round = 0; round < 5; round++) {
        for (int i = round; i < 10; i += 3) {
            hang_up(&h.client[i]);
            hang_up(&h.server[i]);
            h.got -= 2;
            call(&h, i, round % 2, true);
        }
        assert_true(run(&h, 20000, all_have_spoken));
    }
    rtc_endpoint_close(h.endpoint);
    rtc_endpoint_close(h.endpoint);
    assert_true(run(&h, 10000, all_have_lost));
    rtc_endpoint_stats stats = {.size = sizeof stats};
    rtc_endpoint_get_stats(h.endpoint, &stats);
    assert_int_equal(stats.paths, 0);
    rtc_peer_connection *pc = NULL;
    const rtc_configuration late = {.size = sizeof late, .loop = h.loop, .endpoint = h.endpoint};
    assert_int_equal(rtc_peer_connection_new(h.context, &late, NULL, NULL, &pc), RTC_ERR_INVALID_STATE);
    close_hall(&h);
}

static bool never(struct hall *h)
{
    (void)h;
    return false;
}

/* A plain STUN client is told its address, from the address that it asked. */
static void plain_stun(void **state)
{
    static struct hall h;
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct sockaddr_in to = {.sin_family = AF_INET}, from = {.sin_family = AF_INET};
    socklen_t len = sizeof from;
    uint8_t answer[100];
    (void)state;
    open_hall(&h, 0, NULL);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    to.sin_port = htons(rtc_endpoint_port(h.endpoint));
    assert_int_equal(inet_pton(AF_INET, "127.0.0.9", &to.sin_addr), 1);
    assert_int_equal(sendto(fd, request, sizeof request, 0, (struct sockaddr *)&to, sizeof to), sizeof request);
    (void)run(&h, 200, never);
    ssize_t got = recvfrom(fd, answer, sizeof answer, 0, (struct sockaddr *)&from, &len);
    assert_int_equal(got, 32);
    assert_int_equal(from.sin_addr.s_addr, to.sin_addr.s_addr);
    assert_int_equal(from.sin_port, to.sin_port);
    assert_memory_equal(answer + 8, request + 8, 12);
    assert_int_equal(answer[0] << 8 | answer[1], 0x0101);
    (void)close(fd);
    close_hall(&h);
}

static int server_fd;
static uint16_t allocates_from;

/* An Allocate request came to the TURN server. */
static bool server_was_asked(struct hall *h)
{
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    uint8_t bytes[1500];
    (void)h;
    while (recvfrom(server_fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &len) >= 2) {
        if (bytes[0] == 0 && bytes[1] == 3)
            allocates_from = ntohs(from.sin_port);
        len = sizeof from;
    }
    return allocates_from > 0;
}

/* What a TURN server says would not be known at the shared port. */
static void relays_have_sockets_of_their_own(void **state)
{
    static struct hall h;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char url[64];
    const char *const urls[] = {url};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1, .username = "user", .credential = "secret"};
    const rtc_ice_server *const servers[] = {&server};
    rtc_data_channel *channel;
    (void)state;
    open_hall(&h, 0, NULL);
    server_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(server_fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(url, sizeof url, "turn:127.0.0.1:%u?transport=udp", (unsigned)ntohs(address.sin_port));
    const rtc_configuration c = {
        .size = sizeof c, .loop = h.loop, .endpoint = h.endpoint, .include_loopback = true, .ice_servers = servers, .ice_server_count = 1};
    struct guest *g = &h.server[0];
    assert_int_equal(rtc_peer_connection_new(h.context, &c, NULL, NULL, &g->pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(g->pc, "talk", 4, NULL, &channel), RTC_OK);
    rtc_data_channel_unref(channel);
    assert_int_equal(rtc_peer_connection_set_local_description(g->pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_true(run(&h, 5000, server_was_asked));
    assert_int_not_equal(allocates_from, rtc_endpoint_port(h.endpoint));
    rtc_peer_connection_free(g->pc);
    g->pc = NULL;
    (void)close(server_fd);
    close_hall(&h);
}

static void refusals(void **state)
{
    static struct hall h;
    rtc_endpoint *endpoint = NULL;
    rtc_loop *other;
    rtc_peer_connection *pc = NULL;
    static const char *const wrong[] = {"localhost"}, *const four[] = {"127.0.0.1", "127.0.0.3"}, *const foreign[] = {"192.0.2.77"};
    (void)state;
    open_hall(&h, 0, NULL);
    rtc_endpoint_options o = {.size = sizeof o, .loop = h.loop, .port = rtc_endpoint_port(h.endpoint)};
    assert_int_equal(rtc_endpoint_new(h.context, NULL, &endpoint), RTC_ERR_TYPE);
    assert_int_equal(rtc_endpoint_new(h.context, &o, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_ERR_NETWORK); /* in use */
    o.port = 0;
    o.addresses = wrong;
    o.address_count = 1;
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_ERR_SYNTAX);
    o.addresses = foreign;
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_ERR_NETWORK);
    o.address_count = 65;
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_ERR_RANGE);
    o.loop = NULL;
    o.addresses = four;
    o.address_count = 2;
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_ERR_TYPE); /* no port to tell */
    o.loop = h.loop;
    assert_int_equal(rtc_endpoint_new(h.context, &o, &endpoint), RTC_OK);
    assert_true(rtc_endpoint_port(endpoint) != rtc_endpoint_port(h.endpoint));
    assert_int_equal(rtc_loop_new(h.context, &other), RTC_OK);
    rtc_configuration c = {.size = sizeof c, .loop = other, .endpoint = endpoint};
    assert_int_equal(rtc_peer_connection_new(h.context, &c, NULL, NULL, &pc), RTC_ERR_INVALID_ACCESS);
    static const char *const urls[] = {"stun:127.0.0.1"};
    const rtc_ice_server server = {.size = sizeof server, .urls = urls, .url_count = 1}, *const servers[] = {&server};
    c = (rtc_configuration){.size = sizeof c, .loop = h.loop, .ice_lite = true, .ice_servers = servers, .ice_server_count = 1};
    assert_int_equal(rtc_peer_connection_new(h.context, &c, NULL, NULL, &pc), RTC_ERR_INVALID_ACCESS);
    c = (rtc_configuration){.size = sizeof c, .loop = h.loop, .endpoint = endpoint};
    assert_int_equal(rtc_peer_connection_new(h.context, &c, NULL, NULL, &pc), RTC_OK);
    c.ice_lite = true;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_ERR_INVALID_MODIFICATION);
    c.ice_lite = false;
    c.endpoint = h.endpoint;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_ERR_INVALID_MODIFICATION);
    c.endpoint = endpoint;
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &c), RTC_OK);
    rtc_endpoint_unref(endpoint);
    rtc_peer_connection_free(pc);
    rtc_loop_free(other);
    close_hall(&h);
}

/* A loop that goes takes its ports with it; what is left of them is inert. */
static void loop_goes_first(void **state)
{
    rtc_loop *loop;
    rtc_endpoint *endpoint;
    rtc_peer_connection *pc;
    (void)state;
    assert_int_equal(rtc_loop_new(NULL, &loop), RTC_OK);
    const rtc_endpoint_options o = {.size = sizeof o, .loop = loop};
    assert_int_equal(rtc_endpoint_new(NULL, &o, &endpoint), RTC_OK);
    const rtc_configuration c = {.size = sizeof c, .loop = loop, .endpoint = endpoint};
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_OK);
    rtc_loop_free(loop);
    rtc_endpoint_close(endpoint);
    rtc_peer_connection_free(pc);
    rtc_endpoint_unref(endpoint);
    rtc_endpoint_unref(NULL);
    rtc_endpoint_close(NULL);
    assert_null(rtc_endpoint_ref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lite),
        cmocka_unit_test(full),
        cmocka_unit_test(coming_and_going),
        cmocka_unit_test(plain_stun),
        cmocka_unit_test(refusals),
        cmocka_unit_test(loop_goes_first),
        cmocka_unit_test(relays_have_sockets_of_their_own),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
