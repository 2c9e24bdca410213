/* SPDX-License-Identifier: MIT */
/* See io_fake_connection.h. */
#include "io_fake_connection.h"

#include "driven.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { WAIT_MS = 20000 };

/* ---- the face ---- */

rtc_packet *rtc_packet_new(rtc_peer_connection *pc)
{
    return (rtc_packet *)packet_new(pc->pool);
}

void rtc_packet_free(rtc_packet *packet)
{
    packet_free((struct packet *)packet);
}

uint8_t *rtc_packet_data(rtc_packet *packet)
{
    return packet_data((struct packet *)packet);
}

size_t rtc_packet_len(const rtc_packet *packet)
{
    return ((const struct packet *)packet)->len;
}

size_t rtc_packet_capacity(const rtc_packet *packet)
{
    const struct packet *p = (const struct packet *)packet;
    return p->capacity - p->start;
}

int rtc_packet_set_len(rtc_packet *packet, size_t len)
{
    ((struct packet *)packet)->len = (uint32_t)len;
    return RTC_OK;
}

static rtc_address public_address(const struct address *a)
{
    rtc_address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

static struct address inner_address(const rtc_address *a)
{
    struct address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

unsigned rtc_packet_dscp(const rtc_packet *packet)
{
    return ((const struct packet *)packet)->dscp;
}

rtc_ecn rtc_packet_ecn(const rtc_packet *packet)
{
    return (rtc_ecn)((const struct packet *)packet)->ecn;
}

void rtc_packet_path(const rtc_packet *packet, rtc_path *out)
{
    const struct path *p = &((const struct packet *)packet)->path;
    *out = (rtc_path){p->socket, p->protocol, public_address(&p->local), public_address(&p->remote)};
}

static void take_bytes(rtc_peer_connection *pc, const rtc_path *path, const void *data, size_t len)
{
    pc->last_path = *path;
    if (pc->received_len + len > pc->received_capacity) {
        pc->received_capacity = 2 * (pc->received_len + len);
        pc->received = realloc(pc->received, pc->received_capacity);
        assert_non_null(pc->received);
    }
    memcpy(pc->received + pc->received_len, data, len);
    pc->received_len += len;
}

void rtc_peer_connection_receive(rtc_peer_connection *pc, rtc_time_t now, const rtc_path *path, rtc_packet *packet)
{
    (void)now;
    pc->last_ecn = ((const struct packet *)packet)->ecn;
    pc->last_arrival = ((const struct packet *)packet)->arrived;
    take_bytes(pc, path, rtc_packet_data(packet), rtc_packet_len(packet));
    rtc_packet_free(packet);
}

int rtc_peer_connection_result(rtc_peer_connection *pc, rtc_time_t now, const rtc_result *result)
{
    (void)now;
    assert_in_range(pc->result_count, 0, FAKE_RESULTS_MAX - 1);
    pc->results[pc->result_count++] = *result;
    if (result->type == RTC_REQUEST_INTERFACES) {
        assert_in_range(result->interface_count, 0, FAKE_INTERFACES_MAX);
        assert_int_equal(result->interface_size, sizeof *result->interfaces);
        pc->interface_count = result->interface_count;
        if (result->interface_count > 0)
            memcpy(pc->interfaces, result->interfaces, result->interface_count * sizeof *result->interfaces);
    }
    return RTC_OK;
}

void rtc_peer_connection_tick(rtc_peer_connection *pc, rtc_time_t now)
{
    (void)now;
    if (!pc->stop)
        return;
    pc->stop = false;
    pc->received_before = pc->received_len;
    rtc_loop_stop(pc->loop);
}

rtc_time_t rtc_peer_connection_deadline(rtc_peer_connection *pc, const char **why)
{
    (void)pc;
    (void)why;
    return RTC_TIME_NEVER;
}

rtc_packet *rtc_peer_connection_next_packet(rtc_peer_connection *pc)
{
    return (rtc_packet *)packet_queue_pop(&pc->tx);
}

bool rtc_peer_connection_next_request(rtc_peer_connection *pc, rtc_request *out)
{
    if (pc->request_taken == pc->request_count)
        return false;
    *out = pc->requests[pc->request_taken++];
    return true;
}

size_t rtc_peer_connection_dispatch(rtc_peer_connection *pc)
{
    (void)pc;
    return 0;
}

void rtc_peer_connection_close(rtc_peer_connection *pc)
{
    fake_detach(pc);
}

void *peer_attachment(const rtc_peer_connection *pc)
{
    return pc->attachment;
}

rtc_peer_connection *rtc_endpoint_route(rtc_endpoint *e, rtc_time_t now, rtc_path *path, const void *data, size_t len)
{
    (void)now;
    path->socket = 77;
    return len > 0 && *(const uint8_t *)data < 2 ? e->connections[*(const uint8_t *)data] : NULL;
}

rtc_packet *rtc_endpoint_next_packet(rtc_endpoint *e)
{
    return (rtc_packet *)packet_queue_pop(&e->tx);
}

void rtc_endpoint_close(rtc_endpoint *e)
{
    if (e->port)
        shared_port_unbind(e->port);
    e->port = NULL;
}

/* ---- the test's side ---- */

void fake_begin(rtc_peer_connection *f)
{
    *f = (rtc_peer_connection){0};
    assert_int_equal(rtc_context_new(NULL, &f->context), RTC_OK);
    assert_int_equal(packet_pool_new(f->context, &f->pool), RTC_OK);
    assert_int_equal(rtc_loop_new(f->context, &f->loop), RTC_OK);
    assert_int_equal(driven_attach(f->loop, f, f->port, &f->attachment), RTC_OK);
}

void fake_detach(rtc_peer_connection *f)
{
    if (f->attachment)
        driven_detach(f->attachment);
    f->attachment = NULL;
}

void fake_end(rtc_peer_connection *f)
{
    fake_detach(f);
    rtc_loop_free(f->loop);
    packet_queue_clear(&f->tx);
    packet_pool_unref(f->pool);
    rtc_context_unref(f->context);
    free(f->received);
}

void fake_request(rtc_peer_connection *f, const rtc_request *request)
{
    assert_in_range(f->request_count, 0, FAKE_REQUESTS_MAX - 1);
    f->requests[f->request_count] = *request;
    f->requests[f->request_count++].size = sizeof *request;
    driven_changed(f->attachment);
}

void fake_send(rtc_peer_connection *f, const rtc_path *path, const void *bytes, size_t len)
{
    fake_send_ecn(f, path, bytes, len, RTC_ECN_NOT_ECT);
}

void fake_send_ecn(rtc_peer_connection *f, const rtc_path *path, const void *bytes, size_t len, rtc_ecn ecn)
{
    struct packet *p = packet_new_sized(f->pool, len);
    assert_non_null(p);
    memcpy(packet_data(p), bytes, len);
    p->len = (uint32_t)len;
    p->path = (struct path){path->socket, (uint8_t)path->protocol, inner_address(&path->local), inner_address(&path->remote)};
    p->ecn = (uint8_t)ecn;
    packet_queue_push(&f->tx, p);
    driven_changed(f->attachment);
}

void fake_run(rtc_peer_connection *f, bool (*done)(void *user), void *user)
{
    rtc_time_t limit = rtc_now() + (rtc_time_t)WAIT_MS * 1000;
    while (!done(user)) {
        struct pollfd p = {.fd = rtc_loop_fd(f->loop), .events = POLLIN};
        (void)poll(&p, 1, 20); /* not longer: `done` may look at what is outside of the loop */
        assert_int_equal(rtc_loop_iterate(f->loop), RTC_OK);
        assert_true(rtc_now() < limit);
    }
}

struct awaited {
    const rtc_peer_connection *fake;
    size_t results, bytes;
};

static bool has_come(void *user)
{
    const struct awaited *a = user;
    return a->fake->result_count >= a->results && a->fake->received_len >= a->bytes;
}

const rtc_result *fake_result(rtc_peer_connection *f, size_t count)
{
    struct awaited a = {f, count, 0};
    fake_run(f, has_come, &a);
    assert_int_equal(f->result_count, count);
    return &f->results[count - 1];
}

void fake_receive(rtc_peer_connection *f, size_t len)
{
    struct awaited a = {f, 0, len};
    fake_run(f, has_come, &a);
}

void fake_settle(rtc_peer_connection *f)
{
    struct pollfd p = {.fd = rtc_loop_fd(f->loop), .events = POLLIN};
    do
        assert_int_equal(rtc_loop_iterate(f->loop), RTC_OK);
    while (poll(&p, 1, 0) == 1);
}
