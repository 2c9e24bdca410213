/* SPDX-License-Identifier: MIT */
/* A session and the other end of its SRTP, which speaks packets: for tests of what the session takes, refuses and answers. */
#ifndef CRTC_RTP_SCRIPTED_PEER_H
#define CRTC_RTP_SCRIPTED_PEER_H

#include "context.h"
#include "rtcp.h"
#include "rtp_packet.h"
#include "rtp_session.h"
#include "sent_history.h"
#include "srtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MS = 1000, SECOND = 1000000, MEDIA = 0x2000, RTX = 0x2001, VOICE = 0x2100, OURS = 0x1000, OURS_RTX = 0x1001 };

extern rtc_context *context;
extern struct rtp_session *session;
extern struct srtp_transport *peer; /* the other end's keys */
extern struct out out;
extern rtc_time_t now;
extern uint32_t video, audio, video_stream;

struct rtp_section video_section(void);
struct rtp_section audio_section(void);
void give_keys(void);
/* Fixtures: with both sections; begin_call also with keys and a path. */
int begin(void **state);
int begin_call(void **state);
int end(void **state);

/* What the peer sends. */
void give(struct packet *packet);
void say(uint32_t ssrc, uint8_t payload_type, uint16_t sequence, uint32_t timestamp, bool marker, struct slice payload);
struct slice picture(bool key_frame);
/* A video frame of one packet. */
void show(uint16_t sequence, bool key_frame);
void tell(void (*write)(struct writer *));

/* How many events of a type for a section came since the last call. */
unsigned events(int type, uint32_t member);

/* What was sent since the last call: how many packets of each kind, and the last one of each. */
struct sent {
    unsigned media, kinds[RTCP_KINDS];
    enum rtcp_kind first; /* of the last datagram */
    struct rtcp_packet last[RTCP_KINDS];
    uint16_t sequence; /* of the last media packet */
    uint16_t nack, nack_mask;
    uint32_t largest;
    unsigned reports, byes; /* report blocks, and sources that say goodbye */
};
struct sent sent(void);
/* What the peer was told since the last call about arrivals, one number after the other; of transport-wide feedback times are the
 * session's. */
enum { TOLD_MAX = 4096 };
struct arrivals_told {
    struct sent_history_told numbers[TOLD_MAX];
    uint32_t ssrcs[TOLD_MAX]; /* of RFC 8888 */
    size_t count;
    unsigned messages;
    uint8_t last_message;
};
const struct arrivals_told *arrivals_told(void);
void wait_until(rtc_time_t until);

#endif
