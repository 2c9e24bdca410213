/* SPDX-License-Identifier: MIT */
/* The RTP session of one transport (RFC 3550, RFC 8834): everything between a protected packet and an encoded frame - SRTP,
 * demultiplexing (RFC 8843 9.2), per-stream senders and receivers, RTCP, loss repair, playout times, the sending rate. A pure state
 * machine.
 *
 * A section is one m= section, known by its mid. It sends any number of streams, which rids tell apart (RFC 8852, RFC 8853); one without
 * simulcast. A stream that is sent has its RTX stream with it. Of any number of incoming SSRCs the latest plays.
 */
#ifndef CRTC_RTP_SESSION_H
#define CRTC_RTP_SESSION_H

#include "out.h"

#include <crtc/media.h>

struct rtp_session;

enum rtp_event_type {
    RTP_EVENT_VIDEO_FRAME = EVENT_RTP, /* video; in decoding order, decodable */
    RTP_EVENT_AUDIO,                   /* audio; comes when it is due to be played */
    RTP_EVENT_KEYFRAME_REQUEST,        /* PLI or FIR for our stream */
    RTP_EVENT_TARGET_BITRATE,          /* target_bps: what this section's encoder should now make; 0: it is stopped (video). Of sound only
                                          when it is limited, or no longer */
    RTP_EVENT_UNMUTE,                  /* the first media packet after silence */
    RTP_EVENT_MUTE,                    /* nothing for 2 s, or BYE */
    RTP_EVENT_CIRCUIT_BREAKER          /* circuit */
};

/* The circuit breaker of a stream that is sent (RFC 8083):
 *
 *   CLOSED --congestion, video--> REDUCED --again--> STOPPED --after a while--> REDUCED --30 s without--> CLOSED
 *      \--any other reason-----------------------------^
 *
 * REDUCED: a tenth of the rate, or the least there is after a stop, from which it climbs once the peer speaks of it. STOPPED: nothing is
 * sent. A stream is tried again after 5 s, later after 10, 20, 40 and 60, and up to a fifth more; one that stopped because nothing at all
 * was heard, when something is, or when it is configured not to send and to send again. */
enum rtp_circuit { RTP_CIRCUIT_CLOSED, RTP_CIRCUIT_REDUCED, RTP_CIRCUIT_STOPPED };

enum rtp_audio_action {
    RTP_AUDIO_PACKET,     /* decode and play */
    RTP_AUDIO_FEC,        /* the wanted packet is lost, `frame` is the one after it: decode its in-band FEC */
    RTP_AUDIO_CONCEAL,    /* nothing to decode */
    RTP_AUDIO_ACCELERATE  /* decode and blend into what was played before, playing it in no time: the delay shrinks by its duration */
};

struct rtp_event {
    struct event head;
    uint32_t section; /* its handle */
    uint32_t stream;  /* the handle of what is sent, for KEYFRAME_REQUEST, TARGET_BITRATE and CIRCUIT_BREAKER; else 0 */
    union {
        struct {
            rtc_encoded_frame *frame; /* a reference */
            rtc_time_t play_time;     /* when to show it */
        } video;
        struct {
            rtc_encoded_frame *frame; /* a reference; NULL for CONCEAL */
            enum rtp_audio_action action;
            uint32_t samples; /* per channel, wanted for FEC and CONCEAL */
        } audio;
        uint32_t target_bps;
        struct {
            enum rtp_circuit state; /* what the stream does now */
            uint32_t reason;        /* enum rtp_breaker_reason of the last time that it opened */
        } circuit;
    };
};
_Static_assert(sizeof(struct rtp_event) <= EVENT_BYTES, "an event of this module fits");

/* out_event() with the section. */
static inline struct rtp_event *rtp_event(struct out *out, enum rtp_event_type type, uint32_t section)
{
    struct rtp_event *e = out_event(out, (int)type);
    if (e)
        e->section = section;
    return e;
}

/* What sound is encoded with unless it is limited. */
enum { RTP_SOUND_BPS = 48000 };

enum { RTP_MID_MAX = 32, RTP_RID_MAX = 16, RTP_ENCODINGS_MAX = 4, RTP_CODECS_MAX = 16, RTP_SSRCS_MAX = 8, RTP_NO_PAYLOAD_TYPE = 0xff };

/* Header extensions; what each is stands in its row (rtp_extensions.h). */
enum rtp_extension {
    RTP_EXTENSION_MID,
    RTP_EXTENSION_RID,
    RTP_EXTENSION_REPAIRED_RID,
    RTP_EXTENSION_AUDIO_LEVEL,
    RTP_EXTENSION_ABS_SEND_TIME,
    RTP_EXTENSIONS
};

/* A payload type and how it was negotiated. */
struct rtp_codec {
    uint8_t payload_type;
    uint8_t rtx_payload_type; /* RTP_NO_PAYLOAD_TYPE without RTX */
    char name[16];            /* "VP8", "opus" */
    uint32_t clock_rate;
    uint8_t channels;
    bool nack, pli, fir, remb;
};

