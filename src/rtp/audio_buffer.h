/* SPDX-License-Identifier: MIT */
/* The adaptive jitter buffer of one audio stream. It keeps a playout timeline - which sample is due at which time - and decides, one
 * packet duration at a time, what is played: a packet, the in-band FEC of a packet whose predecessor was lost, concealment, or a packet
 * played in no time to shorten the delay. The wanted delay is a high quantile of how late packets came during the last seconds; below it
 * the timeline waits (best when there is nothing to play, or silence), above it missing media is left out and packets are accelerated.
 *
 *   IDLE --first packet--> PLAYING --nothing came for a second, or the sender's clock jumped--> IDLE
 *
 * Each of the two may follow the other, so there is no move that a table could refuse. */
#ifndef CRTC_AUDIO_BUFFER_H
#define CRTC_AUDIO_BUFFER_H

#include "delay_estimator.h"
#include "jitter_room.h"
#include "rtp_event.h"

enum { AUDIO_BUFFER_MAX = 256 };

enum audio_buffer_state { AUDIO_BUFFER_IDLE, AUDIO_BUFFER_PLAYING };

/* A part of its buffer. */
struct audio_packet {
    int64_t timestamp;        /* unwrapped */
    uint32_t duration;        /* clock units */
    bool quiet;               /* silence (DTX): stretching it is not heard */
    bool fec;                 /* carries the packet before it */
    bool redundant;           /* came a second time, with a later packet (RFC 2198) */
    uint8_t level;            /* as its sender says (rtp_event.h) */
    rtc_time_t arrival;       /* not after it is inserted */
    rtc_encoded_frame *frame; /* a reference */
};

enum audio_insert { AUDIO_INSERTED, AUDIO_DUPLICATE, AUDIO_LATE, AUDIO_OVERFLOW };

/* Recent loss: so much is waited for longer, because what repairs it comes later. A part of its buffer. */
struct audio_repair {
    rtc_time_t until, wait;
};

/* Silence stands for what its sender leaves out (DTX). A part of its buffer. */
struct audio_silence {
    bool plays;   /* the last packet that was played is of silence */
    int64_t from; /* where it ends: what is filled in after it lasts until something comes */
};

struct audio_decision {
    enum rtp_audio_action action;
    rtc_encoded_frame *frame; /* a reference for the caller; NULL for CONCEAL */
    uint32_t samples;         /* clock units */
    int64_t timestamp;        /* of the first sample, unwrapped */
    rtc_time_t time;          /* when it is due */
    rtc_time_t arrived;       /* these as in struct rtp_sound */
    uint8_t level;
    bool missed;
};

/* A part of its buffer, written where that is. */
struct audio_buffer_stats {
    uint64_t total_samples, concealed_samples, concealment_events, fec_samples, accelerated_samples, inserted_samples;
    uint64_t fec_packets, fec_unused;
    uint64_t late_packets, duplicate_packets;
    int64_t delay_sum_us_samples_ms;    /* microseconds of delay times samples, in thousands; so the two below */
    int64_t target_sum, own_target_sum; /* what the delay should have been, and would have been without lip sync */
    uint64_t emitted_samples;
};

/* Embedded in struct rtp_receiver, which gives it its room; all else is written by audio_buffer.c. */
struct audio_buffer {
    uint32_t clock_rate;
    size_t capacity;
    struct jitter_room *room; /* shared with other streams; NULL: none */
    enum audio_buffer_state state;
    struct delay_estimator estimator;
    struct audio_packet packets[AUDIO_BUFFER_MAX]; /* ascending timestamps */
    size_t count;
    bool has_timestamp, emitted; /* emitted: something was played since PLAYING began */
    int64_t last_timestamp;      /* for unwrapping */
    int64_t next_timestamp;      /* the sample that is due at next_time */
    rtc_time_t next_time;
    uint32_t duration; /* of the latest packet */
    struct audio_silence silence;
    bool concealing;
    bool fec_taken;           /* the packet in front gave what the one before it lacked */
    rtc_time_t minimum_delay; /* asked for by lip sync */
    rtc_time_t asked_delay;   /* by the application; 0: nothing */
    rtc_time_t room_delay;    /* what the room for all streams has left of that; 0: all of it */
    struct audio_repair repair;
    rtc_time_t last_accelerate, last_expand, below_since, starved_since;
    struct audio_buffer_stats stats;
};

void audio_buffer_init(struct audio_buffer *buffer, uint32_t clock_rate, size_t capacity);
/* Gives up what is buffered; statistics stay. */
void audio_buffer_reset(struct audio_buffer *buffer);
/* Takes packet->frame over in any case; packet->timestamp is set here from `timestamp`. */
enum audio_insert audio_buffer_insert(struct audio_buffer *buffer, rtc_time_t now, uint32_t timestamp, struct audio_packet packet);
/* The same for what came a second time, with the packet that was inserted last: it tells nothing of the network, begins nothing, and is of
 * use only where a packet is missing. */
enum audio_insert audio_buffer_insert_redundant(struct audio_buffer *buffer, rtc_time_t now, uint32_t timestamp,
                                                struct audio_packet packet);
/* The next decision that is due; call until false. */
bool audio_buffer_next(struct audio_buffer *buffer, rtc_time_t now, struct audio_decision *out);
/* What is buffered as it is, due or not; call until false. For a stream that goes on by another clock, which is set then: the timeline
 * begins anew. */
bool audio_buffer_drain(struct audio_buffer *buffer, struct audio_decision *out);
void audio_buffer_set_clock(struct audio_buffer *buffer, uint32_t clock_rate);
rtc_time_t audio_buffer_deadline(const struct audio_buffer *buffer);
/* How long after its earliest possible arrival the due sample is played, and what that should be. */
rtc_time_t audio_buffer_delay(const struct audio_buffer *buffer);
rtc_time_t audio_buffer_target(const struct audio_buffer *buffer, rtc_time_t now);
/* What the stream would wait by itself, if nobody asked for more. */
rtc_time_t audio_buffer_own_target(const struct audio_buffer *buffer, rtc_time_t now);
void audio_buffer_set_minimum_delay(struct audio_buffer *buffer, rtc_time_t delay);
/* No less than this, as far as there is room for so many packets; it is reached faster than what the network or lip sync wants. 0: whatever
 * is best. */
void audio_buffer_set_asked_delay(struct audio_buffer *buffer, rtc_time_t delay);
/* What is held back of that. */
rtc_time_t audio_buffer_asked_delay(const struct audio_buffer *buffer);

#endif
