/* SPDX-License-Identifier: MIT */
/* See stream.h. The clock runs from the channel's opening until the receiver has said that it has everything. */
#include "stream.h"

#include "endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { FILL_BYTES = 2 << 20, LOW_BYTES = 512 << 10 };

struct sender {
    const struct stream_settings *settings;
    struct stream_result *result;
    uint8_t *message;
    rtc_time_t began;
    double cpu_began;
    bool finished;
};

struct receiver {
    double bytes, messages;
    double cpu_began;
};

/* ---- The receiver ---- */

static void receiver_open(struct endpoint *e)
{
    struct receiver *r = e->user;
    r->cpu_began = cpu_seconds();
}

static void receiver_message(struct endpoint *e, bool text, const void *data, size_t len)
{
    struct receiver *r = e->user;
    char answer[128];
    (void)data;
    if (!text) {
        r->bytes += (double)len;
        r->messages++;
        return;
    }
    int answer_len = snprintf(answer, sizeof answer, "%.17g %.17g %.17g", r->bytes, r->messages, cpu_seconds() - r->cpu_began);
    must(rtc_data_channel_send_text(e->channel, answer, (size_t)answer_len), "send_text");
}

static const struct endpoint_events receiver_events = {.open = receiver_open, .message = receiver_message};

static void run_receiver(int fd, void *user)
{
    struct receiver receiver = {0};
    struct endpoint end;
    rtc_loop *loop = NULL;
    (void)user;
    must(rtc_loop_new(NULL, &loop), "loop_new");
    endpoint_init(&end, loop, NULL, &receiver_events, &receiver);
    endpoint_answer(&end, fd);
    must(rtc_loop_run(loop), "loop_run");
    endpoint_fini(&end);
    rtc_loop_free(loop);
}

/* ---- The sender ---- */

static void fill(struct endpoint *e)
{
    struct sender *s = e->user;
    rtc_time_t ends = s->began + (rtc_time_t)(s->settings->seconds * 1e6);
    while (!s->finished && rtc_data_channel_buffered_amount(e->channel) < FILL_BYTES) {
        if (rtc_now() >= ends) {
            s->finished = true;
            must(rtc_data_channel_send_text(e->channel, "end", 3), "send_text");
        } else if (rtc_data_channel_send(e->channel, s->message, (size_t)s->settings->size) == RTC_ERR_OPERATION) {
            return;
        }
    }
}

static void sender_open(struct endpoint *e)
{
    struct sender *s = e->user;
    rtc_data_channel_set_buffered_amount_low_threshold(e->channel, LOW_BYTES);
    s->began = rtc_now();
    s->cpu_began = cpu_seconds();
    fill(e);
}

static void sender_message(struct endpoint *e, bool text, const void *data, size_t len)
{
    struct sender *s = e->user;
    char answer[128] = "";
    if (!text || len >= sizeof answer)
        return;
    memcpy(answer, data, len);
    if (sscanf(answer, "%lf %lf %lf", &s->result->bytes, &s->result->messages, &s->result->cpu_receiver) != 3)
        fail("the receiver's answer makes no sense");
    s->result->seconds = (double)(rtc_now() - s->began) / 1e6;
    s->result->cpu_sender = cpu_seconds() - s->cpu_began;
    rtc_loop_stop(e->loop);
}

static const struct endpoint_events sender_events = {.open = sender_open, .message = sender_message, .buffer_low = fill};

static void run_one_process(struct sender *s)
{
    struct receiver receiver = {0};
    struct endpoint caller, callee;
    rtc_loop *loop = NULL;
    must(rtc_loop_new(NULL, &loop), "loop_new");
    endpoint_init(&caller, loop, NULL, &sender_events, s);
    endpoint_init(&callee, loop, NULL, &receiver_events, &receiver);
    endpoint_join(&caller, &callee);
    must(rtc_loop_run(loop), "loop_run");
    s->result->cpu_receiver = 0; /* the same process */
    endpoint_fini(&caller);
    endpoint_fini(&callee);
    rtc_loop_free(loop);
}

static void run_two_processes(struct sender *s)
{
    struct endpoint caller;
    rtc_loop *loop = NULL;
    pid_t pid;
    int fd = endpoint_fork(run_receiver, NULL, &pid);
    must(rtc_loop_new(NULL, &loop), "loop_new");
    endpoint_init(&caller, loop, NULL, &sender_events, s);
    endpoint_call(&caller, fd);
    must(rtc_loop_run(loop), "loop_run");
    endpoint_hang_up(&caller);
    endpoint_fini(&caller);
    rtc_loop_free(loop);
    (void)waitpid(pid, NULL, 0);
}

void stream_run(const struct stream_settings *settings, struct stream_result *result)
{
    struct sender sender = {.settings = settings, .result = result, .message = must_alloc(1, (size_t)settings->size)};
    *result = (struct stream_result){0};
    if (settings->processes >= 2)
        run_two_processes(&sender);
    else
        run_one_process(&sender);
    free(sender.message);
    if (result->bytes <= 0)
        fail("nothing arrived");
}