/* One stream that a section sends: (mid, rid) is its name for as long as the section lives. */
struct rtp_encoding {
    char rid[RTP_RID_MAX + 1]; /* "" for the only one of a section without simulcast: then it is not sent (RFC 8853 section 5.5) */
    uint32_t ssrc, rtx_ssrc;   /* ours; rtx_ssrc 0 without */
    uint32_t max_bitrate_bps;  /* our cap; 0: none beyond the session's */
};

struct rtp_section {
    char mid[RTP_MID_MAX + 1];
    rtc_media_kind kind;
    bool send, receive;
    bool reduced_size;                         /* a=rtcp-rsize */
    struct rtp_codec send_codec;               /* payload_type RTP_NO_PAYLOAD_TYPE: nothing can be sent */
    struct rtp_codec receive_codecs[RTP_CODECS_MAX];
    size_t receive_codec_count;
    uint8_t extension_ids[RTP_EXTENSIONS];     /* 0: not negotiated */
    struct rtp_encoding encodings[RTP_ENCODINGS_MAX];
    size_t encoding_count; /* the first one's SSRC speaks in reports and feedback for who sends nothing (RFC 3550 6.4.2) */
    uint32_t remote_ssrcs[RTP_SSRCS_MAX];      /* from a=ssrc, in order; may be none */
    uint32_t remote_rtx_ssrcs[RTP_SSRCS_MAX];  /* from a=ssrc-group:FID, 0 without */
    size_t remote_ssrc_count;
    char remote_stream_id[64];                 /* sections with the same one are synchronised to each other (lip sync) */
    uint32_t peer_max_bitrate_bps;             /* the peer's (b=TIAS, b=AS); 0: none */
    uint8_t dscp;                              /* of its packets */
};

struct rtp_session_options {
    const char *cname;           /* copied */
    uint32_t max_packet_bytes;   /* largest datagram; 0: PACKET_MTU */
    uint32_t max_bitrate_bps;    /* for all video that is sent; 0: 1.5 Mbit/s */
    uint32_t start_bitrate_bps;  /* of all video, to begin with; 0: 300 kbit/s */
    bool disable_nack;           /* tests: no loss repair as receiver */
};

/* Numbers of one stream (webrtc-stats RTCOutboundRtpStreamStats, RTCInboundRtpStreamStats and their remote halves). */
struct rtp_outbound_stats {
    uint32_t ssrc;
    uint64_t packets_sent, bytes_sent, header_bytes_sent, retransmitted_packets_sent, retransmitted_bytes_sent;
    uint64_t frames_sent, key_frames_sent;
    uint32_t nack_count, pli_count, fir_count;
    uint32_t target_bitrate_bps;
    uint32_t circuit;            /* enum rtp_circuit */
    uint32_t circuit_reason;     /* enum rtp_breaker_reason, of the last time that it opened */
    uint32_t circuit_openings;   /* how often */
    /* From the peer's receiver reports. */
    bool has_report;
    double fraction_lost;
    int64_t packets_lost;
    double remote_jitter_s;
    double round_trip_time_s, total_round_trip_time_s;
    uint64_t round_trip_time_measurements;
};

struct rtp_inbound_stats {
    uint32_t ssrc;
    uint8_t payload_type;
    uint64_t packets_received, bytes_received, header_bytes_received;
    int64_t packets_lost;
    uint64_t packets_discarded, packets_duplicated;
    double jitter_s;
    uint64_t retransmitted_packets_received;
    uint64_t frames_received, key_frames_received, frames_dropped;
    uint32_t nack_count, pli_count, fir_count;
    uint64_t freeze_count;
    double total_freezes_duration_s;
    uint64_t total_samples, concealed_samples, concealment_events, fec_samples, removed_samples_for_acceleration; /* audio, 48 kHz */
    double jitter_buffer_delay_s;          /* summed over emitted frames or samples, as webrtc-stats says */
    uint64_t jitter_buffer_emitted_count;
    rtc_time_t current_delay_us;           /* the playout delay now */
    double audio_level;                    /* last received, 0 to 1 */
    rtc_time_t last_packet_time;
    double estimated_capture_skew_s;       /* audio/video: how far this stream plays behind (+) its partner */
};

struct rtp_counters {
    uint64_t malformed;        /* packets that do not parse */
    uint64_t unauthenticated;  /* SRTP rejected them */
    uint64_t replayed;
    uint64_t unknown;          /* for no section */
    uint64_t before_keys;
};

