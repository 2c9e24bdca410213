/* SPDX-License-Identifier: MIT */
/* One RTP stream that is received (RFC 7656 section 2.1.10): the stream (mid, rid). Its sender may change the SSRC in the middle (RFC 3550
 * section 8.2, or another encoder): each has a receiver, the latest plays, and what was counted of those that went is kept. */
#ifndef CRTC_RTP_RECEIVE_STREAM_H
#define CRTC_RTP_RECEIVE_STREAM_H

#include "rtp_receiver.h"
#include "stream_history.h"
#include "telephone_event.h"

enum {
    RTP_FORGET_US = 10000000, /* an SSRC that no longer plays and was silent for this long is forgotten */
    RTP_SOURCES_MAX = 8       /* SSRCs of a stream; of more, who was silent for longest is forgotten at once */
};

struct rtp_member;
struct fec_window;

/* Owned by its member, of the session's thread. Written by rtp_receive_stream.c, but for its name
 * (rtp_members.c) and the last part. */
struct rtp_receive_stream {
    struct rtp_receive_stream *next; /* of the same member */
    struct rtp_member *member;       /* its owner */
    uint32_t handle;                 /* given by the table of members; 0: reserved, not set yet */
    bool named;                      /* by the section's configuration: else nothing is taken for it any more */
    rtc_context *context;            /* the member's: no reference */
    char rid[RTP_RID_MAX + 1];       /* "": the section's only one */
    struct rtp_receiver *sources;    /* owned; newest first */
    struct rtp_receiver *playing;    /* one of them, or NULL */
    struct stream_history history;   /* of SSRCs that are gone */

    /* Written by rtp_receiving.c; the limit by rtp_session.c. */
    bool muted;
    struct forward_tap tap; /* owned: packets that are still to be told of */
    struct tone_receiver tone;
    rtc_time_t tone_heard; /* its last packet */
    rtc_time_t last_media;
    struct fec_window *parity; /* owned; NULL before anything came that parity protects */
    rtc_time_t last_parity;
    uint32_t receive_limit_bps; /* what its sender is asked to keep to; 0: nothing */
};

/* RTC_ERR_NO_MEMORY. */
int rtp_receive_stream_new(rtc_context *context, struct rtp_member *member, const char *rid, struct rtp_receive_stream **out);
void rtp_receive_stream_free(struct rtp_receive_stream *stream);
struct rtp_receiver *rtp_receive_stream_source(const struct rtp_receive_stream *stream, uint32_t ssrc);
/* Takes the receiver of an SSRC that is new; it plays, and goes on counting where it left. */
void rtp_receive_stream_add(struct rtp_receive_stream *stream, struct rtp_receiver *source);
/* The latest one plays; an older one that is heard, again when the latest fell silent. */
void rtp_receive_stream_choose(struct rtp_receive_stream *stream, struct rtp_receiver *heard, rtc_time_t now);
/* Who has to go before there is room for one more; NULL while there is. */
struct rtp_receiver *rtp_receive_stream_surplus(const struct rtp_receive_stream *stream);
/* Frees it, and remembers its counters. */
void rtp_receive_stream_forget(struct rtp_receive_stream *stream, struct rtp_receiver *source);
void rtp_receive_stream_forget_all(struct rtp_receive_stream *stream);

#endif
