/* SPDX-License-Identifier: MIT */
/* The RTP session of one transport (RFC 3550, RFC 8834): everything between a protected packet and an encoded frame - SRTP,
 * demultiplexing (RFC 8843 9.2), per-stream senders and receivers, RTCP, loss repair, playout times, the sending rate. A pure state
 * machine.
 *
 * A section is one m= section, known by its mid; what the session has for it is its member, known by a handle. It sends any number of
 * streams, which rids tell apart (RFC 8852, RFC 8853); one without simulcast. A stream that is sent has its RTX stream with it. It receives
 * as many: a packet says whose it is by the RtpStreamId extension, or RepairedRtpStreamId for RTX; of any number of SSRCs of one stream the
 * latest plays.
 */
#ifndef CRTC_RTP_SESSION_H
#define CRTC_RTP_SESSION_H

#include "forward_stream.h"
#include "rtp_event.h"
#include "rtp_section.h"
#include "rtp_stats.h"

struct rtp_session;
struct congestion_controller;

struct rtp_session_options {
    const char *cname;                              /* copied */
    uint32_t max_packet_bytes;                      /* largest datagram; 0: PACKET_MTU */
    uint32_t max_bitrate_bps;                       /* for all video that is sent; 0: 1.5 Mbit/s */
    uint32_t start_bitrate_bps;                     /* of all video, to begin with; 0: 300 kbit/s */
    bool disable_nack;                              /* tests: no loss repair as receiver */
    const struct congestion_controller *controller; /* of peers that give feedback of each packet; NULL: by reports alone */
};

int rtp_session_new(rtc_context *context, const struct rtp_session_options *options, struct rtp_session **out);
void rtp_session_free(struct rtp_session *session);
/* DTLS is up. `local` and `remote` are master key followed by master salt, of profile's lengths. */
int rtp_session_set_keys(struct rtp_session *session, uint16_t profile, struct slice local, struct slice remote);
/* The association that gave the keys is replaced: nothing comes or goes before there are others, also when the session was closed. */
void rtp_session_forget_keys(struct rtp_session *session);
/* Has the memory ready that setting this section will need, so that rtp_session_set_section can not fail for want of it; changes nothing
 * that anybody notices. */
int rtp_session_reserve_section(struct rtp_session *session, const struct rtp_section *section);
/* The same for the SSRCs that all the sections that will be set say of the peer, media and RTX. */
int rtp_session_reserve_sources(struct rtp_session *session, size_t ssrcs);
/* Gives back what was reserved and not set. */
void rtp_session_forget_reserved(struct rtp_session *session);
/* Adds a member for the section, or changes the one with the same mid. *member is never 0. SSRCs of ours stay as they were first given to a
 * rid; the stream of a rid that is no longer named keeps its numbers and sends nothing. */
int rtp_session_set_section(struct rtp_session *session, rtc_time_t now, const struct rtp_section *section, uint32_t *member,
                            struct out *out);
/* The stream that the member sends with this rid: its handle, which no member and no other stream has; 0 while it may not send yet. */
uint32_t rtp_session_send_stream(const struct rtp_session *session, uint32_t member, const char *rid);
/* The stream that the member receives with this rid, "" for one without: its handle, which nothing else has; 0 when none was set. */
uint32_t rtp_session_receive_stream(const struct rtp_session *session, uint32_t member, const char *rid);
/* Media comes for this stream: RTP_EVENT_UNMUTE was told of it last. */
bool rtp_session_hears(const struct rtp_session *session, uint32_t stream);
/* It sends nothing from now on, with BYE for what we sent, and drops what still comes for it, until its section is set again. */
void rtp_session_quiet_member(struct rtp_session *session, rtc_time_t now, uint32_t member, struct out *out);
/* Stops it: BYE for what we sent. */
void rtp_session_remove_member(struct rtp_session *session, rtc_time_t now, uint32_t member, struct out *out);
/* The datagrams of this size fit the current pair. */
void rtp_session_set_max_packet(struct rtp_session *session, uint32_t max_packet_bytes);
void rtp_session_set_max_bitrate(struct rtp_session *session, uint32_t max_bitrate_bps);
/* What the peer wants to get of all sections together at most; 0: no limit. */
void rtp_session_set_peer_bitrate(struct rtp_session *session, rtc_time_t now, uint32_t max_bitrate_bps, struct out *out);
/* The cap of one stream that is sent; 0: none beyond the session's. */
void rtp_session_set_stream_bitrate(struct rtp_session *session, rtc_time_t now, uint32_t stream, uint32_t max_bitrate_bps,
                                    struct out *out);
/* How much of the rate the stream's section gets beside others (rtp_allocation.h); from the next change of rates on. */
void rtp_session_set_stream_weight(struct rtp_session *session, uint32_t stream, uint32_t weight);
/* What the sides of its pictures are divided by, as in rtp_encoding; likewise. */
void rtp_session_set_stream_scale(struct rtp_session *session, uint32_t stream, double scale);
/* Whether packets of its sound may last longer where the rate is low (webrtc-extensions 4.2, adaptivePtime). */
void rtp_session_set_stream_adaptive_ptime(struct rtp_session *session, uint32_t stream, bool adaptive);
/* What one stream that is sent is written with, of those that the peer takes, in place of its section's codec: until that section is set
 * again. What waits to leave stays as it is. */
