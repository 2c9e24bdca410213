/* SPDX-License-Identifier: MIT */
/* See peer_scene.h. */
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Logs ---- */

void peer_log_add(struct peer_log *log, const char *word)
{
    size_t len = strlen(log->text);
    (void)snprintf(log->text + len, sizeof log->text - len, "%s%s", len > 0 ? " " : "", word);
}

static void add_state(struct peer_log *log, const char *kind, const char *state)
{
    char word[64];
    (void)snprintf(word, sizeof word, "%s:%s", kind, state);
    peer_log_add(log, word);
}

static void on_needed(rtc_peer_connection *pc, void *user)
{
    (void)pc;
    peer_log_add(user, "needed");
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    peer_log_add(user, !candidate ? "null" : candidate->candidate[0] ? "candidate" : "end");
    if (!candidate)
        return;
    assert_true(candidate->sdp_mid[0] && candidate->username_fragment[0]);
    assert_true(!candidate->candidate[0] || strncmp(candidate->candidate, "candidate:", 10) == 0);
}

static void on_signaling(rtc_peer_connection *pc, void *user, rtc_signaling_state state)
{
    (void)pc;
    add_state(user, "signaling", rtc_signaling_state_name(state));
}

static void on_gathering(rtc_peer_connection *pc, void *user, rtc_ice_gathering_state state)
{
    (void)pc;
    add_state(user, "gathering", rtc_ice_gathering_state_name(state));
}

static void on_ice(rtc_peer_connection *pc, void *user, rtc_ice_connection_state state)
{
    (void)pc;
    add_state(user, "ice", rtc_ice_connection_state_name(state));
}

static void on_connection(rtc_peer_connection *pc, void *user, rtc_peer_connection_state state)
{
    (void)pc;
    add_state(user, "connection", rtc_peer_connection_state_name(state));
}

static void on_dtls(void *user, rtc_dtls_transport_state state)
{
    add_state(user, "dtls", rtc_dtls_transport_state_name(state));
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    (void)pc;
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_OPEN);
    peer_log_add(user, "channel");
}

static void on_track(rtc_peer_connection *pc, void *user, const rtc_track_event *event)
{
    (void)pc;
    assert_ptr_equal(event->track, rtc_rtp_receiver_track(event->receiver));
    assert_ptr_equal(event->receiver, rtc_rtp_transceiver_receiver(event->transceiver));
    peer_log_add(user, "track");
}

static void on_mute(rtc_peer_connection *pc, void *user, rtc_media_stream_track *track, bool muted)
{
    (void)pc;
    (void)track;
    peer_log_add(user, muted ? "muted" : "unmuted");
}

void peer_log_attach(struct sim_peer *peer, struct peer_log *log)
{
    log->text[0] = 0;
    peer->extra = (rtc_peer_connection_callbacks){
        .size = sizeof peer->extra,
        .on_negotiation_needed = on_needed,
        .on_ice_candidate = on_candidate,
        .on_signaling_state_change = on_signaling,
        .on_ice_gathering_state_change = on_gathering,
        .on_ice_connection_state_change = on_ice,
        .on_connection_state_change = on_connection,
        .on_data_channel = on_channel,
        .on_track = on_track,
        .on_track_mute = on_mute,
    };
    peer->on_dtls = on_dtls;
    peer->dtls_user = log;
    peer->extra_user = log;
}

int peer_log_count(const struct peer_log *log, const char *word)
{
    int n = 0;
    size_t len = strlen(word);
    for (const char *at = log->text; (at = strstr(at, word)) != NULL; at += len)
        n += (at == log->text || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0);
    return n;
}

static void channel_word(struct channel_log *log, const char *word)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s:%s", log->name, word);
    peer_log_add(log->log, text);
}

static void on_open(rtc_data_channel *channel, void *user)
{
    (void)channel;
    channel_word(user, "open");
}

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    (void)channel;
    (void)text;
    (void)data;
    (void)len;
    channel_word(user, "message");
}

static void on_low(rtc_data_channel *channel, void *user)
{
    (void)channel;
    channel_word(user, "low");
}

static void on_closing(rtc_data_channel *channel, void *user)
{
    (void)channel;
    channel_word(user, "closing");
}

static void on_close(rtc_data_channel *channel, void *user)
{
    assert_int_equal(rtc_data_channel_ready_state(channel), RTC_DATA_CHANNEL_CLOSED);
    channel_word(user, "close");
}

