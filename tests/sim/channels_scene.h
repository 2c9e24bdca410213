/* SPDX-License-Identifier: MIT */
/* What the tests of data channels share: two connections, a channel between them, and what comes out of it. */
#ifndef CRTC_CHANNELS_SCENE_H
#define CRTC_CHANNELS_SCENE_H

#include "peer_scene.h"

#include <string.h>

struct channels {
    struct sim_peers p;
    struct peer_log log[2];
    rtc_data_channel *channel;
    /* The last message that came to each side. */
    struct got {
        uint64_t messages, bytes;
        size_t len;
        bool text;
        uint32_t sum;
        rtc_data_channel *arrived[64]; /* references, in order */
        size_t arrived_count;
    } got[2];
};

static inline uint32_t sum_of(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t sum = 1;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + p[i];
    return sum;
}

static inline void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct got *got = user;
    (void)channel;
    got->messages++;
    got->bytes += len;
    got->len = len;
    got->text = text;
    got->sum = sum_of(data, len);
}

static const rtc_data_channel_callbacks listening = {.size = sizeof listening, .on_message = on_message};

static inline void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    struct got *got = user;
    (void)pc;
    rtc_data_channel_set_callbacks(channel, &listening, got);
    if (got->arrived_count < 64)
        got->arrived[got->arrived_count++] = rtc_data_channel_ref(channel);
}

static inline void begin_with(struct channels *s, uint64_t seed, const rtc_configuration *configuration)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    memset(s, 0, sizeof *s);
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(&s->p, seed, &link, NULL, configuration));
    s->p.manual = true;
    for (int i = 0; i < 2; i++) {
        s->p.peer[i].extra = (rtc_peer_connection_callbacks){.size = sizeof s->p.peer[i].extra, .on_data_channel = on_channel};
        s->p.peer[i].extra_user = &s->got[i];
    }
}

static inline void begin(struct channels *s, uint64_t seed)
{
    begin_with(s, seed, NULL);
}

static inline void end(struct channels *s)
{
    rtc_data_channel_unref(s->channel);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < s->got[i].arrived_count; k++)
            rtc_data_channel_unref(s->got[i].arrived[k]);
    sim_peers_fini(&s->p);
}

static inline int create(struct channels *s, int index, const char *label, const rtc_data_channel_init *init, rtc_data_channel **out)
{
    return rtc_peer_connection_create_data_channel(s->p.peer[index].pc, label, strlen(label), init, out);
}

/* A channel "chat" of peer 0, open on both sides. */
static inline void open_chat(struct channels *s)
{
    assert_int_equal(create(s, 0, "chat", NULL, &s->channel), RTC_OK);
    rtc_data_channel_set_callbacks(s->channel, &listening, &s->got[0]);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, SECOND);
    peer_run(&s->p, 200 * MS);
    assert_int_equal(s->got[1].arrived_count, 1);
}

static inline rtc_data_channel *theirs(struct channels *s)
{
    return s->got[1].arrived[0];
}

#endif
