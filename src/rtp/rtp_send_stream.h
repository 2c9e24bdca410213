/* SPDX-License-Identifier: MIT */
/* One RTP stream that is sent (RFC 7656 section 2.1.10) with the RTX stream that repairs it (RFC 4588): the stream (mid, rid). It owns its
 * SSRCs, payload format, numbers, the copies for retransmission, what feedback and reports say about it, and what is counted; who encodes
 * for it only brings frames, and may be replaced at any time. Everything that it sends goes into the pacer as plain RTP (see rtp_pacer.h
 * for how it leaves). */
#ifndef CRTC_RTP_SEND_STREAM_H
#define CRTC_RTP_SEND_STREAM_H

#include "event_rate.h"
#include "payload_format.h"
#include "rtcp.h"
#include "rtp_breaker.h"
#include "rtp_layer_switch.h"
#include "rtp_pacer.h"
#include "rtp_packet.h"
#include "rtp_rate.h"
#include "rtp_event.h"
#include "rtp_section.h"
#include "rtp_stats.h"
#include "telephone_event.h"

struct rtp_member;
struct rtp_send_parity;
struct rtp_send_redundancy;
struct rtx_cache;

/* Where the stream is in the drawing at enum rtp_circuit. A part of the stream, as the four below: that says who writes to each. */
struct rtp_stream_circuit {
    enum rtp_circuit state;
    enum rtp_breaker_reason reason; /* of the last opening */
    uint32_t openings, stops;       /* stops: in a row */
    bool in_outage;                 /* stopped because nothing at all was heard: it goes on when something is */
    rtc_time_t next;                /* STOPPED: when it is tried again, REDUCED: when all is well; RTC_TIME_NEVER */
};

/* Of sound: how long a packet lasts, as the encoder was told (0: nothing yet), and since when; what it was told before it had to make much
 * less. */
struct rtp_stream_packets {
    uint8_t ms;
    rtc_time_t since;
    uint32_t before_bps;
};

/* How packets are written: as was negotiated for the section. */
struct rtp_stream_format {
    uint8_t tone_payload_type; /* with a rate of 0 in `tone`: none */
    struct rtp_codec codec;
    const struct payload_format *payload; /* of that codec; NULL: nobody can packetize it */
    uint32_t options;                     /* that format's, of the codec's parameters */
    struct payload_memory memory;         /* likewise, from picture to picture */
    char mid[RTP_MID_MAX + 1];
    uint8_t ids[RTP_EXTENSIONS];
    size_t max_rtp_bytes;
    bool says_playout_delay;                      /* of pictures, */
    uint8_t playout_delay[RTP_PLAYOUT_DELAY_LEN]; /* as it stands in packets */
    struct rtp_send_redundancy *redundancy;       /* of sound; owned; NULL where none was agreed upon */
    struct rtp_stream_packets packets;
};

/* What goes on counting whatever is sent, and by whom (RFC 3550 section 5.1). */
struct rtp_stream_numbers {
    uint16_t sequence, rtx_sequence; /* of the next packet that leaves */
    uint16_t picture_id;
    uint8_t base_index; /* of the lowest temporal layer's last picture */
    bool turned;        /* the frame before said a rotation */
    uint32_t timestamp_offset;
    uint32_t next_timestamp; /* audio: where the next frame continues this one */
    uint32_t last_timestamp; /* of the last frame, with the offset */
    rtc_time_t last_capture, last_left;
    uint32_t sr_packets, sr_octets; /* RFC 3550 section 6.4.1 */
    bool started;                   /* a media packet has left */
    bool in_frame;                  /* the last one that left was not the last of its picture */
};

/* Who asks for keyframes by FIR, and how it numbered its last request (RFC 5104 section 4.3.1). A part of those below. */
struct rtp_fir_source {
    uint32_t ssrc;
    uint8_t sequence;
};
enum { RTP_FIR_SOURCES_MAX = 8 };

/* Requests for a keyframe: answered at once, held back until `due`, or void. */
struct rtp_stream_keyframes {
    rtc_time_t asked; /* when the encoder was last asked; RTC_TIME_NEVER: never */
    rtc_time_t sent;  /* when the last one left, as far as it has */
    uint32_t timestamp;
    rtc_time_t due; /* a request that is held back */
    size_t bytes;   /* of the last one */
    struct rtp_fir_source firs[RTP_FIR_SOURCES_MAX]; /* of more, those that came first are forgotten */
    size_t fir_count;                                /* of all there were */
};

