/* SPDX-License-Identifier: MIT */
/* A receiving pipeline, for its two files: receive_pipeline.c has what runs on the connection's thread, receive_decode.c what runs on a
 * worker. The lock guards what both share. */
#ifndef CRTC_RECEIVE_PIPELINE_PARTS_H
#define CRTC_RECEIVE_PIPELINE_PARTS_H

#include "decode_budget.h"
#include "executor.h"
#include "receive_pipeline.h"

#include <pthread.h>
#include <stdatomic.h>

enum { RECEIVE_WAITING_MAX = 64 }; /* encoded frames that wait for the decoder, and pictures that wait to be shown */

/* What waits for the decoder. A part of what is shared, or the worker's while it is decoded. */
struct receive_unit {
    rtc_encoded_frame *frame; /* a reference; NULL: conceal */
    enum rtp_audio_action action;
    uint32_t samples;
    rtc_time_t show_at;
    rtc_time_t began; /* when its first packet arrived; 0: it is none */
    rtc_time_t submitted;
    bool missed; /* sound: it is invented for what is missing */
};

/* What waits for its time. Likewise. */
struct receive_shown {
    rtc_video_frame *frame; /* a reference */
    rtc_time_t at;
};

/* What the worker and the connection's thread share. Read and written with the lock held. */
struct receive_shared {
    struct receive_unit in[RECEIVE_WAITING_MAX];
    struct receive_shown out[RECEIVE_WAITING_MAX];
    uint32_t in_count, out_count;
    uint64_t in_bytes;                       /* of the frames in `in` */
    struct rtp_codec codecs[RTP_CODECS_MAX]; /* as negotiated */
    size_t codec_count;
    bool codecs_changed; /* the worker does not know them yet */
    bool busy, detached;
    bool broken; /* the decoder lost its thread: a keyframe is needed */
    /* The largest picture of late that was larger than its keyframe had said; 0: none was. */
    uint32_t larger_width, larger_height;
    struct receive_pipeline_stats stats;
};

/* The worker's alone. */
struct receive_worker {
    struct rtp_codec codecs[RTP_CODECS_MAX]; /* a copy */
    size_t codec_count;
    const rtc_codec_ops *codec;
    struct rtp_codec made_for; /* what the decoder was made for */
    void *decoder;
    uint64_t said_pixels;             /* of pictures, by the last keyframe that said a size */
    uint32_t most_width, most_height; /* of pictures that were larger, among the last so many; 0: none was */
    uint32_t compared;
    rtc_audio_frame *accelerated; /* sound that is to be blended into what follows */
};

/* What may be decoded, and what it takes: the connection thread's alone. */
struct receive_admission {
    bool awaits_keyframe;
    bool restarts;            /* another stream is shown: sinks of encoded frames, too, begin with its keyframe */
    bool hopeless;            /* the keyframe that was refused last was too large: another one would be, too */
    enum decode_verdict told; /* the limit that the log last spoke of */
    uint32_t width, height;   /* of a picture, as the last keyframe said */
    uint64_t area;            /* that of decode_budget_area */
    uint64_t most_area;       /* of what may be held now */
    uint64_t held;            /* what the connection's budget knows of */
};

/* What was counted of streams that were shown before; of more than there is room for, the one that was left first is forgotten. */
struct receive_kept {
    char shown[RTP_RID_MAX + 1]; /* whose are the counts at hand */
    struct {
        char rid[RTP_RID_MAX + 1];
        struct receive_pipeline_stats stats;
    } others[RTP_RIDS_MAX];
    size_t count;
};

/* Counted: the receiver and a job under way each have a reference. What has no owner of its own is written before anybody else sees it. */
struct receive_pipeline {
    struct job job;
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    struct mailbox *mailbox;       /* the connection's: no reference, used on its thread only */
    rtc_media_stream_track *track; /* a reference */
    pthread_mutex_t lock;
    struct receive_shared shared;
    struct receive_worker worker;

    /* The connection thread's alone. */
    rtc_peer_connection *pc;
    rtc_rtp_transceiver *transceiver;
    const struct receiver_stream *stream;
    struct receive_admission admission;
    struct receive_shown waiting[RECEIVE_WAITING_MAX]; /* decoded, not yet due; in order */
    uint32_t waiting_count;
    struct receive_kept kept;
};

static inline size_t receive_unit_bytes(const struct receive_unit *unit)
{
    return unit->frame ? rtc_encoded_frame_len(unit->frame) : 0;
}

/* The pipeline's job: decodes all that waits. */
void receive_decode(struct job *job);

#endif
