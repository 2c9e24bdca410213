/* SPDX-License-Identifier: MIT */
/* The members of a session and their streams: the table in which every part of it looks things up. What a section needs is got ready
 * before it is set, so that setting it can not fail (docs/decisions/0033-negotiation-is-a-value.md). */
#ifndef CRTC_RTP_MEMBERS_H
#define CRTC_RTP_MEMBERS_H

#include "rtp_demux.h"
#include "rtp_receive_stream.h"
#include "rtp_send_stream.h"

/* What the session has for one m= section. Owned by the table, which alone writes to it, but for `config.dscp`, `config.playout` and
 * `forwards` (rtp_session.c). */
struct rtp_member {
    uint32_t handle;
    size_t position;                     /* in the table; of one that is reserved nothing */
    struct rtp_member *next;             /* while it is reserved */
    struct rtp_section config;           /* as last set */
    bool forwards;                       /* what comes is told as it is, too (RTP_EVENT_FORWARD) */
    struct rtp_send_stream *streams;     /* owned: that it sends, one for each rid; none until it may send */
    struct rtp_receive_stream *received; /* owned: the first one takes what has no rid, the others one rid each */
};

/* Owned by the session; written by rtp_members.c. Its streams say themselves who writes to them. */
struct rtp_members {
    rtc_context *context;    /* the session's: no reference */
    struct rtp_demux *demux; /* owned; what it learns of SSRCs is also forgotten by rtp_receiving.c */
    struct rtp_member **all; /* owned */
    size_t count, capacity;
    struct rtp_member *reserved; /* owned; a list: of sections that are still to be set */
    uint32_t last_handle;        /* of members and of streams: nobody's twice */
};

/* RTC_ERR_NO_MEMORY. */
int rtp_members_init(struct rtp_members *members, rtc_context *context);
void rtp_members_fini(struct rtp_members *members);

/* rtp_session_reserve_section(); new streams begin with this largest packet. */
int rtp_members_reserve(struct rtp_members *members, const struct rtp_section *section, size_t max_rtp_bytes);
void rtp_members_forget_reserved(struct rtp_members *members);
/* Adds the section, for which memory is reserved, or changes the one with its mid. RTC_ERR_NO_MEMORY. */
int rtp_members_set(struct rtp_members *members, const struct rtp_section *section, struct rtp_member **out);
/* It neither sends nor receives until it is set again; what comes for it is still known as its own. */
void rtp_members_quiet(struct rtp_members *members, struct rtp_member *member);
/* Takes it out, and frees it. */
void rtp_members_remove(struct rtp_members *members, struct rtp_member *member);

struct rtp_member *rtp_members_find(const struct rtp_members *members, uint32_t handle);
struct rtp_member *rtp_members_by_mid(const struct rtp_members *members, const char *mid);
/* All streams that are sent, of one section after the other: the first one after NULL, NULL after the last. */
struct rtp_send_stream *rtp_members_next_stream(const struct rtp_members *members, const struct rtp_send_stream *after);
struct rtp_send_stream *rtp_members_stream(const struct rtp_members *members, uint32_t handle);
/* By its SSRC or that of its RTX stream; NULL when it is not ours. */
struct rtp_send_stream *rtp_members_stream_of(const struct rtp_members *members, uint32_t ssrc);
/* The same of those that are received. */
struct rtp_receive_stream *rtp_members_next_received(const struct rtp_members *members, const struct rtp_receive_stream *after);

struct rtp_receive_stream *rtp_members_received(const struct rtp_members *members, uint32_t handle);

/* Whose a packet with this rid is: the section's only one when no rids were negotiated; NULL for a rid that was not. */
struct rtp_receive_stream *rtp_member_received(const struct rtp_member *member, const char *rid);
/* Who has received this SSRC; NULL: nobody. */
struct rtp_receive_stream *rtp_member_receiver_of(const struct rtp_member *member, uint32_t ssrc);
struct rtp_send_stream *rtp_member_stream(const struct rtp_member *member, const char *rid);
/* What a section says that sends nothing, it says with this one. */
uint32_t rtp_member_ssrc(const struct rtp_member *member);
/* Whether its section is to send this one: it was negotiated so, and no breaker is open. */
bool rtp_member_sends(const struct rtp_send_stream *stream);
/* Something to tell of a stream that is sent. */
struct rtp_event *rtp_member_event(struct out *out, enum rtp_event_type type, const struct rtp_send_stream *stream);

#endif
