/* SPDX-License-Identifier: MIT */
/* One incoming media stream, and what its RTX stream repairs (RFC 4588): statistics, loss detection, the jitter buffer of its kind, and
 * what feedback it wants sent. */
#ifndef CRTC_RTP_RECEIVER_H
#define CRTC_RTP_RECEIVER_H

#include "audio_buffer.h"
#include "forward_packet.h"
#include "frame.h"
#include "nack_list.h"
#include "playout_sync.h"
#include "receive_stats.h"
#include "redundancy.h"
#include "rtcp.h"
#include "rtp_packet.h"
#include "rtp_section.h"
#include "rtp_stats.h"
#include "video_buffer.h"

/* Nothing for this long: the stream is muted, and asking for a keyframe makes no sense. */
enum { RTP_SILENCE_US = 2000000 };

/* The last sender report that came. */
struct rtp_last_report {
    uint32_t ntp_middle; /* 32 bits of its NTP time; 0: none came */
    rtc_time_t arrived;
};

/* One SSRC (RFC 3550 section 3) of a stream that is received. Owned by that stream, which links it and brings what was counted before; all
 * else is written by rtp_receiver.c, but for the lip sync of rtp_receiving.c. */
struct rtp_receiver {
    struct rtp_receiver *next; /* of the same stream */
    rtc_context *context;
    uint32_t ssrc;
    rtc_media_kind kind;
    const struct codec_row *codec; /* of what came last */
    uint8_t payload_type;
    bool playing; /* its media is wanted; else it is only counted */
    bool pli;     /* negotiated, for what came last */
    struct receive_stats arrival;
    struct sender_clock clock;
    struct rtp_last_report report;
    struct nack_list *nacks; /* NULL when not negotiated */
    union {
        struct audio_buffer audio;
        struct video_buffer video;
    } buffer;
    rtc_time_t last_packet;          /* RTC_TIME_NEVER before the first */
    bool heard;                      /* since the last report */
    struct rtp_playout_delay bounds; /* how long its sender wants pictures to be held back; at most RTC_TIME_NEVER: it never said */
    uint64_t keyframe_asked;         /* the count of keyframes when the decoder asked for one, plus 1; 0: it has not */
    rtc_time_t next_pli;
    struct playout_party party;
    struct rtp_capture_time captured; /* as its sender said last, of what has this timestamp; ntp 0: never */
    uint32_t captured_timestamp;
    struct {
        struct forward_tap *tap; /* takes a copy of each packet as it comes; its stream's; NULL: nobody wants any */
        int64_t ahead;           /* by so much their numbers are ahead of ours, which begin anew after a jump */
    } sent_on;
    struct frame_origin origin;      /* of the latest packet of a picture: those of one stream differ in nothing that is told */
    struct rtp_inbound_stats stats;  /* what the parts do not count themselves */
    struct rtp_inbound_stats before; /* what was counted of the stream when it was here before */
};

/* RTC_ERR_NOT_SUPPORTED when the codec's payload format is unknown; RTC_ERR_NO_MEMORY. */
int rtp_receiver_new(rtc_context *context, rtc_media_kind kind, uint32_t ssrc, const struct rtp_codec *codec, bool disable_nack,
                     struct rtp_receiver **out);
void rtp_receiver_free(struct rtp_receiver *receiver);
/* Before the first packet: what is buffered counts there, too. */
void rtp_receiver_set_room(struct rtp_receiver *receiver, struct jitter_room *room);
/* Whether its media is played: what is buffered is given up when not. */
void rtp_receiver_set_playing(struct rtp_receiver *receiver, bool playing);

/* A packet of this codec is next. Sound that is buffered by another clock is played at once, so that none is left out. False: it is late,
 * of a clock that is no longer used, or nobody can read it. */
bool rtp_receiver_set_codec(struct rtp_receiver *receiver, const struct rtp_codec *codec, const struct rtp_header *header, uint32_t member,
                            uint32_t stream, struct out *out);
/* A packet of the stream; consumes `packet`, of which `header` is a view. Jitter and playout delays are measured by when it arrived (RFC
 * 3550 6.4.1), what waits for something begins now. */