/* What reports about it said. */
struct rtp_stream_heard {
    uint32_t first; /* the sequence number of the first packet */
    uint32_t highest;
    int32_t lost;
    rtc_time_t round_trip_us; /* smoothed; 0: unknown */
    struct rtp_rate_sample sample;
    uint64_t expected_lately, lost_lately; /* packets of the last reports, the older the less */
    uint8_t loss_percent, told_loss;       /* of these, in fives; what the encoder was told */
};

/* Owned by its member, of the session's thread. */
struct rtp_send_stream {
    struct rtp_send_stream *next; /* of the same member */
    struct rtp_member *member;    /* its owner */
    uint32_t handle;
    struct rtp_encoding encoding; /* as configured; the SSRCs as they were first given */
    bool named;                   /* by the section's configuration: else it does not send any more */

    /* Written by rtp_sending.c and rtp_circuits.c. */
    struct rtp_stream_circuit circuit;
    uint32_t target_bps;           /* what the encoder was last told that it may make; 0: not known */
    rtc_time_t next_target;        /* when it may be told of a small difference */
    struct rtp_layer_switch layer; /* of several of a section: whether the rate carries it */
    uint32_t pixels;               /* of its pictures, as they said; 0: not known */
    bool owes_keyframe;            /* a frame did not leave: others refer to it */
    rtc_time_t next_ask;

    /* rtp_send_stream.c's and rtp_send_feedback.c's, but that rtp_sending.c ends a tone. */
    rtc_context *context;
    rtc_media_kind kind;
    struct rtp_stream_format format;
    struct rtp_stream_numbers numbers;
    struct rtp_stream_keyframes keyframes;
    struct tone_sender tone;
    struct rtp_stream_heard heard;
    struct rtp_breaker breaker;
    bool told_breaker;
    struct rtx_cache *cache;        /* NULL without RTX */
    struct rtp_send_parity *parity; /* owned; NULL where none was agreed upon */
    struct event_rate frames;       /* that were sent */
    struct rtp_outbound_stats stats;
};

/* For a section that sends, and one of its encodings: ssrc, rtx_ssrc, rid; send_codec, mid, extension ids. `max_rtp_bytes`: the largest
 * plain RTP packet (the datagram less srtp_transport_overhead()). The sequence number and timestamp start at random. RTC_ERR_NO_MEMORY. */
int rtp_send_stream_new(rtc_context *context, const struct rtp_section *section, const struct rtp_encoding *encoding, size_t max_rtp_bytes,
                        struct rtp_send_stream **out);
void rtp_send_stream_free(struct rtp_send_stream *stream);
/* The section changed (codec, payload types, ids, mid, the encoding's cap); SSRCs stay as they were first given. */
void rtp_send_stream_configure(struct rtp_send_stream *stream, const struct rtp_section *section, const struct rtp_encoding *encoding);
/* What it asks the peer for from the next picture on (playout-delay), where that was negotiated. */
void rtp_send_stream_set_playout(struct rtp_send_stream *stream, const struct rtp_playout *playout);
/* Has the memory that being configured so takes. RTC_ERR_NO_MEMORY. */
int rtp_send_stream_prepare(struct rtp_send_stream *stream, const struct rtp_section *section, const struct rtp_encoding *encoding);
/* Of this one of the section's streams it is another codec than the section's, until the section changes. */
void rtp_send_stream_set_codec(struct rtp_send_stream *stream, const struct rtp_codec *codec);
void rtp_send_stream_set_max_rtp(struct rtp_send_stream *stream, size_t max_rtp_bytes);
/* Whether the SSRC is the stream's, or that of its repairs. */
bool rtp_send_stream_owns(const struct rtp_send_stream *stream, uint32_t ssrc);

/* Packetizes a frame into the pacer, as a whole or not at all. The peer does not see that a frame is missing: after an error the next one
 * of video that may be sent is a keyframe, which the caller sees to. Errors: RTC_ERR_NOT_SUPPORTED (no payload format for its codec, or not
 * the section's codec), RTC_ERR_INVALID_STATE (the breaker is open), RTC_ERR_ENCODING (not an Opus packet), RTC_ERR_RANGE (an audio frame
 * over one packet), RTC_ERR_QUOTA_EXCEEDED (the pacer is full), RTC_ERR_NO_MEMORY. */
int rtp_send_stream_frame(struct rtp_send_stream *stream, rtc_time_t now, rtc_encoded_frame *frame, uint8_t audio_level,
                          struct packet_pool *pool, struct rtp_pacer *pacer);
/* Plays a tone in place of other sound, from now on and in place of one that plays. RTC_ERR_NOT_SUPPORTED when no telephone events were
 * negotiated. */
