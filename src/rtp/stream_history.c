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

static void add_video(struct rtp_inbound_video *s, const struct rtp_inbound_video *before)
{
    s->frames_received += before->frames_received;
    s->key_frames_received += before->key_frames_received;
    s->frames_dropped += before->frames_dropped;
    s->freeze_count += before->freeze_count;
    s->total_freezes_duration_s += before->total_freezes_duration_s;
    s->pause_count += before->pause_count;
    s->total_pauses_duration_s += before->total_pauses_duration_s;
    s->total_inter_frame_delay_s += before->total_inter_frame_delay_s;
    s->total_squared_inter_frame_delay_s2 += before->total_squared_inter_frame_delay_s2;
    s->frames_of_many_packets += before->frames_of_many_packets;
    s->total_assembly_time_s += before->total_assembly_time_s;
    s->fec_packets_received += before->fec_packets_received;
    s->fec_bytes_received += before->fec_bytes_received;
    s->fec_packets_discarded += before->fec_packets_discarded;
    s->fec_ssrc = s->fec_ssrc ? s->fec_ssrc : before->fec_ssrc;
}

static void add_audio(struct rtp_inbound_audio *s, const struct rtp_inbound_audio *before)
{
    s->total_samples += before->total_samples;
    s->concealed_samples += before->concealed_samples;
    s->concealment_events += before->concealment_events;
    s->fec_samples += before->fec_samples;
    s->removed_samples_for_acceleration += before->removed_samples_for_acceleration;
    s->inserted_samples_for_deceleration += before->inserted_samples_for_deceleration;
    s->fec_packets_received += before->fec_packets_received;
    s->fec_packets_discarded += before->fec_packets_discarded;
}

/* The sender's own counts go on when its stream does: its reports say what it sent in all. */
static void add_reports(struct rtp_told_stats *s, const struct rtp_told_stats *before)
{
    if (s->reports == 0) {
        *s = *before;
        return;
    }
    if (s->round_trip_time_measurements == 0)
        s->round_trip_time_s = before->round_trip_time_s;
    s->reports += before->reports;
    s->total_round_trip_time_s += before->total_round_trip_time_s;
    s->round_trip_time_measurements += before->round_trip_time_measurements;
}

void stream_history_add(struct rtp_inbound_stats *s, const struct rtp_inbound_stats *before)
{
    s->packets_received += before->packets_received;
    s->bytes_received += before->bytes_received;
    s->header_bytes_received += before->header_bytes_received;
    s->packets_lost += before->packets_lost;
    s->packets_discarded += before->packets_discarded;
    s->packets_duplicated += before->packets_duplicated;
    s->ecn.ect1 += before->ecn.ect1;
    s->ecn.ce += before->ecn.ce;
    s->retransmitted_packets_received += before->retransmitted_packets_received;
    s->retransmitted_bytes_received += before->retransmitted_bytes_received;
    s->nack_count += before->nack_count;
    s->pli_count += before->pli_count;
    s->fir_count += before->fir_count;
    add_audio(&s->audio, &before->audio);
    add_video(&s->video, &before->video);
    add_reports(&s->told, &before->told);
    s->buffer.delay_s += before->buffer.delay_s;
    s->buffer.target_delay_s += before->buffer.target_delay_s;
    s->buffer.minimum_delay_s += before->buffer.minimum_delay_s;
    s->buffer.emitted_count += before->buffer.emitted_count;
}
