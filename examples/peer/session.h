/* SPDX-License-Identifier: MIT */
/* The connection of a peer: lines of JSON in become calls into the library, its events become lines out. */
#ifndef PEER_SESSION_H
#define PEER_SESSION_H

#include "channels.h"
#include "lines.h"
#include "options.h"
#include "picture_file.h"
#include "recorder.h"
#include "watch.h"

#define SESSION_STATES_MAX 64

/* When a state was first reached. */
struct session_state {
    const char *name, *value;
    double ms;
};

struct session {
    const struct options *options;
    rtc_context *context;
    rtc_loop *loop;
    rtc_peer_connection *connection;
    rtc_time_t start;
    rtc_media_source *video_source, *audio_source;
    struct picture_file picture_file;
    rtc_media_stream_track *video_track, *audio_track;
    rtc_media_stream *stream;
    struct channels channels;
    struct watch watch;
    struct recorder video_recorder, audio_recorder;
    struct session_state states[SESSION_STATES_MAX];
    size_t state_count;
    uint32_t restarts; /* ICE generations after the first, whoever asked for them */
    bool restarted;    /* --restart-after was done */
    char ufrag[32];    /* of the newest */
    bool described;    /* the first description of its own was set: later needs to negotiate are offered at once */
    bool awaits_all;   /* --no-trickle: the description goes out when all candidates are known */
    bool ended;        /* bye */
    uint32_t errors;
    char first_error[256];
};

/* Makes the connection; the offerer makes its offer. Returns an error of the library's. */
int session_begin(struct session *session, const struct options *options, rtc_context *context, rtc_loop *loop);
/* A line came in; NULL when it was no JSON object. What it asks in vain is told by an event of the kind "error". */
void session_take(void *session, enum line_kind kind, const cJSON *line);
void session_end(struct session *session);

/* Restarts ICE when --restart-after says so. */
void session_restart_in_time(struct session *session);
/* Milliseconds since it began. */
double session_ms(const struct session *session);

#endif
