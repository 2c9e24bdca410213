/* SPDX-License-Identifier: MIT */
/* One end of a connection with one data channel, and how it finds its other end: directly in the same process, or through a socket pair to
 * another one. Candidates trickle as they are found, over loopback and whatever interfaces there are. */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include "common.h"

#include <pthread.h>
#include <sys/types.h>

struct endpoint;

/* Run on the loop's thread; any may be NULL. */
struct endpoint_events {
    void (*open)(struct endpoint *end);
    void (*message)(struct endpoint *end, bool text, const void *data, size_t len);
    void (*buffer_low)(struct endpoint *end);
};

struct endpoint {
    rtc_loop *loop;
    rtc_peer_connection *connection;
    rtc_data_channel *channel;
    const struct endpoint_events *events;
    void *user;
    struct endpoint *other; /* in this process; else NULL */
    int fd;                 /* the signalling socket; else -1 */
    pthread_t reader;
};

/* Makes the connection. `certificate` may be NULL: one of its own. The endpoint must not move afterwards. */
void endpoint_init(struct endpoint *end, rtc_loop *loop, rtc_certificate *certificate, const struct endpoint_events *events, void *user);
/* As endpoint_init, with more to choose. */
void endpoint_init_configured(struct endpoint *end, rtc_configuration configuration, const struct endpoint_events *events, void *user);
/* Frees the connection; legal in its events. */
void endpoint_fini(struct endpoint *end);

/* Connects two ends of one process: `caller` offers and opens the channel. */
void endpoint_join(struct endpoint *caller, struct endpoint *callee);
/* Exchanges descriptions without opening a channel: for media. */
void endpoint_negotiate(struct endpoint *caller, struct endpoint *callee);
/* Connects to the end at the other side of a signalling socket. The loop stops when the other process goes. */
void endpoint_call(struct endpoint *caller, int fd);
void endpoint_answer(struct endpoint *callee, int fd);
/* Closes the signalling socket and ends its reader; not on the loop's thread. */
void endpoint_hang_up(struct endpoint *end);

/* Runs `child(fd, user)` in a process of its own, which ends when it returns, and in the network namespace that BENCH_FAR_NETNS names by its path, if it is set.
 * Returns this side's socket. */
int endpoint_fork(void (*child)(int fd, void *user), void *user, pid_t *pid);

#endif
