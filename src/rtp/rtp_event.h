/* SPDX-License-Identifier: MIT */
/* What an RTP session tells its parent. */
#ifndef CRTC_RTP_EVENT_H
#define CRTC_RTP_EVENT_H

#include "forward_packet.h"
#include "out.h"

#include <crtc/media.h>

enum rtp_event_type {
    RTP_EVENT_VIDEO_FRAME = EVENT_RTP, /* video; in decoding order, decodable */
    RTP_EVENT_AUDIO,                   /* audio; comes when it is due to be played */
    RTP_EVENT_KEYFRAME_REQUEST,        /* PLI or FIR for our stream */
    RTP_EVENT_TARGET_BITRATE,          /* target_bps: what this section's encoder should now make; 0: it is stopped (video). Of sound only
                                          when it is limited, or no longer */
    RTP_EVENT_UNMUTE,                  /* the first media packet after silence */
    RTP_EVENT_MUTE,                    /* nothing for 2 s, or BYE */
    RTP_EVENT_CIRCUIT_BREAKER,         /* circuit */
    RTP_EVENT_TONE,                    /* tone: a telephone event began or ended (RFC 4733) */
    RTP_EVENT_FORWARD                  /* forward: a packet as it came, also late and twice, of a section that forwards */
};

/* The circuit breaker of a stream that is sent (RFC 8083):
 *
 *   CLOSED --congestion, video--> REDUCED --again--> STOPPED --after a while--> REDUCED --30 s without--> CLOSED
 *      \--any other reason-----------------------------^
 *
 * REDUCED: a tenth of the rate, or the least there is after a stop, from which it climbs once the peer speaks of it. STOPPED: nothing is
 * sent. A stream is tried again after 5 s, later after 10, 20, 40 and 60, and up to a fifth more; one that stopped because nothing at all
 * was heard, when something is, or when it is configured not to send and to send again. */
enum rtp_circuit { RTP_CIRCUIT_CLOSED, RTP_CIRCUIT_REDUCED, RTP_CIRCUIT_STOPPED };

enum rtp_audio_action {
    RTP_AUDIO_PACKET,    /* decode and play */
    RTP_AUDIO_FEC,       /* the wanted packet is lost, `frame` is the one after it: decode its in-band FEC */
    RTP_AUDIO_CONCEAL,   /* nothing to decode */
    RTP_AUDIO_ACCELERATE /* decode and blend into what was played before, playing it in no time: the delay shrinks by its duration */
};

/* What is due to be decoded, and shown at its time. */
struct rtp_picture {
    rtc_encoded_frame *frame; /* a reference */
    rtc_time_t play_time;     /* when to show it */
    rtc_time_t began;         /* when its first packet arrived */
};

/* What is due to be played. */
struct rtp_sound {
    rtc_encoded_frame *frame; /* a reference; NULL for CONCEAL */
    rtc_time_t arrived;       /* of PACKET and ACCELERATE */
    enum rtp_audio_action action;
    uint32_t samples; /* per channel, wanted for FEC and CONCEAL */
    uint8_t level;    /* of PACKET and ACCELERATE, as its sender says: -dBov (RFC 6464); RTP_NO_AUDIO_LEVEL: it does not */
    bool missed;      /* of CONCEAL: something stood there, and it is no silence */
};

struct rtp_event {
    struct event head;
    uint32_t member; /* its handle */
    uint32_t stream; /* the handle of what is sent (KEYFRAME_REQUEST, TARGET_BITRATE, CIRCUIT_BREAKER) or received (all others) */
    union {
        struct rtp_picture video;
        struct rtp_sound audio;
        struct forward_packet *forward; /* a reference */
        struct {
            uint32_t target_bps;
            uint8_t loss_percent; /* of sound: what the peer reports as lost, in fives, */
            uint8_t packet_ms;    /* and how long its packets last */
        };
        struct {
            uint8_t event; /* 0 to 15 */
            bool ended;
            uint32_t duration_ms; /* so far, or in all */
        } tone;
        struct {
            enum rtp_circuit state; /* what the stream does now */
            uint32_t reason;        /* enum rtp_breaker_reason of the last time that it opened */
        } circuit;
    };
};
_Static_assert(sizeof(struct rtp_event) <= EVENT_BYTES, "an event of this module fits");

/* out_event() with the member. */
static inline struct rtp_event *rtp_event(struct out *out, enum rtp_event_type type, uint32_t member)
{
    struct rtp_event *e = out_event(out, (int)type);
    if (e)
        e->member = member;
    return e;
}

#endif
