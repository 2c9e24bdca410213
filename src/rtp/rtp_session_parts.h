/* SPDX-License-Identifier: MIT */
/* The session's own struct and what its files call of each other: rtp_session.c (sections, timers), rtp_session_send.c,
 * rtp_session_receive.c, rtp_session_rtcp.c (what arrives) and rtp_session_report.c (what is sent). */
#ifndef CRTC_RTP_SESSION_PARTS_H
#define CRTC_RTP_SESSION_PARTS_H

#include "rtp_demux.h"
#include "rtp_session.h"
#include "rtp_rate.h"
#include "rtp_receive_stream.h"
#include "rtp_send_stream.h"
#include "srtp.h"

enum {
    DEFAULT_ROUND_TRIP_US = 100000,
    OUTAGE_US = 10000000, /* nothing at all was heard for this long */
    CNAME_MAX = 64
};

/* A section. Owned by the session, and written by its files. */
struct rtp_member {
    uint32_t handle;
    size_t position;                     /* among the session's; of one that is reserved nothing */
    struct rtp_member *next;             /* while it is reserved */
    struct rtp_section config;           /* as last set */
    struct rtp_send_stream *streams;     /* owned: that it sends, one for each rid; none until it may send */
    struct rtp_receive_stream *received; /* owned: one for each rid; the first one takes what has none */
};

/* Owned by the transport, of its connection's thread; written by the session's files alone. */
struct rtp_session {
    rtc_context *context;
    char cname[CNAME_MAX + 1];
    bool disable_nack, writable, closed;
    uint32_t max_packet;
    struct srtp_transport *srtp; /* NULL before the keys */
    struct rtp_demux *demux;
    struct jitter_room jitter; /* of all receivers */
    struct rtp_member **members;
    size_t member_count, member_capacity;
    struct rtp_member *reserved; /* a list: for sections that are still to be set */
    uint32_t last_handle;
    struct rtp_pacer pacer;
    struct rtp_rate rate;
    bool started;          /* pacer and rate know the time */
    rtc_time_t round_trip; /* as told from outside; 0: unknown */
    rtc_time_t next_report, next_sync;
    rtc_time_t last_control; /* when RTCP last came */
    uint32_t peer_max_bps;   /* for everything; 0: no limit */
    uint32_t repair_bps;     /* what is taken off the encoders' targets, */
    rtc_time_t next_repair;  /* and when to look again */
    struct rtp_counters counters;
};

struct rtp_member *rtp_session_member(const struct rtp_session *session, uint32_t handle);
/* All streams that are sent, of one section after the other: the first one after NULL, NULL after the last. */
struct rtp_send_stream *rtp_session_next_stream(const struct rtp_session *session, const struct rtp_send_stream *after);
struct rtp_send_stream *rtp_session_stream(const struct rtp_session *session, uint32_t handle);
/* Something to tell of the stream. */
struct rtp_event *rtp_session_event(struct out *out, enum rtp_event_type type, const struct rtp_send_stream *stream);
/* By its SSRC or that of its RTX stream; NULL when it is not ours. */
struct rtp_send_stream *rtp_session_stream_of(const struct rtp_session *session, uint32_t ssrc);
/* The same of those that are received. */
struct rtp_receive_stream *rtp_session_next_received(const struct rtp_session *session, const struct rtp_receive_stream *after);
/* What a section says that sends nothing, it says with this one. */
uint32_t rtp_session_ssrc(const struct rtp_member *member);
rtc_time_t rtp_session_round_trip(const struct rtp_session *session);
/* Whether a packet may be made at all. */
bool rtp_session_can_send(const struct rtp_session *session);
size_t rtp_session_max_rtp(const struct rtp_session *session);

/* rtp_session_send.c */
/* What waits of the stream in the pacer does not leave any more. */
void rtp_session_drop_waiting(struct rtp_session *session, struct rtp_send_stream *stream);
/* Whether the section is to send this one: it was negotiated so, and no breaker is open. */
bool rtp_session_sends(const struct rtp_send_stream *stream);
void rtp_session_drain_pacer(struct rtp_session *session, rtc_time_t now, struct out *out);
/* Shares the rate out anew and tells whose target changed. */
void rtp_session_update_rate(struct rtp_session *session, rtc_time_t now, struct out *out);
void rtp_session_tick_senders(struct rtp_session *session, rtc_time_t now, struct out *out);

/* rtp_session_circuit.c */
bool rtp_session_is_stopped(const struct rtp_send_stream *stream);
/* Tried again, and nobody has spoken of it since: it makes the least there is. */
bool rtp_session_is_on_trial(const struct rtp_send_stream *stream);
/* The stream's breaker opened. */
void rtp_session_open_circuit(struct rtp_session *session, rtc_time_t now, struct rtp_send_stream *stream, enum rtp_breaker_reason reason,
                              struct out *out);
/* What was wrong has passed, as far as is known: media flows again. */
void rtp_session_close_circuit(struct rtp_session *session, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);
/* Tries again, and sees that all is well, when it is time. */
void rtp_session_tick_circuit(struct rtp_session *session, rtc_time_t now, struct rtp_send_stream *stream, struct out *out);
/* Video gives way before sound: while it flows, congestion is not the sound's fault. */
void rtp_session_excuse_sound(struct rtp_session *session, rtc_time_t now);

/* rtp_session_receive.c */
/* A plain RTP packet, consumed. */
void rtp_session_media(struct rtp_session *session, rtc_time_t now, struct packet *packet, struct out *out);
/* One stream ended (BYE). */
void rtp_session_end_stream(struct rtp_session *session, rtc_time_t now, uint32_t ssrc, struct out *out);
void rtp_session_tick_receivers(struct rtp_session *session, rtc_time_t now, struct out *out);
rtc_time_t rtp_session_receive_deadline(const struct rtp_session *session, enum timer_reason *why);

/* rtp_session_rtcp.c */
/* A plain RTCP datagram, borrowed. */
void rtp_session_control(struct rtp_session *session, rtc_time_t now, struct slice datagram, struct out *out);

/* rtp_session_report.c */
void rtp_session_report(struct rtp_session *session, rtc_time_t now, struct out *out);
/* What who plays wants its sender to be told now. */
void rtp_session_feedback(struct rtp_session *session, rtc_time_t now, const struct rtp_receive_stream *stream, struct out *out);
/* For one section (its streams), or NULL for all. */
void rtp_session_bye(struct rtp_session *session, rtc_time_t now, struct rtp_member *member, struct out *out);
/* A report is due no later than this. */
void rtp_session_hasten_report(struct rtp_session *session, rtc_time_t at);

#endif
