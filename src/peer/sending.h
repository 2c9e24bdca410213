/* SPDX-License-Identifier: MIT */
/* What a sender sends: its track, its streams, and the pipeline that there is while it may. */
#ifndef CRTC_SENDING_H
#define CRTC_SENDING_H

#include "transceiver.h"

/* Gives the sender this track (may be NULL). */
void sending_set_track(rtc_rtp_transceiver *t, rtc_media_stream_track *track);
int sending_set_streams(rtc_rtp_sender *sender, rtc_media_stream *const *streams, size_t count);
/* Begins or ends encoding, as direction, codec and track say. Without memory for a pipeline, which was not prepared, the connection gives
 * up. */
void sending_update(rtc_rtp_transceiver *t);
/* Before anything changes: what is encoded already leaves by what was agreed on before. */
void sending_flush(rtc_rtp_transceiver *t);
/* To be called between changing these and telling the RTP session: ends encoding where nothing is to be sent any more. */
void sending_finish(rtc_rtp_transceiver *t);
/* Makes ready what that takes where the direction becomes this one: then it can not fail for want of memory. Harmless when repeated.
 * RTC_ERR_NO_MEMORY. */
int sending_prepare(rtc_rtp_transceiver *t, rtc_rtp_direction direction);
/* Gives back what was prepared and not used. */
void sending_forget_prepared(rtc_rtp_transceiver *t);
/* Ends encoding, without memory. */
void sending_stop(rtc_rtp_transceiver *t);
/* What is sent changed, or its priority: the transport is to be told its mark again. */
void sending_mark_again(const rtc_rtp_transceiver *t);

#endif
