/* SPDX-License-Identifier: MIT */
/* What is counted of streams (webrtc-stats RTCOutboundRtpStreamStats, RTCInboundRtpStreamStats and their remote halves). Plain values, each
 * filled by one function. */
#ifndef CRTC_RTP_STATS_H
#define CRTC_RTP_STATS_H

#include <crtc/base.h>

/* Of packets with marks of ECN (RFC 3168 section 5, RFC 9331), and what reports by RFC 8888 say of packets: on whichever side. */
struct rtp_ecn_stats {
    bool reported; /* there are such reports of the stream */
    uint64_t ect1, ce;
    uint64_t reported_lost, reported_lost_but_recovered;
    uint64_t bleached; /* left with ECT(1), and arrived without any mark; for who sends */
};

/* From the peer's receiver reports (RTCRemoteInboundRtpStreamStats). */
struct rtp_heard_stats {
    bool any;
    rtc_time_t time; /* when the last one came */
    double fraction_lost;
    int64_t packets_lost;
    uint64_t packets_received; /* what it expected, less what it lost */
    double jitter_s;
    double round_trip_time_s, total_round_trip_time_s;
    uint64_t round_trip_time_measurements;
    struct rtp_ecn_stats ecn;
};

/* From the peer's sender reports, and from its answers to our reference times (RTCRemoteOutboundRtpStreamStats). */
struct rtp_told_stats {
    uint64_t reports;
    rtc_time_t time;        /* when the last one came */
    int64_t remote_wall_us; /* the sender's clock then */
    uint32_t packets;
    uint64_t bytes; /* the reports count to 2^32 and begin anew */
    double round_trip_time_s, total_round_trip_time_s;
    uint64_t round_trip_time_measurements;
};

/* rtp_session_outbound_stats(). */
struct rtp_outbound_stats {
    uint32_t ssrc, rtx_ssrc; /* rtx_ssrc: 0 without */
    uint64_t packets_sent, bytes_sent, header_bytes_sent, retransmitted_packets_sent, retransmitted_bytes_sent;
    uint64_t packets_sent_with_ect1;
    uint64_t parity_packets_sent, parity_bytes_sent; /* part of packets_sent and bytes_sent */
    uint32_t parity_percent;                         /* of its packets, that are added as parity now; 0: none */
    rtc_time_t total_send_delay_us;                  /* of packets, in the pacer */
    uint64_t frames_sent, key_frames_sent;
    uint32_t frames_per_second;
    uint32_t temporal_layers; /* of the frames that were sent; 0: of none yet */
    bool active;              /* it may be sent: negotiated so, and wanted so */
    uint32_t nack_count, pli_count, fir_count;
    uint32_t target_bitrate_bps;
    uint32_t circuit;          /* enum rtp_circuit */
    uint32_t circuit_reason;   /* enum rtp_breaker_reason, of the last time that it opened */
    uint32_t circuit_openings; /* how often */
    struct rtp_heard_stats heard;
};

/* Of sound alone, in samples of 48 kHz. */
struct rtp_inbound_audio {
    uint64_t total_samples, concealed_samples, concealment_events, fec_samples, removed_samples_for_acceleration;
    uint64_t inserted_samples_for_deceleration;
    uint64_t fec_packets_received, fec_packets_discarded; /* with in-band FEC; of these, those whose FEC nobody needed */
    double audio_level;                                   /* last received, 0 to 1 */
};

/* Of pictures alone. */
struct rtp_inbound_video {
    uint64_t frames_received, key_frames_received, frames_dropped;
    uint64_t freeze_count, pause_count;
    double total_freezes_duration_s, total_pauses_duration_s;
    double total_inter_frame_delay_s, total_squared_inter_frame_delay_s2;
    uint64_t frames_of_many_packets; /* and how long these took from the first packet to the last */
    double total_assembly_time_s;
    uint64_t fec_packets_received, fec_bytes_received, fec_packets_discarded;
    uint32_t fec_ssrc; /* 0: none is known */
};

/* Summed over frames or samples that left the jitter buffer, as webrtc-stats says. */
struct rtp_jitter_stats {
    double delay_s, target_delay_s, minimum_delay_s;
    uint64_t emitted_count;
};

/* rtp_session_inbound_stats(). */
struct rtp_inbound_stats {
    uint32_t ssrc;
    uint8_t payload_type;
    uint64_t packets_received, bytes_received, header_bytes_received;
    int64_t packets_lost;
    uint64_t packets_discarded, packets_duplicated;
    struct rtp_ecn_stats ecn;
    double jitter_s;
    uint32_t rtx_ssrc; /* 0: none is known */
    uint64_t retransmitted_packets_received, retransmitted_bytes_received;
    uint32_t nack_count, pli_count, fir_count;
    struct rtp_inbound_audio audio;
    struct rtp_inbound_video video;
    struct rtp_jitter_stats buffer;
    struct rtp_told_stats told;
    int64_t playout_wall_us;     /* the sender's clock at what plays now; 0: not known */
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