void rtp_session_set_stream_codec(struct rtp_session *session, uint32_t stream, const struct rtp_codec *codec);
void rtp_session_set_member_dscp(struct rtp_session *session, uint32_t member, uint8_t dscp);
/* When what the member receives is played (webrtc-pc 5.3, jitterBufferTarget), and what the peer is asked for of what it sends. */
void rtp_session_set_member_playout(struct rtp_session *session, uint32_t member, const struct rtp_playout *playout);
/* Whether packets that come for the member are told of as they are (RTP_EVENT_FORWARD), beside being played. */
void rtp_session_set_member_forwards(struct rtp_session *session, uint32_t member, bool forwards);
/* The headers of IP, UDP and relays that each packet has on the path; by default those of UDP over IPv4. */
void rtp_session_set_packet_overhead(struct rtp_session *session, uint32_t bytes);
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
int rtp_session_send_frame(struct rtp_session *session, rtc_time_t now, uint32_t stream, rtc_encoded_frame *frame, uint8_t audio_level,
                           struct out *out);
/* The stream sends on what another session received, from now on: what of its own waits is dropped. Where it goes on; false without such a
 * stream. */
bool rtp_session_begin_forward(struct rtp_session *session, rtc_time_t now, uint32_t stream, struct forward_start *start);
/* Whether the stream may send now: it was negotiated so, no breaker is open, there are keys and a path. */
bool rtp_session_sends(const struct rtp_session *session, uint32_t stream);
/* Sends a packet on, as forward_stream_packet() said. Errors: RTC_ERR_INVALID_STATE (the stream does not send, or keys are missing),
 * RTC_ERR_NOT_FOUND (there is no such stream), and those of rtp_send_stream_forward(). */
int rtp_session_forward(struct rtp_session *session, rtc_time_t now, uint32_t stream, const struct forward_packet *packet,
                        const struct forward_leaving *leaving, struct out *out);
/* Plays a tone of DTMF (event 0 to 15, RFC 4733) in place of what the stream sends. RTC_ERR_INVALID_STATE when it does not send,
 * RTC_ERR_NOT_SUPPORTED when no telephone events were negotiated, RTC_ERR_NOT_FOUND without such a stream. */
int rtp_session_send_tone(struct rtp_session *session, rtc_time_t now, uint32_t stream, uint8_t event, rtc_time_t duration_us);
/* Who sends this stream is asked for no more than this (REMB), 0: for as much as it likes. REMB speaks of all video that is received:
 * it is said only while every stream that plays has a limit. */
void rtp_session_set_receive_limit(struct rtp_session *session, rtc_time_t now, uint32_t stream, uint32_t bitrate_bps);
/* Media of it that come are told as after silence (RTP_EVENT_UNMUTE). */
void rtp_session_hear_anew(struct rtp_session *session, uint32_t stream);
/* How long the video that waits for its turn takes to leave: an encoder that is ahead leaves pictures out. */
rtc_time_t rtp_session_backlog(const struct rtp_session *session);
/* An association's packets leave by the same path. Whether one of so many bytes, as it is in a datagram, may leave now, which it then does;
 * else the deadline says when to ask again. */
bool rtp_session_takes_data(struct rtp_session *session, rtc_time_t now, uint32_t bytes);
/* How many bytes of them may wait: what is more is to be dropped. */
uint32_t rtp_session_data_room(const struct rtp_session *session, rtc_time_t now);
/* Nothing of them waits any more. */
void rtp_session_no_data_waits(struct rtp_session *session);
/* How much of the rate they get beside media (rtp_allocation.h). */
void rtp_session_set_data_weight(struct rtp_session *session, uint32_t weight);
/* The decoder can not go on: a PLI follows (rate-limited). */
void rtp_session_request_keyframe(struct rtp_session *session, rtc_time_t now, uint32_t stream, struct out *out);
/* BYE for everything; nothing is sent afterwards. */
void rtp_session_close(struct rtp_session *session, rtc_time_t now, struct out *out);

bool rtp_session_outbound_stats(const struct rtp_session *session, uint32_t stream, rtc_time_t now, struct rtp_outbound_stats *out);
bool rtp_session_inbound_stats(const struct rtp_session *session, uint32_t stream, rtc_time_t now, struct rtp_inbound_stats *out);
/* What the stream is written with now, and what one that came was negotiated as; NULL: nothing. Borrowed until a section is set. */
const struct rtp_codec *rtp_session_sent_codec(const struct rtp_session *session, uint32_t stream);
const struct rtp_codec *rtp_session_received_codec(const struct rtp_session *session, uint32_t stream, uint8_t payload_type);
/* What the path is thought to take of all video together, in bits per second; 0: nobody knows, for none is sent. */
uint32_t rtp_session_sending_rate(const struct rtp_session *session);
/* Whether that is by the peer's feedback of each packet, or by its reports. */
bool rtp_session_has_feedback(const struct rtp_session *session);
/* What data have of it beside media, in bits per second; 0: they are not limited. */
uint32_t rtp_session_data_rate(const struct rtp_session *session, rtc_time_t now);
/* What the path from the peer is thought to take, where that is estimated here; 0: it is not. */
uint32_t rtp_session_receiving_rate(const struct rtp_session *session);
/* How many reports by RFC 8888 there were either way. */
void rtp_session_ccfb_messages(const struct rtp_session *session, uint64_t *sent, uint64_t *received);
const struct rtp_counters *rtp_session_counters(const struct rtp_session *session);

#endif
