/* SPDX-License-Identifier: MIT */
/* From one stream of the RTP session to a remote track: encoded frames are handed to sinks that want them so, decoded on a worker for the
 * others, and shown when they are due. */
#ifndef CRTC_RECEIVE_PIPELINE_H
#define CRTC_RECEIVE_PIPELINE_H

#include "audio_power.h"
#include "transceiver.h"

/* Part of a pipeline, written by receive_pipeline.c with its lock held; handed out as a copy. */
struct receive_pipeline_stats {
    uint64_t frames_decoded, key_frames_decoded, frames_dropped;
    uint64_t frames_refused;  /* of those dropped: over a limit */
    uint64_t frames_rendered; /* pictures that were shown */
    struct event_rate rate;   /* of what was decoded */
    rtc_time_t total_decode_time_us;
    double total_processing_delay_s; /* from the first packet until it is decoded; of each picture, or each sample of sound */
    uint64_t quantizers;             /* of pictures: summed up, and of how many */
    uint64_t quantized;
    uint32_t width, height;
    struct audio_meter meter;   /* of sound: decoded, or while nobody wants it so, what its sender says */
    uint64_t played_samples;    /* of sound: of one channel, given to the track */
    double played_s;            /* how long they last */
    uint64_t silent_concealed;  /* samples in place of missing ones of which nothing is to be heard */
    const char *implementation; /* what decodes; NULL: not told */
    rtc_codec_power power;
};

/* `stream`: of the receiver of `t`, which both outlive it, or detach it. RTC_ERR_NO_MEMORY. */
int receive_pipeline_new(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct receiver_stream *stream,
                         struct receive_pipeline **out);
/* NULL is legal. */
void receive_pipeline_detach(struct receive_pipeline *p);
/* What may come, as negotiated: decoders that were made for something else are made anew, for the next packet of sound or the next
 * keyframe. */
void receive_pipeline_set_codecs(struct receive_pipeline *p, const struct rtp_codec *codecs, size_t count);
/* Another stream is shown from now on: nothing of it before its next keyframe, which is asked for when something else comes. */
void receive_pipeline_begin_anew(struct receive_pipeline *p);
/* The same, and it is asked for at once. */
void receive_pipeline_restart(struct receive_pipeline *p, rtc_time_t now);
/* The next frame in decoding order (borrowed). */
void receive_pipeline_video(struct receive_pipeline *p, rtc_time_t now, const struct rtp_picture *picture);
/* Due now (borrowed). */
void receive_pipeline_audio(struct receive_pipeline *p, rtc_time_t now, const struct rtp_sound *sound);
/* Shows what is due. */
void receive_pipeline_tick(struct receive_pipeline *p, rtc_time_t now);
rtc_time_t receive_pipeline_deadline(const struct receive_pipeline *p);
/* Of the stream with this rid ("": the one without), while it was shown: another one that is shown later begins at nothing, and goes on
 * where it was when it is shown again. */
void receive_pipeline_stats(struct receive_pipeline *p, const char *rid, struct receive_pipeline_stats *out);

#endif
