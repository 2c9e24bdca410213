/* SPDX-License-Identifier: MIT */
/* What the two files of the sending pipeline share: send_pipeline.c, where frames come in and go out, and send_encode.c, the half that runs
 * on a worker. */
#ifndef CRTC_SEND_PIPELINE_PARTS_H
#define CRTC_SEND_PIPELINE_PARTS_H

#include "audio_framer.h"
#include "codec_registry.h"
#include "encode_load.h"
#include "executor.h"
#include "picture_limit.h"
#include "picture_rate.h"
#include "send_pipeline.h"
#include "video_scale.h"

#include <pthread.h>

enum {
    ENCODED_WAITING_MAX = 64, /* frames of an encoded source, and encoded frames on their way to the connection's thread */
    DEFAULT_FRAME_RATE = 30,
    LAYER_AS_IT_SAYS = 0xff /* by its simulcast index; 0 is the first that is not switched off: a source may know of no others */
};

/* A frame on its way: exactly one pointer is set, a reference. */
struct send_item {
    rtc_video_frame *video;
    rtc_audio_frame *audio;
    rtc_encoded_frame *encoded;
    uint8_t audio_level;
    uint8_t layers; /* of a raw picture: a bit for each encoding that wants it */
    uint8_t layer;  /* of an encoded frame: which encoding it is, or LAYER_AS_IT_SAYS */
};

/* A bounded ring of items. */
struct send_ring {
    struct send_item items[ENCODED_WAITING_MAX];
    uint32_t first, count;
};

/* What the application asks of one encoding (setParameters): a plain value. */
struct send_limits {
    bool inactive;                      /* nothing is encoded or sent */
    bool keeps_size;                    /* pictures are left out rather than made smaller, */
    bool sends_fewer;                   /* as many as are needed for the others to be good */
    double scale;                       /* sides are divided by it; at least 1 */
    uint32_t max_width, max_height;     /* in place of the scale, for pictures that lie or stand; 0: none */
    uint32_t peers_width, peers_height; /* beyond which the peer does not take it, whatever is asked for; 0: none */
    uint32_t temporal_layers;           /* that its encoder is to make */
    bool has_framerate;                 /* pictures come this long after one another at least */
    double interval_us;                 /* of a framerate of 0: for ever */
};

/* One encoding. Read and written with the lock held. */
struct send_layer {
    char rid[RTP_RID_MAX + 1]; /* as its sender's */
    struct jsep_codec codec;   /* to send it with */
    bool codec_changed;        /* it is not what the worker encodes with yet */
    bool keyframe_wanted, bitrate_changed;
    bool silent; /* the session lets nothing of it through for now */
    uint32_t bitrate_bps;
    uint8_t loss_percent; /* of sound: what of it is lost, */
    uint8_t packet_ms;    /* and how long its packets last */
    struct send_limits limits;
    struct picture_rate rate;         /* fewer than come, and */
    double fewer_us;                  /* so long after each other; 0: as they come */
    double picture_due;               /* the capture time before which pictures come too early for the framerate that was asked for */
    struct send_pipeline_stats stats; /* its own; what was left out for all of them is shared */
};

/* What the three threads share. Read and written with the lock held. */
struct send_shared {
    struct send_ring in, out;
    struct send_layer layers[RTP_ENCODINGS_MAX];
    uint32_t layer_count; /* at least 1 */
    uint32_t layout;      /* counts changes of which encodings there are */
    bool forwards;        /* the track brings encoded frames */
    bool busy, detached;
    bool in_work;            /* a frame is at the worker: neither passed on nor counted yet */
    bool encoded_starts;     /* coded video may go on with a keyframe only */
    bool encoded_lost;       /* a gap in coded video: its source must make a keyframe */
    bool stopped;            /* by the circuit breaker */
    rtc_time_t behind_until; /* pictures taken before then are left out; 0: none */
    uint32_t late;           /* so many were, since one was encoded */
    rtc_time_t first;        /* when the first picture was taken; RTC_TIME_NEVER: there was none */
    struct encode_load load;
    uint64_t frames_in, frames_dropped;
};

/* What encodes one layer, or all of them. */
struct send_encoder {
    const rtc_codec_ops *codec;   /* NULL: only encoded frames pass */
    struct jsep_codec negotiated; /* what it was chosen for */
    struct picture_limit limit;   /* of who receives it */
    bool inband_fec;
    void *encoder; /* NULL before the first frame */
    struct video_scale scale;
    uint32_t width, height;
    uint32_t told_rate; /* pictures a second, as it was told */
};

/* The encoders and what feeds them: the worker's alone, once the pipeline has started. */
struct send_worker {
    struct send_encoder encoders[RTP_ENCODINGS_MAX]; /* one for each layer; the first one alone where a codec makes all of them */
    uint32_t count, layout;                          /* as they were when these were made */
    bool whole;                                      /* the first one makes all layers */
    struct audio_framer *framer;
    uint32_t late;       /* pictures that were left out before this one, because the pacer was behind */
    uint32_t frame_rate; /* of the pictures that come, sent or not */
    uint32_t channels;
};

/* Counted: the sender, the consumer and a job under way each have a reference. What has no owner of its own is written before anybody else
 * sees it, and never again. Nothing in it outlives a change of track: what must is the stream's (rtp_send_stream.h) or the sender's. */
struct send_pipeline {
    struct job job; /* in the mailbox or at a worker while `busy` */
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    struct mailbox *mailbox; /* the connection's: no reference, valid while not detached */
    pthread_mutex_t lock;
    struct send_shared shared;
    struct send_worker worker;

    /* The connection thread's alone. */
    rtc_peer_connection *pc; /* NULL once detached */
    rtc_rtp_transceiver *transceiver;
    rtc_media_stream_track *track; /* a reference */
    struct media_consumer *consumer;
};

void send_item_free(struct send_item *item);
bool send_ring_push(struct send_ring *ring, struct send_item item, uint32_t limit);
bool send_ring_pop(struct send_ring *ring, struct send_item *out);
/* With the lock held, or before anybody else sees it: what the worker encodes with is made from what was negotiated. */
void send_pipeline_adopt_layout(struct send_pipeline *p);
/* The job: encodes what waits, one picture at most, on a worker. */
void send_pipeline_encode(struct job *job);

#endif
