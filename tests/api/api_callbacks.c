/* SPDX-License-Identifier: MIT */
/* Everything may be done from every callback: the connection is closed or freed, the other one is freed, channels are closed, let go of or
 * silenced, from each callback in turn, on a foreign loop with real sockets. What was ended says nothing afterwards. */
#include "api_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum action { NOTHING, CLOSE, FREE, FREE_OTHER, CLOSE_CHANNELS, UNREF_CHANNELS, SILENCE, CLEAR_CALLBACKS, EVERYTHING, ACTIONS };
static const char *const action_names[ACTIONS] = {
    "nothing", "close", "free", "free the other", "close channels", "unref channels", "silence", "clear callbacks", "everything twice"};

struct trial {
    struct api_pair pair;
    rtc_loop *loop;
    int index; /* whose callback */
    enum api_event event;
    enum action action;
    bool acted;
    int seen_then; /* events of the acting side when the action ended */
    bool reached_sentinel;
};

static int events_of(const struct api_peer *p)
{
    int sum = 0;
    for (int i = 0; i < API_EVENTS; i++)
        sum += p->seen[i];
    return sum;
}

static void drop(rtc_data_channel **channel)
{
    rtc_data_channel *c = *channel;
    *channel = NULL;
    rtc_data_channel_unref(c);
}

static void for_channels(struct api_peer *p, enum action action)
{
    rtc_data_channel **channels[] = {&p->channel, &p->doomed, &p->remote};
    for (int i = 0; i < 3; i++) {
        if (!*channels[i])
            continue;
        if (action == CLOSE_CHANNELS)
            rtc_data_channel_close(*channels[i]);
        else if (action == SILENCE)
            rtc_data_channel_set_callbacks(*channels[i], NULL, NULL);
        else
            drop(channels[i]);
    }
}

static void everything(struct api_peer *p)
{
    rtc_peer_connection *pc = rtc_peer_connection_ref(p->pc);
    for (int i = 0; i < 2; i++) {
        for_channels(p, CLOSE_CHANNELS);
        rtc_peer_connection_close(pc);
        (void)rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL);
    }
    for_channels(p, UNREF_CHANNELS);
    api_peer_free(p);
    rtc_peer_connection_unref(pc);
    rtc_media_stream_track_remove_sink(p->remote_track, p->sink);
    p->sink = NULL;
}

static void act(struct trial *t, struct api_peer *p)
{
    switch (t->action) {
    case CLOSE:
        rtc_peer_connection_close(p->pc);
        break;
    case FREE:
        api_peer_free(p);
        break;
    case FREE_OTHER:
        api_peer_free(&t->pair.peer[1 - p->index]);
        break;
    case CLOSE_CHANNELS:
    case UNREF_CHANNELS:
    case SILENCE:
        for_channels(p, t->action);
        break;
    case CLEAR_CALLBACKS:
        rtc_peer_connection_set_callbacks(p->pc, NULL, NULL);
        break;
    case EVERYTHING:
        everything(p);
        break;
    default:
        break;
    }
}

static void hook(struct api_peer *p, enum api_event event)
{
    struct trial *t = p->pair->user;
    if (!t->acted && p->index == t->index && event == t->event) {
        t->acted = true;
        act(t, p);
        t->seen_then = events_of(t->action == FREE_OTHER ? &t->pair.peer[1 - p->index] : p);
    } else if (event == API_MESSAGE && p->index == 1 && p->seen[API_MESSAGE] == p->pair->burst && p->remote) {
        rtc_data_channel_close(p->remote); /* the usual end of a trial: closing and close on both sides */
    }
}

static bool acted(void *user)
{
    return ((struct trial *)user)->acted;
}

static void reach(void *user)
{
    ((struct trial *)user)->reached_sentinel = true;
}

static bool reached(void *user)
{
    return ((struct trial *)user)->reached_sentinel;
}

static void run_trial(int index, enum api_event event, enum action action)
{
    struct trial t = {.index = index, .event = event, .action = action};
    assert_int_equal(rtc_loop_new(NULL, &t.loop), RTC_OK);
    api_pair_init(&t.pair, NULL, t.loop, t.loop);
    t.pair.media = event == API_TRACK || event == API_UNMUTE || event == API_ENCODED_FRAME;
    t.pair.burst = 20;
    t.pair.hook = hook;
    t.pair.user = &t;
    api_pair_call(&t.pair);
    if (!api_poll(t.loop, 20000, acted, &t))
        fail_msg("peer %d never had %s", index, api_event_name(event));
    for (int i = 0; i < 5; i++) { /* some more rounds, with whatever was on its way */
        t.reached_sentinel = false;
        assert_int_equal(rtc_loop_post_delayed(t.loop, 1000, reach, &t, NULL), RTC_OK);
        assert_true(api_poll(t.loop, 20000, reached, &t));
    }
    const struct api_peer *ended = &t.pair.peer[action == FREE_OTHER ? 1 - index : index];
    bool ends = action == CLOSE || action == FREE || action == FREE_OTHER || action == EVERYTHING;
    if (ends && events_of(ended) != t.seen_then)
        fail_msg("%s in %s of peer %d: %d events came later", action_names[action], api_event_name(event), index,
                 events_of(ended) - t.seen_then);
    api_pair_fini(&t.pair);
    rtc_loop_free(t.loop);
    rtc_media_source_unref(t.pair.peer[0].source);
}

static const struct {
    int index;
    enum api_event event;
} places[] = {
    {0, API_NEGOTIATION_NEEDED},
    {0, API_CANDIDATE},
    {0, API_END_OF_CANDIDATES},
    {0, API_GATHERED},
    {0, API_SIGNALING},
    {0, API_GATHERING},
    {0, API_ICE_STATE},
    {0, API_CONNECTION_STATE},
    {0, API_CONNECTED},
    {0, API_OPEN},
    {0, API_MESSAGE},
    {0, API_LOW},
    {0, API_CLOSING},
    {0, API_CLOSE},
    {0, API_ERROR},
    {1, API_CANDIDATE},
    {1, API_SIGNALING},
    {1, API_CONNECTED},
    {1, API_DATA_CHANNEL},
    {1, API_OPEN},
    {1, API_MESSAGE},
    {1, API_CLOSE},
    {1, API_TRACK},
    {1, API_UNMUTE},
    {1, API_ENCODED_FRAME},
};

static void from_every_callback(void **state)
{
    enum action action = *(enum action *)*state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        run_trial(places[i].index, places[i].event, action);
}

int main(void)
{
    static enum action actions[ACTIONS];
    struct CMUnitTest tests[ACTIONS];
    for (int i = 0; i < ACTIONS; i++) {
        actions[i] = (enum action)i;
        tests[i] = (struct CMUnitTest){action_names[i], from_every_callback, NULL, NULL, &actions[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
