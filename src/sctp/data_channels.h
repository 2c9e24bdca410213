/* SPDX-License-Identifier: MIT */
/* Data channels (RFC 8831) and their establishment (DCEP, RFC 8832) on one SCTP association (assoc.h): ids, parity, opening and closing
 * handshakes, message reassembly, buffered amounts. A pure state machine. Packets for DTLS leave through out->tx without a path.
 *
 *   CONNECTING --association up, id known; OPEN sent--> OPEN --close or peer's reset--> CLOSING --both streams reset--> CLOSED
 *
 * OPEN may be sent before, with the packet that makes the peer's association up; a channel that is closed then goes by CLOSING, too.
 */
#ifndef CRTC_DATA_CHANNELS_H
#define CRTC_DATA_CHANNELS_H

#include "sctp_types.h"

struct data_channels;
struct snap;

int data_channels_new(rtc_context *context, const struct data_channels_options *options, struct data_channels **out);
void data_channels_free(struct data_channels *channels);
/* DTLS below begins anew, and the channels go on: the peer may begin the association again, as Chromium does. Messages wait until it has,
 * or is known to go on. What was on its way when it did is lost: reliable channels with such messages fail. */
void data_channels_expect_restart(struct data_channels *channels);
/* Such a beginning is agreed on soon: the peer may abort the association before. Channels then wait for another one. */
void data_channels_set_survives(struct data_channels *channels, bool survives);
/* They wait, since the peer aborted it. */
bool data_channels_are_adrift(const struct data_channels *channels);
/* DTLS below is up again. */
void data_channels_go_on(struct data_channels *channels, rtc_time_t now, struct out *out);
/* `wake` is called, on another loop's thread, when a tick of that loop's made packets for this association (the engine's timers are the
 * process's): data_channels_tick is then due. It must not call back in. NULL: none. */
void data_channels_set_wake(struct data_channels *channels, void (*wake)(void *user), void *user);
/* The peer's port, from its SDP, before the start. */
void data_channels_set_remote_port(struct data_channels *channels, uint16_t port);
/* The largest message that it takes, from there too, when that changes later on; 0: any. */
void data_channels_set_remote_max(struct data_channels *channels, uint64_t bytes);
/* What that leaves of the largest message that a channel of this context can send. */
uint64_t data_channels_limit(rtc_context *context, uint64_t remote_max_message_bytes);
/* The DTLS role is agreed on: channels without an id get theirs, in the order in which they were made, and later ones at once. Memory for
 * that, and for refusing what the peer opens, is asked for before (RTC_ERR_NO_MEMORY); one that finds no id keeps none (data_channel_info),
 * and fails when the association is up if it is not closed before. Another role, when DTLS begins anew, is that of later channels. */
int data_channels_reserve_ids(struct data_channels *channels);
void data_channels_set_role(struct data_channels *channels, bool dtls_client);
/* An association of these channels that needs no handshake, once the peer's INIT chunk is known too (snap.h), with a peer whose port is
 * SCTP_DEFAULT_PORT. RTC_ERR_NOT_SUPPORTED: the engine can not. */
int data_channels_prepare(const struct data_channels *channels, rtc_time_t now, struct snap **out);
/* Before the start: both sides have agreed on it. Takes it; NULL: on none. */
void data_channels_set_snap(struct data_channels *channels, struct snap *snap);
/* DTLS is up: starts the association. Our stream ids are even when we are the DTLS client (RFC 8832 6). `remote_max_message_bytes` from the
 * peer's SDP: 0 means any size. The round trip ICE measured (0: unknown) sets the first RTO. */
int data_channels_start(struct data_channels *channels, rtc_time_t now, bool dtls_client, uint64_t remote_max_message_bytes,
                        rtc_time_t rtt_us, struct out *out);
/* So much more may be told by CHANNEL_EVENT_MESSAGE and CHANNEL_EVENT_NEW, with what they cost: memory and events. Without room nothing
 * more is taken from the association, whose receive window closes; the deadline asks for a tick as soon as there is room again. At first
 * there is no limit. */
void data_channels_set_room(struct data_channels *channels, uint64_t bytes, uint32_t events);
/* A decrypted SCTP packet. */
void data_channels_input(struct data_channels *channels, rtc_time_t now, struct slice packet, struct out *out);
void data_channels_tick(struct data_channels *channels, rtc_time_t now, struct out *out);
rtc_time_t data_channels_deadline(const struct data_channels *channels, enum timer_reason *why);
/* What is left for an SCTP packet changed (a pair that is relayed has less). */
void data_channels_set_mtu(struct data_channels *channels, uint16_t mtu);
/* Closes every channel (their CLOSED events follow) and the association, with an ABORT or SHUTDOWN to the peer. */
void data_channels_close(struct data_channels *channels, rtc_time_t now, struct out *out);
/* The same, when what carries it has failed: the channels are told an error first. */
void data_channels_lose(struct data_channels *channels, rtc_time_t now, struct out *out);

/* Sending is done at once, but a burst of small messages waits until it fills a packet or until the next tick, for which the deadline asks
 * at once: ask for the deadline after every call. */

/* Makes a channel, before or after the association is up. *handle is its handle, never reused, never 0. RTC_ERR_RANGE: id beyond
 * the streams of an association that is up; RTC_ERR_OPERATION: the id is taken or none is left; RTC_ERR_TYPE: contradictory options. */
int data_channels_open(struct data_channels *channels, rtc_time_t now, const struct data_channel_options *options, uint32_t *handle,
                       struct out *out);
/* RTC_ERR_INVALID_STATE unless OPEN; RTC_ERR_TYPE when larger than the peer takes; RTC_ERR_QUOTA_EXCEEDED when the send queue is full
 * (nothing is queued). An accepted message is never lost while the association lives, unless its channel is unreliable. */
int data_channels_send(struct data_channels *channels, rtc_time_t now, uint32_t handle, bool text, struct slice message, struct out *out);
/* Starts the closing handshake after what is queued; harmless when closing. */
void data_channels_close_one(struct data_channels *channels, rtc_time_t now, uint32_t handle, struct out *out);
void data_channels_set_buffered_low(struct data_channels *channels, uint32_t handle, uint64_t bytes);
/* False when there is no such channel (a CLOSED one is forgotten when data_channels_forget is called). */
bool data_channels_info(const struct data_channels *channels, uint32_t handle, struct data_channel_info *out);
/* What the parent keeps with a channel; NULL at first, and when there is no such channel. */
void data_channels_set_user(struct data_channels *channels, uint32_t handle, void *user);
void *data_channels_user(const struct data_channels *channels, uint32_t handle);
void data_channels_forget(struct data_channels *channels, uint32_t handle);

/* The highest priority of an open channel; 0 when none is open. */
uint16_t data_channels_priority(const struct data_channels *channels);
enum sctp_state data_channels_state(const struct data_channels *channels);
uint16_t data_channels_max(const struct data_channels *channels);         /* min of both sides' streams once CONNECTED, else our option */
uint64_t data_channels_max_message(const struct data_channels *channels); /* largest message that may be sent; 0 before start */
const struct sctp_counters *data_channels_counters(const struct data_channels *channels);

#endif
