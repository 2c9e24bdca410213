/* SPDX-License-Identifier: MIT */
/* A connection for tests of the loop's sockets: it asks for what the test says, sends what the test gives it, and remembers what it was
 * told. It takes the place of the library's sans-I/O face, so these tests link the loop alone. */
#ifndef CRTC_IO_FAKE_CONNECTION_H
#define CRTC_IO_FAKE_CONNECTION_H

#include "out.h"

#include <crtc/endpoint.h>
#include <crtc/loop.h>
#include <crtc/transport.h>

enum { FAKE_RESULTS_MAX = 256, FAKE_REQUESTS_MAX = 16, FAKE_INTERFACES_MAX = 64 };

struct rtc_peer_connection {
    rtc_context *context;
    struct packet_pool *pool;
    rtc_loop *loop;
    void *attachment; /* NULL once detached */
    void *port;       /* what it is attached with */
    rtc_request requests[FAKE_REQUESTS_MAX];
    size_t request_count, request_taken;
    struct packet_queue tx;
    rtc_result results[FAKE_RESULTS_MAX];
    size_t result_count;
    rtc_interface interfaces[FAKE_INTERFACES_MAX]; /* of the last result that had any */
    size_t interface_count;
    uint8_t *received; /* all bytes, in order */
    size_t received_len, received_capacity;
    rtc_path last_path;
    uint8_t last_ecn;
    rtc_time_t last_arrival; /* RTC_TIME_NEVER: not told */
    bool stop;              /* the loop, when this is run next; */
    size_t received_before; /* what had come by then */
};

/* Sends what begins with 0 to the first connection, and with 1 to the second. */
struct rtc_endpoint {
    rtc_peer_connection *connections[2];
    struct packet_queue tx;
    void *port;
};

/* With a context and a loop of its own. */
void fake_begin(rtc_peer_connection *fake);
void fake_end(rtc_peer_connection *fake);
void fake_detach(rtc_peer_connection *fake);
/* Both are carried out by the next iteration of the loop. */
void fake_request(rtc_peer_connection *fake, const rtc_request *request);
void fake_send(rtc_peer_connection *fake, const rtc_path *path, const void *bytes, size_t len);
/* The same with these ECN bits. */
void fake_send_ecn(rtc_peer_connection *fake, const rtc_path *path, const void *bytes, size_t len, rtc_ecn ecn);
/* Iterates the loop until `done` says so; fails the test when that takes absurdly long. */
void fake_run(rtc_peer_connection *fake, bool (*done)(void *user), void *user);
/* Until there are `count` results; the last of them. */
const rtc_result *fake_result(rtc_peer_connection *fake, size_t count);
/* Until so many bytes have come. */
void fake_receive(rtc_peer_connection *fake, size_t len);
/* Iterates as often as something is to be done at once. */
void fake_settle(rtc_peer_connection *fake);

#endif
