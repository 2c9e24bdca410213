/* SPDX-License-Identifier: MIT */
/* Two connections whose loops are different threads, and the engine's timers that all associations share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "context.h"
#include "data_channels.h"
#include "memory.h"

enum { MESSAGES = 2000, LEN = 3000 };

/* One loop: its own context, data channels and thread; datagrams come into `inbox`. */
struct loop {
    rtc_context *context;
    struct data_channels *dc;
    struct out out;
    struct loop *other;
    bool client;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct datagram {
        struct datagram *next;
        size_t len;
        uint8_t bytes[1500];
    } * head, **tail;
    bool woken;
    uint32_t handle;
    uint32_t sent, received;
    atomic_bool done;
};

static void wake(void *user)
{
    struct loop *l = user;
    pthread_mutex_lock(&l->lock);
    l->woken = true;
    pthread_cond_signal(&l->cond);
    pthread_mutex_unlock(&l->lock);
}

static void deliver(struct loop *to, struct packet *p)
{
    struct datagram *d = malloc(sizeof *d);
    if (!d)
        abort();
    d->next = NULL;
    d->len = p->len;
    memcpy(d->bytes, packet_data(p), p->len);
    packet_free(p);
    pthread_mutex_lock(&to->lock);
    if (!to->head)
        to->tail = &to->head;
    *to->tail = d;
    to->tail = &d->next;
    pthread_cond_signal(&to->cond);
    pthread_mutex_unlock(&to->lock);
}

static void on_event(struct loop *l, struct sctp_event *e)
{
    if (e->head.type == CHANNEL_EVENT_MESSAGE)
        l->received++;
    if (e->head.type == CHANNEL_EVENT_STATE && e->channel_state == CHANNEL_OPEN)
        l->handle = e->channel;
}

static void flush(struct loop *l)
{
    for (struct packet *p; (p = packet_queue_pop(&l->out.tx)) != NULL;)
        deliver(l->other, p);
    for (struct sctp_event *e; (e = out_pop_event(&l->out)) != NULL; out_free_event(&l->out, e))
        on_event(l, e);
}

static void send_more(struct loop *l)
{
    static const uint8_t bytes[LEN];
    while (l->handle && l->sent < MESSAGES &&
           data_channels_send(l->dc, rtc_now(), l->handle, false, slice_of(bytes, LEN), &l->out) == RTC_OK)
        l->sent++;
    flush(l);
}

/* Waits until something comes, something is due, or the other loop woke this one. */
static struct datagram *wait_for(struct loop *l)
{
    rtc_time_t left = data_channels_deadline(l->dc, NULL) - rtc_now();
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + (left < 0 ? 0 : left > 20000 ? 20000 : left) * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&l->lock);
    if (!l->head && !l->woken && left > 0)
        (void)pthread_cond_timedwait(&l->cond, &l->lock, &until);
    l->woken = false;
    struct datagram *all = l->head;
    l->head = NULL;
    pthread_mutex_unlock(&l->lock);
    return all;
}

static void *run(void *user)
{
    struct loop *l = user;
    rtc_time_t give_up = rtc_now() + 60000000;
    if (data_channels_start(l->dc, rtc_now(), l->client, 0, 1000, &l->out) != RTC_OK)
        return NULL;
    flush(l);
    while (!(atomic_load(&l->done) && atomic_load(&l->other->done)) && rtc_now() < give_up) {
        for (struct datagram *d = wait_for(l), *next; d; d = next) {
            next = d->next;
            data_channels_input(l->dc, rtc_now(), slice_of(d->bytes, d->len), &l->out);
            free(d);
        }
        if (data_channels_deadline(l->dc, NULL) <= rtc_now())
            data_channels_tick(l->dc, rtc_now(), &l->out);
        flush(l);
        send_more(l);
        if (l->received == MESSAGES && l->sent == MESSAGES)
            atomic_store(&l->done, true);
    }
    return NULL;
}

static void init(struct loop *l, struct loop *other, bool client)
{
    static const struct data_channels_options defaults;
    struct data_channel_options options = {.negotiated = true, .id = 0, .max_retransmits = -1, .max_packet_life_ms = -1};
    uint32_t handle;
    *l = (struct loop){.other = other, .client = client};
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->cond, NULL);
    assert_int_equal(rtc_context_new(NULL, &l->context), RTC_OK);
    assert_int_equal(out_init(&l->out, l->context), RTC_OK);
    assert_int_equal(data_channels_new(l->context, &defaults, &l->dc), RTC_OK);
    data_channels_set_wake(l->dc, wake, l);
    assert_int_equal(data_channels_open(l->dc, 0, &options, &handle, &l->out), RTC_OK);
}

static void fini(struct loop *l)
{
    data_channels_free(l->dc);
    out_fini(&l->out);
    for (struct datagram *d = l->head, *next; d; d = next) {
        next = d->next;
        free(d);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->cond);
    rtc_context_unref(l->context);
}

static void test_two_threads(void **state)
{
    (void)state;
    static struct loop loops[2];
    for (int i = 0; i < 2; i++)
        init(&loops[i], &loops[!i], i == 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&loops[i].thread, NULL, run, &loops[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(loops[i].thread, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(loops[i].received, MESSAGES);
        fini(&loops[i]);
    }
}

static void count_wake(void *user)
{
    ++*(int *)user;
}

/* A tick of one makes the packet that another is due to send again: it is kept for its owner, who is woken. */
static void test_packets_for_another(void **state)
{
    (void)state;
    static struct loop a, b;
    init(&a, &b, true);
    init(&b, &a, false);
    int woken = 0;
    data_channels_set_wake(a.dc, count_wake, &woken);
    rtc_time_t now = rtc_now();
    assert_int_equal(data_channels_start(a.dc, now, true, 0, 1000, &a.out), RTC_OK);
    assert_int_equal(data_channels_start(b.dc, now, false, 0, 1000, &b.out), RTC_OK);
    packet_queue_clear(&a.out.tx);
    packet_queue_clear(&b.out.tx);
    data_channels_tick(b.dc, now + 400000, &b.out); /* both are to say INIT again */
    assert_int_equal(b.out.tx.count, 1);
    assert_int_equal(a.out.tx.count, 0);
    assert_int_equal(woken, 1);
    assert_true(data_channels_deadline(a.dc, NULL) <= now + 400000);
    data_channels_tick(a.dc, now + 400000, &a.out);
    assert_int_equal(a.out.tx.count, 1);
    /* What is made for one that is gone goes nowhere. */
    data_channels_free(a.dc);
    a.dc = NULL;
    data_channels_tick(b.dc, now + 2000000, &b.out);
    assert_int_equal(woken, 1);
    fini(&a);
    fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_for_another),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
