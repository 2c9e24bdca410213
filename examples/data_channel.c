/* SPDX-License-Identifier: MIT */
/* Two peers in one process and on one loop: one opens a data channel and says hello, the other answers. */
#include <crtc/crtc.h>
#include <stdio.h>

static rtc_loop *loop;
static rtc_peer_connection *caller, *callee;
static int heard;

static void on_open(rtc_data_channel *channel, void *user)
{
    (void)user;
    rtc_data_channel_send_text(channel, "hello", 5);
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    printf("%s got %.*s\n", (const char *)user, text ? (int)len : 0, (const char *)data);
    ++heard == 1 ? (void)rtc_data_channel_send_text(channel, "hello yourself", 14) : rtc_loop_stop(loop);
}
static const rtc_data_channel_callbacks talking = {.size = sizeof(talking), .on_open = on_open, .on_message = on_message};

static void on_data_channel(rtc_peer_connection *connection, void *user, rtc_data_channel *channel)
{
    static const rtc_data_channel_callbacks listening = {.size = sizeof(listening), .on_message = on_message};
    (void)connection;
    rtc_data_channel_set_callbacks(channel, &listening, user);
}

static void on_ice_candidate(rtc_peer_connection *connection, void *user, const rtc_ice_candidate *candidate)
{
    (void)user;
    if (candidate != NULL) {
        rtc_ice_candidate_init init = {.size = sizeof(init), .candidate = candidate->candidate, .sdp_mid = candidate->sdp_mid};
        rtc_peer_connection_add_ice_candidate(connection == caller ? callee : caller, &init);
    }
}

int main(void)
{
    static const rtc_peer_connection_callbacks callbacks = {
        .size = sizeof(callbacks), .on_ice_candidate = on_ice_candidate, .on_data_channel = on_data_channel};
    rtc_data_channel *channel = NULL;
    rtc_loop_new(NULL, &loop);
    const rtc_configuration configuration = {.size = sizeof(configuration), .loop = loop, .include_loopback = true};
    rtc_peer_connection_new(NULL, &configuration, &callbacks, "caller", &caller);
    rtc_peer_connection_new(NULL, &configuration, &callbacks, "callee", &callee);
    rtc_peer_connection_create_data_channel(caller, "greetings", 9, NULL, &channel);
    rtc_data_channel_set_callbacks(channel, &talking, "caller");
    rtc_peer_connection_set_local_description(caller, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(callee, RTC_SDP_OFFER, rtc_peer_connection_local_description(caller, NULL));
    rtc_peer_connection_set_local_description(callee, RTC_SDP_NONE, NULL);
    rtc_peer_connection_set_remote_description(caller, RTC_SDP_ANSWER, rtc_peer_connection_local_description(callee, NULL));
    rtc_loop_run(loop);
    rtc_data_channel_unref(channel);
    rtc_peer_connection_free(caller);
    rtc_peer_connection_free(callee);
    rtc_loop_free(loop);
    return heard == 2 ? 0 : 1;
}
