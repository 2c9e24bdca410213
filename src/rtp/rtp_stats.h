/* SPDX-License-Identifier: MIT */
/* What is counted of streams (webrtc-stats RTCOutboundRtpStreamStats, RTCInboundRtpStreamStats and their remote halves). Plain values, each
 * filled by one function. */
#ifndef CRTC_RTP_STATS_H
#define CRTC_RTP_STATS_H

#include <crtc/base.h>

/* rtp_session_outbound_stats(). */
struct rtp_outbound_stats {
    uint32_t ssrc;
    uint64_t packets_sent, bytes_sent, header_bytes_sent, retransmitted_packets_sent, retransmitted_bytes_sent;
    uint64_t frames_sent, key_frames_sent;
    uint32_t nack_count, pli_count, fir_count;
    uint32_t target_bitrate_bps;
    uint32_t circuit;          /* enum rtp_circuit */
    uint32_t circuit_reason;   /* enum rtp_breaker_reason, of the last time that it opened */
    uint32_t circuit_openings; /* how often */
    /* From the peer's receiver reports. */
    bool has_report;
    double fraction_lost;
    int64_t packets_lost;
    double remote_jitter_s;
    double round_trip_time_s, total_round_trip_time_s;
    uint64_t round_trip_time_measurements;
};

/* Of sound alone, in samples of 48 kHz. */
struct rtp_inbound_audio {
    uint64_t total_samples, concealed_samples, concealment_events, fec_samples, removed_samples_for_acceleration;
    double audio_level; /* last received, 0 to 1 */
};

/* Of pictures alone. */
struct rtp_inbound_video {
    uint64_t frames_received, key_frames_received, frames_dropped;
    uint64_t freeze_count;
    double total_freezes_duration_s;
};

/* rtp_session_inbound_stats(). */
struct rtp_inbound_stats {
    uint32_t ssrc;
    uint8_t payload_type;
    uint64_t packets_received, bytes_received, header_bytes_received;
    int64_t packets_lost;
    uint64_t packets_discarded, packets_duplicated;
    double jitter_s;
    uint64_t retransmitted_packets_received;
    uint32_t nack_count, pli_count, fir_count;
    struct rtp_inbound_audio audio;
    struct rtp_inbound_video video;
    double jitter_buffer_delay_s; /* summed over emitted frames or samples, as webrtc-stats says */
    uint64_t jitter_buffer_emitted_count;
    rtc_time_t current_delay_us; /* the playout delay now */
    rtc_time_t last_packet_time;
    double estimated_capture_skew_s; /* audio/video: how far this stream plays behind (+) its partner */
};

/* What came and was of no use; the session counts. */
struct rtp_counters {
    uint64_t malformed;       /* packets that do not parse */
    uint64_t unauthenticated; /* SRTP rejected them */
    uint64_t replayed;
    uint64_t unknown; /* for no section */
    uint64_t before_keys;
};

#endif
