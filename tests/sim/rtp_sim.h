/* SPDX-License-Identifier: MIT */
/* Two RTP sessions in the simulated network, in virtual time, each sending scripted video and audio to the other. A scripted frame carries
 * its serial number and capture time, so that what comes out can be judged: which frames are decodable, when they are shown, how far apart
 * sound and picture are. */
#ifndef CRTC_RTP_SIM_H
#define CRTC_RTP_SIM_H

#include "rtp_session.h"
#include "sim_network.h"
#include "video_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MS ((rtc_time_t)1000)
#define SECOND ((rtc_time_t)1000000)

struct rtp_sim;
struct congestion_controller;

/* What a peer saw of the other's media. Times in microseconds. */
struct rtp_sim_seen {
    uint64_t video_frames, decodable, key_frames; /* decodable: a keyframe, or the successor of the last decodable one */
    uint64_t keyframe_requests, mutes, unmutes, breakers; /* breakers: streams of ours that were stopped */
    uint64_t reduced, closed;                             /* what else circuit breakers did */
    bool sound_stopped;
    uint64_t packets, fec, concealed, accelerated; /* audio decisions */
    uint64_t misplaced;                            /* audio that was played twice or out of order, video that was not in order */
    uint32_t video_serial, audio_serial;
    bool broken;                                   /* the last frame was not decodable */
    rtc_time_t last_shown, longest_freeze;
    rtc_time_t audio_latency, video_latency;       /* play time minus capture time, of the last one */
    uint64_t skews, skewed;                        /* frames compared, and those over 45 ms */
    rtc_time_t worst_skew;
    uint32_t target_bps;
    uint32_t timestamp_video, timestamp_audio;     /* RTP timestamps received last */
    uint32_t first_timestamp_video;
};

/* A source that behaves as a camera with an encoder does: pictures have the size that the rate is enough for, deltas are as large as the rate
 * allows and no smaller than the coarsest quantizer makes them, keyframes are a few times as large, and a picture is left out when the encoder
 * is ahead of its rate or the pacer is behind. */
struct rtp_sim_camera {
    bool on;
    uint32_t width, height;
    struct video_scale scale;
    int64_t ahead_bits;
    uint64_t skipped, resized;
};

struct rtp_sim_peer {
    struct rtp_sim *sim;
    struct rtp_sim_peer *other;
    struct sim_host *host;
    struct rtp_session *session;
    struct out out;
    uint32_t audio, video; /* handles */
    /* The scripted source. */
    bool sends_audio, sends_video;
    bool bare;             /* sound carries nothing of the packet before it */
    bool dtx;              /* a packet of silence every 400 ms in place of sound */
    struct rtp_sim_camera camera;
    bool wants_keyframe;
    uint32_t bitrate_bps, frame_rate;
    bool stubborn;         /* does not follow the target */
    bool sends_data;       /* an association beside, which always has more to send */
    uint64_t data_bytes;   /* that it sent */
    uint32_t video_serial, audio_serial;
    uint32_t video_timestamp, audio_timestamp;
    rtc_time_t next_video, next_audio;
    int64_t fast_ppm;      /* how much faster than time its clocks run */
    int64_t ahead;         /* what that has come to, in millionths of a microsecond */
    uint64_t video_sent, refused;
    /* Its loop. */
    rtc_time_t turn;            /* it looks at its socket and its timers this often only; 0: at once */
    bool stamped;               /* packets carry when they came to the socket */
    struct packet_queue socket; /* what waits for the next turn */
    struct rtp_sim_seen seen;
};

struct rtp_sim {
    rtc_context *context;
    struct sim_network *net;
    struct rtp_sim_peer a, b;
    rtc_time_t now, settled; /* lips are compared from then on */
    uint64_t seed;
    bool failed; /* a session said so: out of memory */
};

struct rtp_sim_options {
    uint64_t seed;
    struct sim_link link; /* both ways */
    uint32_t max_bitrate_bps, start_bitrate_bps;
    bool disable_nack;
    struct rtp_fec_formats parity; /* of video, both ways */
    bool redundancy; /* RFC 2198 is agreed upon for sound */
    bool full_size_rtcp;
    bool anonymous;       /* no a=ssrc: SSRCs are learnt from mid */
    const struct congestion_controller *controller; /* with transport-wide feedback; NULL: reports alone */
    bool by_source;       /* feedback is by RFC 8888 */
    bool remb;            /* receivers tell what they think that the path takes */
    rtc_time_t settle;    /* how long streams may take to find together */
    uint32_t video_timestamp, audio_timestamp; /* where the scripted timestamps begin */
};

/* 0, or an error when out of memory. Both peers send both kinds. */
int rtp_sim_init(struct rtp_sim *sim, rtc_context *context, const struct rtp_sim_options *options);
void rtp_sim_fini(struct rtp_sim *sim);
void rtp_sim_run(struct rtp_sim *sim, rtc_time_t until);
/* After a call to a session: takes its events, sends its packets. */
void rtp_sim_drain(struct rtp_sim_peer *peer);
/* What was seen so far no longer counts; what is needed to go on stays. */
void rtp_sim_forget(struct rtp_sim_peer *peer);
struct rtp_inbound_stats rtp_sim_inbound(struct rtp_sim_peer *peer, uint32_t handle);
struct rtp_outbound_stats rtp_sim_outbound(struct rtp_sim_peer *peer, uint32_t handle);
/* The section that the peer would configure with these sources at the other end. */
struct rtp_section rtp_sim_section(const struct rtp_sim_options *options, rtc_media_kind kind, unsigned local, unsigned remote);
/* Master key and salt of a side's outgoing packets; AES128_CM_HMAC_SHA1_80. */
struct slice rtp_sim_key(unsigned side);

#endif
