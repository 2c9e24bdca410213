/* SPDX-License-Identifier: MIT */
/* No loop and no sockets: two connections in one process, their packets carried by this test in real time, through nothing but
 * <crtc/transport.h>. */
#include <crtc/crtc.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct side {
    rtc_peer_connection *pc;
    struct side *other;
    uint32_t socket; /* the id of its one socket's request */
    uint32_t interfaces;
    rtc_address address;
    rtc_data_channel *channel;
    int messages, opened;
    bool closed_socket, closed_interfaces;
};

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct side *s = user;
    s->messages++;
    if (len > 1 && !text)
        assert_int_equal(rtc_data_channel_send(channel, data, len / 2), RTC_OK); /* back and forth, half as long each time */
}

static void on_open(rtc_data_channel *channel, void *user)
{
    static const uint8_t data[65536];
    ((struct side *)user)->opened++;
    assert_int_equal(rtc_data_channel_send(channel, data, sizeof data), RTC_OK);
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof callbacks, .on_message = on_message};
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &callbacks, user);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    struct side *s = user;
    (void)pc;
    if (!candidate)
        return;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
    assert_int_equal(rtc_peer_connection_add_ice_candidate(s->other->pc, &init), RTC_OK);
}

static void answer(struct side *s, const rtc_request *request)
{
    rtc_result result = {.size = sizeof result, .type = request->type, .id = request->id};
    const rtc_interface interface = {.address = s->address, .name = "sim0", .index = 1};
    if (request->type == RTC_REQUEST_INTERFACES) {
        s->interfaces = request->id;
        result.interfaces = &interface;
        result.interface_count = 1;
        result.interface_size = sizeof interface;
    } else if (request->type == RTC_REQUEST_OPEN_UDP) {
        assert_int_equal(request->local.port, 0);
        s->socket = request->id;
        result.local = request->local;
        result.local.port = 4000;
    } else if (request->type == RTC_REQUEST_LISTEN_TCP) {
        result.error = RTC_ERR_NOT_SUPPORTED; /* a loop may do without */
    } else {
        assert_int_equal(request->type, RTC_REQUEST_CLOSE);
        assert_true(request->id == s->socket || request->id == s->interfaces);
        s->closed_socket |= request->id == s->socket;
        s->closed_interfaces |= request->id == s->interfaces;
        return;
    }
    assert_int_equal(rtc_peer_connection_result(s->pc, rtc_now(), &result), RTC_OK);
}

/* True when there was something to do. */
static bool drain(struct side *s)
{
    rtc_request request = {.size = sizeof request};
    bool busy = false;
    while (rtc_peer_connection_next_request(s->pc, &request)) {
        answer(s, &request);
        request.size = sizeof request;
        busy = true;
    }
    for (rtc_packet *packet; (packet = rtc_peer_connection_next_packet(s->pc)) != NULL; busy = true) {
        rtc_path path;
        rtc_packet_path(packet, &path);
        assert_int_equal(path.socket, s->socket);
        assert_in_range(rtc_packet_len(packet), 1, 1200);
        const rtc_path back = {.socket = s->other->socket, .local = path.remote, .remote = path.local};
        rtc_peer_connection_receive_copy(s->other->pc, rtc_now(), &back, rtc_packet_data(packet), rtc_packet_len(packet));
        rtc_packet_free(packet);
    }
    return rtc_peer_connection_dispatch(s->pc) > 0 || busy;
}

static void tick(struct side sides[2])
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (int i = 0; i < 2; i++) {
        const char *why = NULL;
        rtc_time_t deadline = rtc_peer_connection_deadline(sides[i].pc, &why);
        assert_non_null(why);
        at = deadline < at ? deadline : at;
    }
    rtc_time_t wait = at - rtc_now();
    if (wait > 0)
        (void)poll(NULL, 0, wait > 20000 ? 20 : (int)(wait / 1000) + 1);
    for (int i = 0; i < 2; i++)
        rtc_peer_connection_tick(sides[i].pc, rtc_now());
}

