/* SPDX-License-Identifier: MIT */
/* RTCDTMFSender (webrtc-pc 7): the tones of a telephone's keys, sent beside sound as telephone events (RFC 4733). What the peer sends of them is told by on_tone of
 * rtc_peer_connection_callbacks. */
#ifndef CRTC_DTMF_H
#define CRTC_DTMF_H

#include <crtc/rtp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RTCDTMFSender: what plays tones in place of a sender's sound.
 *
 * Owner: a part of its sender, whose references it shares: who holds one of it holds the sender and its transceiver.
 * Thread: its connection's; references are taken and dropped on any.
 * Valid: as its sender. Once that is stopped, or its connection closed, nothing is played any more.
 * Errors: of rtc_dtmf_sender_insert alone, with words in rtc_peer_connection_last_error.
 * Section: webrtc-pc 7.2. */
typedef struct rtc_dtmf_sender rtc_dtmf_sender;

/* What insertDTMF takes where nothing is said, in milliseconds. */
enum {
    RTC_DTMF_DURATION_MS = 100, /* of a tone */
    RTC_DTMF_GAP_MS = 70        /* behind it */
};

/* What it tells. Every member but size may be NULL. */
typedef struct rtc_dtmf_sender_callbacks {
    size_t size;
    /* tonechange: this tone begins to play (one character; "," is a pause of 2 seconds), or "" after the last one's gap. The tone is not in the buffer any more. */
    void (*on_tone_change)(void *user, rtc_dtmf_sender *dtmf, const char *tone);
} rtc_dtmf_sender_callbacks;

/* sender.dtmf: NULL of a sender of video. Borrowed while a reference to the sender is held. */
RTC_EXPORT rtc_dtmf_sender *rtc_rtp_sender_dtmf(rtc_rtp_sender *sender);
/* Takes or drops a reference to its transceiver. Any thread; NULL is legal. */
RTC_EXPORT rtc_dtmf_sender *rtc_dtmf_sender_ref(rtc_dtmf_sender *dtmf);
RTC_EXPORT void rtc_dtmf_sender_unref(rtc_dtmf_sender *dtmf);
/* Who is told from now on; `callbacks` is copied, NULL: nobody.
 * Errors: RTC_ERR_TYPE (dtmf is NULL, a size that is not set), RTC_ERR_NOT_SUPPORTED (a callback that this version does not know). */
RTC_EXPORT int rtc_dtmf_sender_set_callbacks(rtc_dtmf_sender *dtmf, const rtc_dtmf_sender_callbacks *callbacks, void *user);
/* insertDTMF: `tones` (0 to 9, A to D in either case, # * and the comma) take the place of those that still wait; "" plays none of them. The tone that plays is finished first.
 * Each is played for `duration_ms`, taken as 40 to 6000, with `gap_ms` behind it, taken as 30 to 6000.
 * Errors: RTC_ERR_TYPE (dtmf or tones is NULL), RTC_ERR_INVALID_STATE (rtc_dtmf_sender_can_insert() is false), RTC_ERR_INVALID_CHARACTER (another character),
 * RTC_ERR_NO_MEMORY. */
RTC_EXPORT int rtc_dtmf_sender_insert(rtc_dtmf_sender *dtmf, const char *tones, uint32_t duration_ms, uint32_t gap_ms);
/* canInsertDTMF: the connection is connected, the sender has a track and an active encoding and sends, and the peer takes telephone events. */
RTC_EXPORT bool rtc_dtmf_sender_can_insert(const rtc_dtmf_sender *dtmf);
/* toneBuffer: what is still to be played, without the tone that plays. Borrowed until the next call on its connection. */
RTC_EXPORT const char *rtc_dtmf_sender_tone_buffer(const rtc_dtmf_sender *dtmf);

#ifdef __cplusplus
}
#endif
#endif
