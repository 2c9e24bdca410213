/* SPDX-License-Identifier: MIT */
/* RTCP (RFC 3550 section 6, RFC 4585, RFC 5104, REMB): a compound datagram as a row of structs of views, and the writers. Reduced-size
 * RTCP (RFC 5506) needs nothing special: any packet may come first. */
#ifndef CRTC_RTCP_H
#define CRTC_RTCP_H

#include "reader.h"
#include "writer.h"

#include <crtc/base.h>

enum { RTCP_REPORTS_MAX = 31, RTCP_REPORT_LEN = 24 };

enum rtcp_kind {
    RTCP_UNKNOWN,
    RTCP_SR,
    RTCP_RR,
    RTCP_SDES,
    RTCP_BYE,
    RTCP_NACK,
    RTCP_PLI,
    RTCP_FIR,
    RTCP_REMB,
    RTCP_TRANSPORT_FEEDBACK,
    RTCP_EXTENDED,
    RTCP_CONGESTION_FEEDBACK,
    RTCP_KINDS
};

struct rtcp_sender_info {
    uint64_t ntp; /* 32.32 seconds since 1900 */
    uint32_t timestamp;
    uint32_t packets, octets;
};

struct rtcp_report {
    uint32_t ssrc;                /* the stream it is about */
    uint8_t fraction_lost;        /* of 256 */
    int32_t lost;                 /* 24 bits, signed */
    uint32_t highest_sequence;    /* with cycles */
    uint32_t jitter;              /* timestamp units */
    uint32_t last_sr;             /* middle 32 bits of the last SR's NTP time; 0: none */
    uint32_t delay_since_last_sr; /* 1/65536 s */
};

struct rtcp_packet {
    enum rtcp_kind kind;
    uint32_t ssrc;                  /* who speaks (SR, RR, feedback); the first chunk's (SDES), the first source's (BYE) */
    uint32_t media_ssrc;            /* feedback: whom it is about (NACK, PLI; one of them in transport-wide feedback; 0 in FIR and REMB) */
    struct rtcp_sender_info sender; /* SR */
    size_t count;                   /* SR, RR: reports; SDES: chunks; BYE, REMB: SSRCs; NACK, FIR: entries */
    struct slice body;    /* for the accessors below; of transport-wide feedback for transport_feedback_read(), of extended reports for
                             rtcp_extended_next() */
    uint64_t bitrate_bps; /* REMB */
    struct slice cname;   /* SDES: of the first chunk; may be empty */
};

struct rtcp_iterator {
    struct reader left;
    bool malformed; /* the datagram's framing or a packet's body is broken: what came before it may be used */
};

struct rtcp_iterator rtcp_packets(struct slice datagram);
/* The next packet, unknown types skipped; false at the end or when the rest is malformed. A known type with a broken body sets malformed
 * and is skipped. */
bool rtcp_next(struct rtcp_iterator *it, struct rtcp_packet *out);
/* The index-th report block of SR and RR (index < count). */
struct rtcp_report rtcp_report_at(const struct rtcp_packet *packet, size_t index);
/* The index-th SSRC of BYE and REMB (index < count). */
uint32_t rtcp_ssrc_at(const struct rtcp_packet *packet, size_t index);
/* The index-th entry of FIR (index < count). */
void rtcp_fir_at(const struct rtcp_packet *packet, size_t index, uint32_t *ssrc, uint8_t *sequence);
/* The index-th entry of NACK (index < count): the packet `sequence` and those of `mask`, bit i meaning sequence + i + 1. */
void rtcp_nack_at(const struct rtcp_packet *packet, size_t index, uint16_t *sequence, uint16_t *mask);

/* Writers append whole packets; a writer that fails leaves a sticky failure in `w`. */
void rtcp_write_sr(struct writer *w, uint32_t ssrc, const struct rtcp_sender_info *sender, const struct rtcp_report *reports, size_t count);
void rtcp_write_rr(struct writer *w, uint32_t ssrc, const struct rtcp_report *reports, size_t count);
void rtcp_write_sdes(struct writer *w, uint32_t ssrc, struct slice cname);
void rtcp_write_bye(struct writer *w, const uint32_t *ssrcs, size_t count);
/* `sequences` ascending (in wrapping order); packed into as few entries as it takes. */
void rtcp_write_nack(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *sequences, size_t count);
void rtcp_write_pli(struct writer *w, uint32_t ssrc, uint32_t media_ssrc);
void rtcp_write_fir(struct writer *w, uint32_t ssrc, uint32_t media_ssrc, uint8_t sequence);
void rtcp_write_remb(struct writer *w, uint32_t ssrc, uint64_t bitrate_bps, const uint32_t *ssrcs, size_t count);

/* NTP time (32.32 since 1900) of a wall-clock time (context_wall_us), its middle 32 bits, and back. */
uint64_t rtcp_ntp(int64_t wall_us);
int64_t rtcp_ntp_wall_us(uint64_t ntp);
uint32_t rtcp_ntp_middle(uint64_t ntp);
/* How long it takes there and back (RFC 3550 section 6.4.1), in microseconds: now, less what was written when it left, less how long the
 * other one held it; of all three the middle 32 bits. At least 1; 0: it can be no measurement. */
int64_t rtcp_round_trip_us(uint32_t now, uint32_t left, uint32_t held);
/* 16.16 seconds to microseconds and back. */
int64_t rtcp_middle_us(uint32_t middle);
uint32_t rtcp_us_middle(int64_t us);

#endif
