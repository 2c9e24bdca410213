/* SPDX-License-Identifier: MIT */
/* See endpoint.h. */
#include "endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A signalling message: its kind, the length of its two texts (mid and body), then these. */
struct signal_header {
    uint32_t kind; /* rtc_sdp_type, or a candidate */
    uint32_t mid_len, body_len;
};
enum { SIGNAL_CANDIDATE = 100, SIGNAL_TEXT_MAX = 1 << 20 };

/* ---- Data channel ---- */

static void on_open(rtc_data_channel *channel, void *user)
{
    struct endpoint *e = user;
    (void)channel;
    if (e->events->open)
        e->events->open(e);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct endpoint *e = user;
    (void)channel;
    if (e->events->message)
        e->events->message(e, text, data, len);
}

static void on_buffered_amount_low(rtc_data_channel *channel, void *user)
{
    struct endpoint *e = user;
    (void)channel;
    if (e->events->buffer_low)
        e->events->buffer_low(e);
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks,
    .on_open = on_open,
    .on_message = on_message,
    .on_buffered_amount_low = on_buffered_amount_low,
};

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *channel)
{
    struct endpoint *e = user;
    (void)connection;
    e->channel = rtc_data_channel_ref(channel);
    rtc_data_channel_set_callbacks(channel, &channel_callbacks, e);
}

/* ---- Signalling ---- */

static void apply(struct endpoint *e, uint32_t kind, const char *mid, const char *body)
{
    if (!e->connection)
        return;
    if (kind == SIGNAL_CANDIDATE) {
        rtc_ice_candidate_init init = {.size = sizeof init, .candidate = body, .sdp_mid = mid};
        (void)rtc_peer_connection_add_ice_candidate(e->connection, &init);
        return;
    }
    must(rtc_peer_connection_set_remote_description(e->connection, (rtc_sdp_type)kind, body), "set_remote_description");
}

static void write_all(int fd, const void *data, size_t len)
{
    for (const char *p = data; len > 0;) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return; /* the reader notices */
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

static bool read_all(int fd, void *data, size_t len)
{
    for (char *p = data; len > 0;) {
        ssize_t n = read(fd, p, len);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void signal_other(struct endpoint *e, uint32_t kind, const char *mid, const char *body)
{
    struct signal_header header = {kind, (uint32_t)strlen(mid), (uint32_t)strlen(body)};
    if (e->other) {
        apply(e->other, kind, mid, body);
    } else if (e->fd >= 0) {
        write_all(e->fd, &header, sizeof header);
        write_all(e->fd, mid, header.mid_len);
        write_all(e->fd, body, header.body_len);
    }
}

static void describe(struct endpoint *e)
{
    rtc_sdp_type type;
    must(rtc_peer_connection_set_local_description(e->connection, RTC_SDP_NONE, NULL), "set_local_description");
    const char *sdp = rtc_peer_connection_local_description(e->connection, &type);
    signal_other(e, type, "", sdp);
}

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    (void)connection;
    if (candidate)
        signal_other(user, SIGNAL_CANDIDATE, candidate->sdp_mid, candidate->candidate);
}

static void take_signal(struct endpoint *e, const struct signal_header *header, char *texts)
{
    const char *mid = texts, *body = texts + header->mid_len + 1;
    rtc_loop_lock(e->loop);
    apply(e, header->kind, mid, body);
    if (header->kind == RTC_SDP_OFFER)
        describe(e);
    rtc_loop_unlock(e->loop);
}

static bool read_signal(struct endpoint *e)
{
    struct signal_header header;
    if (!read_all(e->fd, &header, sizeof header) || header.mid_len > SIGNAL_TEXT_MAX || header.body_len > SIGNAL_TEXT_MAX)
        return false;
    char *texts = must_alloc(header.mid_len + header.body_len + 2u, 1);
    bool whole = read_all(e->fd, texts, header.mid_len) && read_all(e->fd, texts + header.mid_len + 1, header.body_len);
    if (whole)
        take_signal(e, &header, texts);
    free(texts);
    return whole;
}

static void *read_signals(void *user)
{
    struct endpoint *e = user;
    while (read_signal(e))
        ;
    rtc_loop_stop(e->loop);
    return NULL;
}

static void start_reader(struct endpoint *e, int fd)
{
    e->fd = fd;
    if (pthread_create(&e->reader, NULL, read_signals, e) != 0)
        fail("a thread can not be started");
}

/* ---- Life ---- */

void endpoint_init_configured(struct endpoint *e, rtc_configuration configuration, const struct endpoint_events *events, void *user)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof callbacks,
        .on_ice_candidate = on_ice_candidate,
        .on_data_channel = on_data_channel,
    };
    *e = (struct endpoint){.loop = configuration.loop, .events = events, .user = user, .fd = -1};
    configuration.size = sizeof configuration;
    configuration.include_loopback = true;
    must(rtc_peer_connection_new(NULL, &configuration, &callbacks, e, &e->connection), "peer_connection_new");
}

void endpoint_init(struct endpoint *e, rtc_loop *loop, rtc_certificate *certificate, const struct endpoint_events *events, void *user)
{
    rtc_configuration configuration = {.loop = loop, .certificates = &certificate, .certificate_count = certificate ? 1 : 0};
    endpoint_init_configured(e, configuration, events, user);
}

void endpoint_fini(struct endpoint *e)
{
    if (e->other)
        e->other->other = NULL;
    e->other = NULL;
    if (e->channel)
        rtc_data_channel_set_callbacks(e->channel, NULL, NULL);
    rtc_data_channel_unref(e->channel);
    rtc_peer_connection_free(e->connection);
    e->channel = NULL;
    e->connection = NULL;
}

static void open_channel(struct endpoint *e)
{
    must(rtc_peer_connection_create_data_channel(e->connection, "bench", 5, NULL, &e->channel), "create_data_channel");
    rtc_data_channel_set_callbacks(e->channel, &channel_callbacks, e);
}

void endpoint_negotiate(struct endpoint *caller, struct endpoint *callee)
{
    caller->other = callee;
    callee->other = caller;
    describe(caller);
    describe(callee);
}

void endpoint_join(struct endpoint *caller, struct endpoint *callee)
{
    open_channel(caller);
    endpoint_negotiate(caller, callee);
}

void endpoint_call(struct endpoint *caller, int fd)
{
    rtc_loop_lock(caller->loop);
    open_channel(caller);
    start_reader(caller, fd);
    describe(caller);
    rtc_loop_unlock(caller->loop);
}

void endpoint_answer(struct endpoint *callee, int fd)
{
    start_reader(callee, fd);
}

void endpoint_hang_up(struct endpoint *e)
{
    if (e->fd < 0)
        return;
    (void)shutdown(e->fd, SHUT_RDWR);
    (void)pthread_join(e->reader, NULL);
    (void)close(e->fd);
    e->fd = -1;
}

static void go_far(void)
{
    const char *path = getenv("BENCH_FAR_NETNS");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (path && (fd < 0 || setns(fd, CLONE_NEWNET) != 0))
        fail("the network namespace can not be entered");
    if (fd >= 0)
        (void)close(fd);
}

int endpoint_fork(void (*child)(int fd, void *user), void *user, pid_t *pid)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        fail("no socket pair can be made");
    *pid = fork();
    if (*pid < 0)
        fail("no process can be made");
    if (*pid == 0) {
        (void)close(fds[0]);
        go_far();
        child(fds[1], user);
        exit(0);
    }
    (void)close(fds[1]);
    return fds[0];
}