int rtp_send_stream_tone(struct rtp_send_stream *stream, rtc_time_t now, uint8_t event, rtc_time_t duration_us);
/* Its packets that are due go into the pacer; what finds no room or memory is lost, as on the network. */
void rtp_send_stream_tick_tone(struct rtp_send_stream *stream, rtc_time_t now, struct packet_pool *pool, struct rtp_pacer *pacer);
/* A packet of ours that will wait, without its payload: with the type, timestamp, marker and sequence number of `header`, and what its
 * extensions say beyond what all of ours do. NULL: no memory, or it does not fit. */
struct packet *rtp_send_stream_new_packet(const struct rtp_send_stream *stream, const struct rtp_header *header, struct packet_pool *pool);
/* What the stream's clock says now. Before there was any media it has no relation to what will come. */
uint32_t rtp_send_stream_timestamp(const struct rtp_send_stream *stream, rtc_time_t now);
/* A packet of ours left the pacer and is about to be protected: gives it its sequence number, writes its extensions by the ids that are
 * negotiated now (`transport_sequence` among them), counts and caches it. What waited and was dropped leaves no hole that the peer would
 * take for loss. False: they do not fit any more, the packet is to be dropped. */
bool rtp_send_stream_leaving(struct rtp_send_stream *stream, rtc_time_t now, uint16_t transport_sequence, struct packet *packet);
/* A packet of parity that is to leave behind what left, to be pushed into the pacer; NULL: there is none. */
struct packet *rtp_send_stream_parity(struct rtp_send_stream *stream, struct packet_pool *pool);
/* Whether padding can be sent: RTX was negotiated, and the peer has seen media. */
bool rtp_send_stream_pads(const struct rtp_send_stream *stream);
/* A packet of padding (RFC 4588), to be given to rtp_send_stream_leaving() now; NULL: there can be none, or no memory. */
struct packet *rtp_send_stream_padding(const struct rtp_send_stream *stream, struct packet_pool *pool);
/* Media of ours that waited in the pacer was dropped. Where that cut a picture in two a number is left out: the peer must not take the part
 * that it has for the whole. Of video the caller sees to a keyframe. */
void rtp_send_stream_dropped(struct rtp_send_stream *stream);

/* Feedback about our media SSRC. Without RTX nothing is sent again: the same packet must not be protected twice. Neither is what could not
 * arrive in time any more, what was sent again less than a round trip or too many times before, and what the pacer has no budget for. */
void rtp_send_stream_nack(struct rtp_send_stream *stream, rtc_time_t now, const struct rtcp_packet *nack, struct packet_pool *pool,
                          struct rtp_pacer *pacer);
/* What the peer says of one of its packets, where it tells of each by RFC 8888. */
void rtp_send_stream_told(struct rtp_send_stream *stream, const struct congestion_result *result);
/* Whether its circuit is STOPPED. */
bool rtp_send_stream_is_stopped(const struct rtp_send_stream *stream);
/* Tried again, and nobody has spoken of it since: it makes the least there is. */
bool rtp_send_stream_is_on_trial(const struct rtp_send_stream *stream);
/* Whether there was a report of its media since it began to flow, or to flow again. */
bool rtp_send_stream_is_heard_of(const struct rtp_send_stream *stream);
/* What the last report of its media said beyond the one before it. */
const struct rtp_rate_sample *rtp_send_stream_sample(const struct rtp_send_stream *stream);
/* Whether congestion is somebody else's fault: while video flows, the breaker of sound does not open for it. */
void rtp_send_stream_excuse(struct rtp_send_stream *stream, bool excused);
/* 0 while unknown. */
rtc_time_t rtp_send_stream_round_trip_us(const struct rtp_send_stream *stream);

rtc_time_t rtp_send_stream_deadline(const struct rtp_send_stream *stream, enum timer_reason *why);
/* Packets can not leave (or can again): the breaker's timeouts start over. */
void rtp_send_stream_pause(struct rtp_send_stream *stream);
/* Media may flow again after the breaker opened: what was wrong has passed (RFC 8083 section 4.5). */
void rtp_send_stream_resume(struct rtp_send_stream *stream);

/* For SR. False before the first media packet left: then only RR may be sent. */
bool rtp_send_stream_info(const struct rtp_send_stream *stream, rtc_time_t now, struct rtcp_sender_info *out);
/* True when media left since the given time: it is a sender in the sense of RFC 3550 section 6.4. */
bool rtp_send_stream_active_since(const struct rtp_send_stream *stream, rtc_time_t since);
/* All but what the session adds: target_bitrate_bps and the circuit's. */
void rtp_send_stream_stats(const struct rtp_send_stream *stream, rtc_time_t now, struct rtp_outbound_stats *out);

#endif