int rtp_session_new(rtc_context *context, const struct rtp_session_options *options, struct rtp_session **out);
void rtp_session_free(struct rtp_session *session);
/* DTLS is up. `local` and `remote` are master key followed by master salt, of profile's lengths. */
int rtp_session_set_keys(struct rtp_session *session, uint16_t profile, struct slice local, struct slice remote);
/* Has the memory ready that setting this section will need, so that rtp_session_set_section can not fail for want of it; changes nothing
 * that anybody notices. */
int rtp_session_reserve_section(struct rtp_session *session, const struct rtp_section *section);
/* Gives back what was reserved and not set. */
void rtp_session_forget_reserved(struct rtp_session *session);
/* Adds the section, or changes the one with the same mid. *handle is never 0. SSRCs of ours stay as they were first given to a rid; the
 * stream of a rid that is no longer named keeps its numbers and sends nothing. */
int rtp_session_set_section(struct rtp_session *session, rtc_time_t now, const struct rtp_section *section, uint32_t *handle,
                            struct out *out);
/* The stream that the section sends with this rid: its handle, which no section and no other stream has; 0 while it may not send yet. */
uint32_t rtp_session_send_stream(const struct rtp_session *session, uint32_t section, const char *rid);
/* Stops it: BYE for what we sent. */
void rtp_session_remove_section(struct rtp_session *session, rtc_time_t now, uint32_t handle, struct out *out);
/* The datagrams of this size fit the current pair. */
void rtp_session_set_max_packet(struct rtp_session *session, uint32_t max_packet_bytes);
void rtp_session_set_max_bitrate(struct rtp_session *session, uint32_t max_bitrate_bps);
/* What the peer wants to get of all sections together at most; 0: no limit. */
void rtp_session_set_peer_bitrate(struct rtp_session *session, rtc_time_t now, uint32_t max_bitrate_bps, struct out *out);
/* The cap of one stream that is sent; 0: none beyond the session's. */
void rtp_session_set_stream_bitrate(struct rtp_session *session, rtc_time_t now, uint32_t stream, uint32_t max_bitrate_bps,
                                    struct out *out);
void rtp_session_set_section_dscp(struct rtp_session *session, uint32_t handle, uint8_t dscp);
/* The round trip that the path is known to have (ICE measures it), for as long as no stream of ours tells a better one. */
void rtp_session_set_rtt(struct rtp_session *session, rtc_time_t round_trip);
/* Whether packets can leave (a valid pair with consent): nothing is sent while not. */
void rtp_session_set_writable(struct rtp_session *session, rtc_time_t now, bool writable, struct out *out);
/* Packets take another path from now on: what the circuit breakers of RFC 8083 learned of the old one is void, and the peer hears from us
 * soon. */
void rtp_session_path_changed(struct rtp_session *session, rtc_time_t now, struct out *out);

/* A datagram whose first byte is 128-191. The packet is consumed. */
void rtp_session_input(struct rtp_session *session, rtc_time_t now, struct packet *packet, struct out *out);
void rtp_session_tick(struct rtp_session *session, rtc_time_t now, struct out *out);
rtc_time_t rtp_session_deadline(const struct rtp_session *session, enum timer_reason *why);
/* Packetizes, protects and queues one encoded frame (borrowed). Its rtp_timestamp is offset by the stream's random start. `audio_level`:
 * -dBov, 0 to 127, and 0x80 for voice; RTP_NO_AUDIO_LEVEL when unknown. RTC_ERR_INVALID_STATE when the stream does not send or keys are
 * missing (the frame is dropped, the caller counts it; of video only a keyframe is taken after that, and RTP_EVENT_KEYFRAME_REQUEST asks
 * for it). */
enum { RTP_NO_AUDIO_LEVEL = 0xff };
int rtp_session_send_frame(struct rtp_session *session, rtc_time_t now, uint32_t stream, rtc_encoded_frame *frame, uint8_t audio_level,
                           struct out *out);
/* Who sends this section's media is asked for no more than this (REMB), 0: for as much as it likes. REMB speaks of all video that is received:
 * it is said only while every section that plays has a limit. */
void rtp_session_set_receive_limit(struct rtp_session *session, rtc_time_t now, uint32_t handle, uint32_t bitrate_bps);
/* How long the video that waits for its turn takes to leave: an encoder that is ahead leaves pictures out. */
rtc_time_t rtp_session_backlog(const struct rtp_session *session);
/* The decoder can not go on: a PLI follows (rate-limited). */
void rtp_session_request_keyframe(struct rtp_session *session, rtc_time_t now, uint32_t handle, struct out *out);
/* BYE for everything; nothing is sent afterwards. */
void rtp_session_close(struct rtp_session *session, rtc_time_t now, struct out *out);

bool rtp_session_outbound_stats(const struct rtp_session *session, uint32_t stream, struct rtp_outbound_stats *out);
bool rtp_session_inbound_stats(const struct rtp_session *session, uint32_t handle, rtc_time_t now, struct rtp_inbound_stats *out);
const struct rtp_counters *rtp_session_counters(const struct rtp_session *session);

#endif
