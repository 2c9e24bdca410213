/* SPDX-License-Identifier: MIT */
/* The library on a thread of its own: the main thread goes on with what it has to do, here counting, and talks to its peer in between. Callbacks run on the library's
 * thread, with the loop's lock held; whoever calls from another thread holds that lock meanwhile, or posts a function. The peer is another connection in this process. */
#include <crtc/crtc.h>
#include <pthread.h>
#include <stdio.h>

static rtc_peer_connection *caller, *callee;
static rtc_data_channel *channel;

/* What the two threads share besides the library has a lock of its own: callbacks must not wait for a thread that waits for the loop. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int opened, answers;

static void count(int *counter)
{
    pthread_mutex_lock(&lock);
    ++*counter;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(const int *counter, int value)
{
    pthread_mutex_lock(&lock);
    while (*counter < value) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void on_open(rtc_data_channel *opens, void *user)
{
    (void)opens, (void)user, count(&opened);
}

static void on_answer(rtc_data_channel *from, void *user, bool text, const void *data, size_t len)
{
    (void)from, (void)user, (void)text;
    printf("the peer answers: %.*s\n", (int)len, (const char *)data);
    count(&answers);
}

static void on_question(rtc_data_channel *from, void *user, bool text, const void *data, size_t len)
{
    (void)user, (void)text;
    rtc_data_channel_send_text(from, data, len); /* no lock: this is the library's thread, which holds it */
}

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *arrived)
{
    static const rtc_data_channel_callbacks callbacks = {.size = sizeof(callbacks), .on_message = on_question};
    (void)connection, rtc_data_channel_set_callbacks(arrived, &callbacks, user);
}

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    (void)user;
    if (candidate != NULL) {
        rtc_ice_candidate_init init = {.size = sizeof(init), .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
        rtc_peer_connection_add_ice_candidate(connection == caller ? callee : caller, &init);
    }
}

/* Posted: it runs once on the library's thread, in the order of posting. */
static void ask_by_post(void *user)
{
    (void)user, rtc_data_channel_send_text(channel, "posted", 6);
}

static void call(rtc_loop *loop)
{
    static const rtc_peer_connection_callbacks callbacks = {.size = sizeof(callbacks), .on_ice_candidate = on_ice_candidate, .on_data_channel = on_data_channel};
    static const rtc_data_channel_callbacks talking = {.size = sizeof(talking), .on_open = on_open, .on_message = on_answer};
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop, .include_loopback = true};
    rtc_peer_connection_new(NULL, &configuration, &callbacks, NULL, &caller);
    rtc_peer_connection_new(NULL, &configuration, &callbacks, NULL, &callee);
    rtc_peer_connection_create_data_channel(caller, "questions", 9, NULL, &channel);
    rtc_data_channel_set_callbacks(channel, &talking, NULL);
    rtc_peer_connection_set_local_description(caller, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, rtc_peer_connection_local_description(caller, NULL));
    rtc_peer_connection_set_local_description(callee, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, rtc_peer_connection_local_description(callee, NULL));
}

int main(void)
{
    rtc_loop *loop;
    if (rtc_loop_new(NULL, &loop) != RTC_OK || rtc_loop_start(loop) != RTC_OK) {
        fprintf(stderr, "own_thread: %s\n", rtc_last_error());
        return 1;
    }
    rtc_loop_lock(loop); /* several calls under one lock: the loop sees them as one */
    call(loop);
    rtc_loop_unlock(loop);
    wait_for(&opened, 1); /* without the loop's lock, or the loop could not go on */
    rtc_loop_lock(loop);
    rtc_data_channel_send_text(channel, "locked", 6);
    rtc_loop_unlock(loop);
    rtc_loop_post(loop, ask_by_post, NULL);
    wait_for(&answers, 2);
    rtc_loop_lock(loop);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(caller); /* none of its callbacks runs once this returned */
    rtc_peer_connection_free(callee);
    rtc_loop_unlock(loop);
    rtc_loop_free(loop); /* ends the thread; not with the lock held */
    return 0;
}