static void on_error(rtc_data_channel *channel, void *user, const rtc_error_info *error)
{
    (void)channel;
    assert_true(error->error < 0 && error->message[0]);
    channel_word(user, "error");
}

void channel_log_attach(rtc_data_channel *channel, struct channel_log *log)
{
    static const rtc_data_channel_callbacks callbacks = {
        .size = sizeof callbacks,
        .on_open = on_open,
        .on_message = on_message,
        .on_buffered_amount_low = on_low,
        .on_closing = on_closing,
        .on_close = on_close,
        .on_error = on_error,
    };
    rtc_data_channel_set_callbacks(channel, &callbacks, log);
}

/* ---- Scenes ---- */

void peer_scene(struct sim_peers *peers, uint64_t seed, bool manual)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_true(sim_peers_init(peers, seed, &link, NULL, NULL));
    peers->manual = manual;
}

const char *peer_description(struct sim_peers *peers, int index)
{
    const char *sdp = rtc_peer_connection_local_description(peers->peer[index].pc, NULL);
    assert_non_null(sdp);
    return sdp;
}

static void expect_ok(struct sim_peers *peers, int index, int error)
{
    if (error)
        fail_msg("peer %d: %s: %s", index, rtc_error_name(error), rtc_peer_connection_last_error(peers->peer[index].pc));
}

static bool gathered(struct sim_peers *peers, void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++)
        if (rtc_peer_connection_local_description(peers->peer[i].pc, NULL) &&
            rtc_peer_connection_ice_gathering_state(peers->peer[i].pc) == RTC_ICE_GATHERING_GATHERING)
            return false;
    return true;
}

void peer_exchange(struct sim_peers *peers, int offerer)
{
    rtc_peer_connection *a = peers->peer[offerer].pc, *b = peers->peer[1 - offerer].pc;
    expect_ok(peers, offerer, rtc_peer_connection_set_local_description(a, RTC_SDP_NONE, NULL));
    assert_true(sim_peers_run(peers, peers->now + SECOND, gathered, NULL));
    expect_ok(peers, 1 - offerer, rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, peer_description(peers, offerer)));
    expect_ok(peers, 1 - offerer, rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL));
    assert_true(sim_peers_run(peers, peers->now + SECOND, gathered, NULL));
    expect_ok(peers, offerer, rtc_peer_connection_set_remote_description(a, RTC_SDP_ANSWER, peer_description(peers, 1 - offerer)));
}

void peer_run(struct sim_peers *peers, rtc_time_t duration)
{
    (void)sim_peers_run(peers, peers->now + duration, NULL, NULL);
}

void peer_connect(struct sim_peers *peers, rtc_time_t limit)
{
    assert_true(sim_peers_run(peers, peers->now + limit, sim_peers_connected, NULL));
}

/* ---- Text ---- */

char *text_replace(const char *text, const char *what, const char *with)
{
    size_t count = (size_t)text_count(text, what);
    char *out = malloc(strlen(text) + count * strlen(with) + 1), *to = out;
    assert_non_null(out);
    for (const char *next; (next = strstr(text, what)) != NULL; text = next + strlen(what)) {
        memcpy(to, text, (size_t)(next - text));
        to += next - text;
        to = stpcpy(to, with);
    }
    (void)strcpy(to, text);
    return out;
}

char *text_unknown_video(const char *sdp, const char *name)
{
    static const char *const known[] = {"VP8", "VP9", "H264"};
    char with[64], what[64];
    (void)snprintf(with, sizeof with, " %s/90000", name);
    char *text = text_replace(sdp, " VP8/90000", " VP8/90000");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        (void)snprintf(what, sizeof what, " %s/90000", known[i]);
        char *next = text_replace(text, what, with);
        free(text);
        text = next;
    }
    return text;
}

char *text_without_lines(const char *text, const char *start)
{
    char *out = calloc(1, strlen(text) + 1), *to = out;
    assert_non_null(out);
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
        if (strncmp(text, start, strlen(start)) != 0) {
            memcpy(to, text, len);
            to += len;
        }
        text += len;
    }
    return out;
}

int text_count(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

char *text_section(const char *sdp, int n)
{
    for (; n >= 0 && (sdp = strstr(sdp, "\nm=")) != NULL; n--)
        sdp++;
    if (!sdp)
        return NULL;
    const char *end = strstr(sdp, "\nm=");
    return strndup(sdp, end ? (size_t)(end - sdp) + 1 : strlen(sdp));
}
