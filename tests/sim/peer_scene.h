/* SPDX-License-Identifier: MIT */
/* What tests of whole connections share: a clean pair, an exchange of descriptions at once, and a log of events as one line of text. */
#ifndef CRTC_PEER_SCENE_H
#define CRTC_PEER_SCENE_H

#include "sim_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MS ((rtc_time_t)1000)
#define SECOND ((rtc_time_t)1000000)

struct peer_log {
    char text[8192];
};

/* Events become words: "signaling:stable", "candidate", "end", "gathering:complete", "null", "ice:checking", "connection:connected",
 * "dtls:connected", "channel", "track", "muted", "unmuted", "needed". */
void peer_log_attach(struct sim_peer *peer, struct peer_log *log);
void peer_log_add(struct peer_log *log, const char *word);
/* A channel's: "open", "message", "low", "closing", "close", "error". Prefixed by `name`. */
struct channel_log {
    struct peer_log *log;
    const char *name;
};
void channel_log_attach(rtc_data_channel *channel, struct channel_log *log);
/* How often the word stands there. */
int peer_log_count(const struct peer_log *log, const char *word);

/* A pair over a clean link of 5 ms. Signalled by hand when `manual`. */
void peer_scene(struct sim_peers *peers, uint64_t seed, bool manual);
/* Offer and answer by hand, without delay; each must succeed. Candidates are then in the descriptions or still come. */
void peer_exchange(struct sim_peers *peers, int offerer);
void peer_run(struct sim_peers *peers, rtc_time_t duration);
/* Runs until both are connected. */
void peer_connect(struct sim_peers *peers, rtc_time_t limit);
/* A local description, never NULL. */
const char *peer_description(struct sim_peers *peers, int index);

/* Reads the parameters of a sender, changes the first encoding and sets them: what setting gives. */
static inline int peer_set_max_bitrate(rtc_rtp_sender *sender, uint32_t bitrate_bps)
{
    rtc_rtp_parameters *parameters;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
    parameters->encodings[0]->has_max_bitrate = false;
    parameters->encodings[0]->max_bitrate_bps = bitrate_bps;
    int error = rtc_rtp_sender_set_parameters(sender, parameters);
    rtc_rtp_parameters_free(parameters);
    return error;
}
static inline int peer_set_network_priority(rtc_rtp_sender *sender, rtc_priority priority)
{
    rtc_rtp_parameters *parameters;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
    parameters->encodings[0]->network_priority = priority;
    int error = rtc_rtp_sender_set_parameters(sender, parameters);
    rtc_rtp_parameters_free(parameters);
    return error;
}
static inline rtc_priority peer_network_priority(rtc_rtp_sender *sender)
{
    rtc_rtp_parameters *parameters;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
    rtc_priority priority = parameters->encodings[0]->network_priority;
    rtc_rtp_parameters_free(parameters);
    return priority;
}

/* Text tools; results are the caller's (free). */
char *text_replace(const char *text, const char *what, const char *with); /* every occurrence */
char *text_without_lines(const char *text, const char *start);            /* lines that begin so */
int text_count(const char *text, const char *what);
/* Every codec of video has another name, which nobody knows. */
char *text_unknown_video(const char *sdp, const char *name);
/* The n-th m= section with its line; NULL when there is none. */
char *text_section(const char *sdp, int n);

#endif