static void run_until(struct side sides[2], bool (*done)(struct side sides[2]))
{
    rtc_time_t limit = rtc_now() + 30000000;
    while (!done(sides)) {
        assert_true(rtc_now() < limit);
        for (bool busy = true; busy;) {
            busy = drain(&sides[0]);
            busy = drain(&sides[1]) || busy;
        }
        tick(sides);
    }
}

static bool talked(struct side sides[2])
{
    return sides[0].messages + sides[1].messages == 17; /* 65536, 32768, ... 1 */
}

static bool channel_gone(struct side sides[2])
{
    return rtc_data_channel_ready_state(sides[0].channel) == RTC_DATA_CHANNEL_CLOSED;
}

static void two_connections(void **state)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof callbacks, .on_ice_candidate = on_candidate, .on_data_channel = on_channel};
    static const rtc_data_channel_callbacks chat = {.size = sizeof chat, .on_open = on_open, .on_message = on_message};
    struct side sides[2];
    (void)state;
    memset(sides, 0, sizeof sides);
    for (int i = 0; i < 2; i++) {
        sides[i].other = &sides[1 - i];
        sides[i].address = (rtc_address){.family = RTC_ADDRESS_IPV4, .ip = {10, 0, 0, (uint8_t)(i + 1)}};
        assert_int_equal(rtc_peer_connection_new(NULL, NULL, &callbacks, &sides[i], &sides[i].pc), RTC_OK);
        assert_true(rtc_peer_connection_deadline(sides[i].pc, NULL) == RTC_TIME_NEVER);
    }
    assert_int_equal(rtc_peer_connection_create_data_channel(sides[0].pc, "chat", 4, NULL, &sides[0].channel), RTC_OK);
    rtc_data_channel_set_callbacks(sides[0].channel, &chat, &sides[0]);
    assert_int_equal(rtc_peer_connection_set_local_description(sides[0].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(
        rtc_peer_connection_set_remote_description(sides[1].pc, RTC_SDP_OFFER, rtc_peer_connection_local_description(sides[0].pc, NULL)),
        RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(sides[1].pc, RTC_SDP_NONE, NULL), RTC_OK);
    assert_int_equal(
        rtc_peer_connection_set_remote_description(sides[0].pc, RTC_SDP_ANSWER, rtc_peer_connection_local_description(sides[1].pc, NULL)),
        RTC_OK);
    run_until(sides, talked);
    /* one closes: the other learns of it, and what the closed one still has to say and to close comes out of it */
    rtc_peer_connection_close(sides[1].pc);
    run_until(sides, channel_gone);
    assert_true(sides[1].closed_socket && sides[1].closed_interfaces);
    assert_int_equal(sides[0].opened, 1);
    rtc_data_channel_unref(sides[0].channel);
    rtc_peer_connection_free(sides[0].pc);
    rtc_peer_connection_free(sides[1].pc);
}

/* A connection that was accepted before its listener was known to be closed is nobody's: it is asked to be closed, too. */
static void accepted_too_late(void **state)
{
    (void)state;
    rtc_peer_connection *pc;
    rtc_data_channel *channel;
    rtc_request request = {.size = sizeof request};
    assert_int_equal(rtc_peer_connection_new(NULL, NULL, NULL, NULL, &pc), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc, "chat", 4, NULL, &channel), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
    while (rtc_peer_connection_next_request(pc, &request))
        request.size = sizeof request;
    const rtc_result late = {.size = sizeof late, .type = RTC_REQUEST_LISTEN_TCP, .id = 1000, .socket = RTC_ACCEPTED_SOCKET | 7};
    assert_int_equal(rtc_peer_connection_result(pc, rtc_now(), &late), RTC_OK);
    request.size = sizeof request;
    assert_true(rtc_peer_connection_next_request(pc, &request));
    assert_int_equal(request.type, RTC_REQUEST_CLOSE);
    assert_int_equal(request.id, late.socket);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(pc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_connections), cmocka_unit_test(accepted_too_late)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
