/* SPDX-License-Identifier: MIT */
/* One m= section as it was negotiated: what an RTP session is told of it. A plain value of whoever fills it in. */
#ifndef CRTC_RTP_SECTION_H
#define CRTC_RTP_SECTION_H

#include "rtp_extensions.h"

#include <crtc/media.h>
#include <string.h>

/* What sound is encoded with unless it is limited. */
enum { RTP_SOUND_BPS = 48000, RTP_SOUND_LOSS_PERCENT = 10 /* that is expected before anything is known */ };
enum {
    RTP_MID_MAX = 32,
    RTP_RID_MAX = 16,
    RTP_ENCODINGS_MAX = 4,
    RTP_RIDS_MAX = 8,
    RTP_CODECS_MAX = 16,
    RTP_SSRCS_MAX = 8,
    RTP_NO_PAYLOAD_TYPE = 0xff
};

/* A payload type and how it was negotiated. */
struct rtp_codec {
    uint8_t payload_type;
    uint8_t rtx_payload_type; /* RTP_NO_PAYLOAD_TYPE without RTX */
    char name[16];            /* "VP8", "opus" */
    uint32_t clock_rate;
    uint8_t channels;
    char fmtp[256]; /* for who encodes and decodes; "": none */
    bool nack, pli, fir, remb;
    bool transport_cc; /* feedback about transport-wide numbers, */
    bool ccfb;         /* or about sequence numbers (RFC 8888) */
    bool tones;        /* telephone events (RFC 4733): beside a codec of sound, */
    bool redundancy;   /* and blocks of it (RFC 2198) */
};

/* Payload types of parity and of what it is wrapped in; 0: not agreed upon. */
struct rtp_fec_formats {
    uint8_t red, red_rtx; /* RFC 2198, and its repair */
    uint8_t ulpfec;       /* RFC 5109, within RED */
    uint8_t flexfec;      /* flexible-fec-scheme-03 */
};

/* What repairs without being asked for. */
struct rtp_fec {
    struct rtp_fec_formats send, receive; /* of video */
    uint8_t redundancy;                   /* of sound: the payload type of blocks that we send (RFC 2198); 0: none */
    uint32_t remote_ssrcs[RTP_SSRCS_MAX]; /* from a=ssrc-group:FEC-FR, beside what they protect; 0 without */
};

/* One stream that a section sends: (mid, rid) is its name for as long as the section lives. */
struct rtp_encoding {
    char rid[RTP_RID_MAX + 1]; /* "" for the only one of a section without simulcast: then it is not sent (RFC 8853 section 5.5) */
    uint32_t ssrc, rtx_ssrc;   /* ours; rtx_ssrc 0 without */
    uint32_t fec_ssrc;         /* of FlexFEC; 0 without */
    uint32_t max_bitrate_bps;  /* our cap; 0: none beyond the session's */
    uint32_t weight;           /* of its section among others (rtp_allocation.h): that of the first counts */
    double scale;              /* what the sides of its pictures are divided by, beside those of the section's others; 0: not known */
    bool adaptive_ptime;       /* of sound: packets may last longer where the rate is low, */
    uint32_t ptime,
        maxptime; /* and how long they should, and may, by the peer (a=ptime, a=maxptime), in milliseconds; 0: it does not say */
};

/* The SSRC of the FlexFEC stream that goes with one of ours: as random as that, and never the same. */
static inline uint32_t rtp_parity_ssrc(uint32_t ssrc)
{
    return ~ssrc;
}

/* When what a section receives is played, and what it says of what it sends. */
struct rtp_playout {
    rtc_time_t target;              /* what comes is held back for so long at least; 0: as is best */
    bool asks;                      /* the peer is asked to hold what we send back, */
    struct rtp_playout_delay asked; /* for so long (playout-delay) */
};

struct rtp_section {
    char mid[RTP_MID_MAX + 1];
    rtc_media_kind kind;
    bool send, receive;
    bool reduced_size;           /* a=rtcp-rsize */
    bool reference_times;        /* a=rtcp-xr:rcvr-rtt=all */
    uint8_t tone_payload_type;   /* of telephone events that we send; with a rate of 0: none */
    uint32_t tone_clock_rate;    /* of their durations */
    struct rtp_codec send_codec; /* payload_type RTP_NO_PAYLOAD_TYPE: nothing can be sent */
    struct rtp_codec receive_codecs[RTP_CODECS_MAX];
    size_t receive_codec_count;
    struct rtp_fec fec;
    uint8_t extension_ids[RTP_EXTENSIONS];     /* 0: not negotiated */
    bool extension_comes_only[RTP_EXTENSIONS]; /* we are not to send it */
    struct rtp_encoding encodings[RTP_ENCODINGS_MAX];
    size_t encoding_count; /* the first one's SSRC speaks in reports and feedback for who sends nothing (RFC 3550 6.4.2) */
    char receive_rids[RTP_RIDS_MAX][RTP_RID_MAX + 1]; /* streams that the peer names (a=rid, RFC 8851), beside one that has no name */
    size_t receive_rid_count;
    uint32_t remote_ssrcs[RTP_SSRCS_MAX];     /* from a=ssrc, in order; may be none */
    uint32_t remote_rtx_ssrcs[RTP_SSRCS_MAX]; /* from a=ssrc-group:FID, 0 without */
    size_t remote_ssrc_count;
    char remote_stream_id[64];     /* sections with the same one are synchronised to each other (lip sync) */
    uint32_t peer_max_bitrate_bps; /* the peer's (b=TIAS, b=AS); 0: none */
    uint8_t dscp;                  /* of its packets */
    struct rtp_playout playout;
};

/* NULL: it has none with this rid. */
static inline const struct rtp_encoding *rtp_section_encoding(const struct rtp_section *section, const char *rid)
{
    for (size_t i = 0; i < section->encoding_count; i++)
        if (strcmp(section->encodings[i].rid, rid) == 0)
            return &section->encodings[i];
    return NULL;
}

#endif
