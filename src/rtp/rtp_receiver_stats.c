/* SPDX-License-Identifier: MIT */
/* One incoming media stream: what is told of it. */
#include "rtp_receiver.h"
#include "stream_history.h"

static void audio_stats(const struct audio_buffer *b, struct rtp_inbound_stats *out)
{
    out->packets_discarded += b->stats.late_packets;
    out->packets_duplicated = b->stats.duplicate_packets;
    out->audio.total_samples = b->stats.total_samples;
    out->audio.concealed_samples = b->stats.concealed_samples;
    out->audio.concealment_events = b->stats.concealment_events;
    out->audio.fec_samples = b->stats.fec_samples;
    out->audio.removed_samples_for_acceleration = b->stats.accelerated_samples;
    out->audio.inserted_samples_for_deceleration = b->stats.inserted_samples;
    out->audio.fec_packets_received = b->stats.fec_packets;
    out->audio.fec_packets_discarded = b->stats.fec_unused;
    out->buffer = (struct rtp_jitter_stats){
        .delay_s = (double)b->stats.delay_sum_us_samples_ms / 1000,
        .target_delay_s = (double)b->stats.target_sum / 1000,
        .minimum_delay_s = (double)b->stats.own_target_sum / 1000,
        .emitted_count = b->stats.emitted_samples,
    };
    out->current_delay_us = audio_buffer_delay(b);
}

static void video_stats(const struct video_buffer *b, struct rtp_inbound_stats *out)
{
    out->packets_discarded += b->stats.late_packets;
    out->packets_duplicated = b->stats.duplicate_packets;
    out->video.frames_received = b->stats.frames_received;
    out->video.key_frames_received = b->stats.key_frames_received;
    out->video.frames_dropped = b->stats.frames_dropped;
    out->video.freeze_count = b->playout.stats.freeze_count;
    out->video.total_freezes_duration_s = (double)b->playout.stats.freeze_duration / 1e6;
    out->video.pause_count = b->playout.stats.pause_count;
    out->video.total_pauses_duration_s = (double)b->playout.stats.pause_duration / 1e6;
    out->video.total_inter_frame_delay_s = (double)b->playout.stats.interval_sum / 1e6;
    out->video.total_squared_inter_frame_delay_s2 = b->playout.stats.interval_square_sum;
    out->video.frames_of_many_packets = b->stats.frames_of_many_packets;
    out->video.total_assembly_time_s = (double)b->stats.assembly_time / 1e6;
    out->buffer = (struct rtp_jitter_stats){
        .delay_s = (double)b->playout.stats.delay_sum / 1e6,
        .target_delay_s = (double)b->playout.stats.target_sum / 1e6,
        .minimum_delay_s = (double)b->playout.stats.own_target_sum / 1e6,
        .emitted_count = b->playout.stats.frames_released,
    };
    out->current_delay_us = video_playout_delay(&b->playout);
}

/* webrtc-stats, estimatedPlayoutTimestamp: what plays now, by the sender's clock. */
static int64_t playout_wall(const struct rtp_receiver *r, rtc_time_t now)
{
    const struct audio_buffer *sound = &r->buffer.audio;
    const struct video_playout *pictures = &r->buffer.video.playout;
    if (!r->clock.known || !r->playing)
        return 0;
    if (r->kind == RTC_MEDIA_AUDIO)
        return sound->state == AUDIO_BUFFER_PLAYING && sound->emitted
                   ? sender_clock_time(&r->clock, (uint32_t)sound->next_timestamp) + now - sound->next_time
                   : 0;
    return pictures->last_play > 0 ? sender_clock_time(&r->clock, pictures->last_played) + now - pictures->last_play : 0;
}

void rtp_receiver_stats(const struct rtp_receiver *r, rtc_time_t now, struct rtp_inbound_stats *out)
{
    *out = r->stats;
    out->ssrc = r->ssrc;
    out->payload_type = r->payload_type;
    out->packets_lost = r->arrival.started ? receive_stats_lost(&r->arrival) : 0;
    out->jitter_s = receive_stats_jitter_s(&r->arrival);
    out->last_packet_time = r->last_packet == RTC_TIME_NEVER ? 0 : r->last_packet;
    if (r->kind == RTC_MEDIA_AUDIO)
        audio_stats(&r->buffer.audio, out);
    else
        video_stats(&r->buffer.video, out);
    out->playout_wall_us = playout_wall(r, now);
    stream_history_add(out, &r->before);
}
