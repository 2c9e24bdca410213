/* SPDX-License-Identifier: MIT */
/* Counters that outlive their stream; see stream_history.h. */
#include "stream_history.h"

#include "memory.h"

enum { REMEMBERED_MAX = 8 };

/* Owner: the history. */
struct past_stream {
    struct past_stream *next;
    struct rtp_inbound_stats stats;
};

static void forget_beyond(struct past_stream **at, rtc_context *context, size_t count)
{
    while (*at && count-- > 0)
        at = &(*at)->next;
    while (*at) {
        struct past_stream *gone = *at;
        *at = gone->next;
        memory_free(context, gone);
    }
}

void stream_history_reserve(struct stream_history *h, rtc_context *context)
{
    struct past_stream *past = memory_alloc(context, sizeof *past);
    if (!past)
        return;
    past->next = h->spare;
    h->spare = past;
}

void stream_history_keep(struct stream_history *h, rtc_context *context, const struct rtp_inbound_stats *stats)
{
    struct past_stream *past = h->spare;
    if (!past)
        return;
    h->spare = past->next;
    past->stats = *stats;
    past->next = h->first;
    h->first = past;
    forget_beyond(&h->first, context, REMEMBERED_MAX);
}

struct rtp_inbound_stats stream_history_take(struct stream_history *h, rtc_context *context, uint32_t ssrc)
{
    struct rtp_inbound_stats stats = {0};
    struct past_stream **at = &h->first;
    while (*at && (*at)->stats.ssrc != ssrc)
        at = &(*at)->next;
    if (*at) {
        struct past_stream *found = *at;
        stats = found->stats;
        *at = found->next;
        memory_free(context, found);
    }
    return stats;
}

void stream_history_fini(struct stream_history *h, rtc_context *context)
{
    forget_beyond(&h->first, context, 0);
    forget_beyond(&h->spare, context, 0);
}

void stream_history_add(struct rtp_inbound_stats *s, const struct rtp_inbound_stats *before)
{
    s->packets_received += before->packets_received;
    s->bytes_received += before->bytes_received;
    s->header_bytes_received += before->header_bytes_received;
    s->packets_lost += before->packets_lost;
    s->packets_discarded += before->packets_discarded;
    s->packets_duplicated += before->packets_duplicated;
    s->retransmitted_packets_received += before->retransmitted_packets_received;
    s->video.frames_received += before->video.frames_received;
    s->video.key_frames_received += before->video.key_frames_received;
    s->video.frames_dropped += before->video.frames_dropped;
    s->nack_count += before->nack_count;
    s->pli_count += before->pli_count;
    s->fir_count += before->fir_count;
    s->video.freeze_count += before->video.freeze_count;
    s->video.total_freezes_duration_s += before->video.total_freezes_duration_s;
    s->audio.total_samples += before->audio.total_samples;
    s->audio.concealed_samples += before->audio.concealed_samples;
    s->audio.concealment_events += before->audio.concealment_events;
    s->audio.fec_samples += before->audio.fec_samples;
    s->audio.removed_samples_for_acceleration += before->audio.removed_samples_for_acceleration;
    s->jitter_buffer_delay_s += before->jitter_buffer_delay_s;
    s->jitter_buffer_emitted_count += before->jitter_buffer_emitted_count;
}
