/* SPDX-License-Identifier: MIT */
/* Parity that a stream of video sends (fec_writer.h): how much, over which packets, and the packets of it. Where a retransmission comes in
 * time there is none; where the round trip makes it too late, as much as losses ask for, and more for keyframes. */
#ifndef CRTC_RTP_SEND_PARITY_H
#define CRTC_RTP_SEND_PARITY_H

#include "fec_writer.h"
#include "rtp_section.h"

/* Owned by its stream; written by rtp_send_parity.c. */
struct rtp_send_parity {
    struct rtp_fec_formats formats;
    uint32_t ssrc;         /* of FlexFEC; 0: ULPFEC within RED */
    uint16_t sequence;     /* of FlexFEC's next packet */
    uint32_t loss;         /* of what the peer expected, smoothed: in thousandths of a percent */
    uint32_t percent;      /* of its packets that are added as parity; 0: none */
    uint32_t credit;       /* in hundredths of a packet */
    bool keyframe;         /* what is summed up is of one */
    size_t parities, next; /* that are to be made of what is summed up, and which is next */
    uint64_t packets, bytes;
    struct fec_writer writer;
};

/* Whether what was agreed upon can be sent. */
bool rtp_send_parity_is_agreed(const struct rtp_section *section, const struct rtp_encoding *encoding);
/* The section changed. */
void rtp_send_parity_configure(struct rtp_send_parity *parity, const struct rtp_section *section, const struct rtp_encoding *encoding);
/* A report: of so many that were expected so many were lost. `late`: a retransmission takes a round trip of `round_trip`, or 0: there is
 * none. */
void rtp_send_parity_report(struct rtp_send_parity *parity, uint32_t expected, uint32_t lost, bool repairs, rtc_time_t round_trip);
/* How much parity so much loss and such a round trip ask for, in percent. A pure function. */
uint32_t rtp_send_parity_percent(uint32_t loss, bool repairs, rtc_time_t round_trip);
/* What an RTP packet may not be larger than, less this much: room for what parity adds to a packet whose header has so many bytes. */
size_t rtp_send_parity_room(size_t header_bytes);
/* Whether packets are protected now. */
bool rtp_send_parity_protects(const struct rtp_send_parity *parity);
/* Whether a packet so long, with a header so long, is: one that was made before there was parity may be as large as any, and has no room
 * for what that adds. */
bool rtp_send_parity_takes(const struct rtp_send_parity *parity, size_t bytes, size_t header_bytes, size_t max_bytes);
/* A packet of media leaves, plain and as it is numbered; a view of it. */
void rtp_send_parity_left(struct rtp_send_parity *parity, struct slice packet, const struct rtp_header *header, bool keyframe);
/* Wraps a packet that is about to leave into RED, where that is agreed upon; its header has so many bytes. */
void rtp_send_parity_wrap(const struct rtp_send_parity *parity, struct packet *packet, size_t header_bytes);
/* Whether there is one to send; then its payload is written. */
bool rtp_send_parity_next(struct rtp_send_parity *parity, struct writer *w);
uint8_t rtp_send_parity_type(const struct rtp_send_parity *parity);

#endif