void rtp_receiver_packet(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_header *header, struct packet *packet);
/* The same of one whose payload is in blocks (RFC 2198), of which the last is the packet's own and of what was set with
 * rtp_receiver_set_codec(); `header` is the packet's as it came. Earlier blocks of other codecs are left out. */
void rtp_receiver_blocks(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_header *header, const struct red_payload *blocks,
                         struct packet *packet);
/* A telephone event in its place, of which so much has passed by the stream's clock: only counted. Consumes it. */
void rtp_receiver_event(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_header *header, uint32_t passed,
                        struct packet *packet);
/* A packet of its RTX stream, which repairs one of this codec; consumes it. */
void rtp_receiver_retransmission(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_codec *codec,
                                 const struct rtp_header *header, struct packet *packet);
/* A packet of parity for it, in its own sequence (ULPFEC) or beside it; counts it, and consumes it. */
void rtp_receiver_parity(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_header *header, bool in_sequence,
                         struct packet *packet);
/* One of its packets that parity gave back, of this codec; consumes it. It did not come: nothing is counted but that it is not missing. */
void rtp_receiver_recovered(struct rtp_receiver *receiver, rtc_time_t now, const struct rtp_codec *codec, const struct rtp_header *header,
                            struct packet *packet);
/* How long it is waited for parity before what is missing is asked for; 0: there is none. */
void rtp_receiver_set_patience(struct rtp_receiver *receiver, rtc_time_t patience);
/* What may be asked of its sender from here on. Without memory for it, what is lost is not repaired for now. */
void rtp_receiver_set_feedback(struct rtp_receiver *receiver, bool nack, bool pli);
/* It bounds how long repair is waited for. */
void rtp_receiver_set_round_trip(struct rtp_receiver *receiver, rtc_time_t round_trip);
/* How long what comes is held back at least (webrtc-pc 5.3, jitterBufferTarget); 0: as is best, within what the sender asks for. */
void rtp_receiver_set_target(struct rtp_receiver *receiver, rtc_time_t target);
/* What its sender asked for (playout-delay) holds no longer. */
void rtp_receiver_forget_playout_delay(struct rtp_receiver *receiver);

/* One that arrived then: the delay since it (DLSR, RFC 3550 6.4.1) counts from there. */
void rtp_receiver_sender_report(struct rtp_receiver *receiver, rtc_time_t arrived, const struct rtcp_sender_info *info);
/* Its sender has answered to a reference time of ours: as long does it take there and back. */
void rtp_receiver_round_trip(struct rtp_receiver *receiver, rtc_time_t round_trip);
/* The report block about it, when it was heard since the last one. */
bool rtp_receiver_report(struct rtp_receiver *receiver, rtc_time_t now, struct rtcp_report *out);
/* The sequence numbers to ask for now. */
size_t rtp_receiver_take_nacks(struct rtp_receiver *receiver, rtc_time_t now, rtc_time_t round_trip, uint16_t *sequences, size_t max);
/* The decoder can not go on. */
void rtp_receiver_want_keyframe(struct rtp_receiver *receiver);
/* True when a PLI is due; the caller sends it. */
bool rtp_receiver_take_pli(struct rtp_receiver *receiver, rtc_time_t now, rtc_time_t round_trip);

/* Appends what is due as events of the section, and of the stream in it. */
void rtp_receiver_play(struct rtp_receiver *receiver, rtc_time_t now, uint32_t member, uint32_t stream, struct out *out);
/* `feedback`: NACK and PLI can be sent; else they are no reason to be called. */
rtc_time_t rtp_receiver_deadline(const struct rtp_receiver *receiver, bool feedback, enum timer_reason *why);

/* Lip sync: brings `party` up to date, and applies its added delay. */
void rtp_receiver_observe(struct rtp_receiver *receiver, rtc_time_t now);
void rtp_receiver_follow(struct rtp_receiver *receiver);

void rtp_receiver_stats(const struct rtp_receiver *receiver, rtc_time_t now, struct rtp_inbound_stats *out);

#endif
