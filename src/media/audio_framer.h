/* SPDX-License-Identifier: MIT */
/* Cuts pushed sound of any rate, format, channel count and length into the packets that an audio encoder takes: S16 at the encoder's rate,
 * every packet equally long. Resampling is done by the media tools; sound that is at that rate already needs none. */
#ifndef CRTC_AUDIO_FRAMER_H
#define CRTC_AUDIO_FRAMER_H

#include <crtc/media.h>

struct audio_framer;

enum { AUDIO_FRAMER_RATE_MAX = 48000, AUDIO_FRAMER_PACKET_MS = 20 /* unless it is told otherwise */ };

/* `rate`: whole kHz, up to 48000. `channels`: 1 or 2, what comes out; more come down, fewer are repeated. */
int audio_framer_new(rtc_context *context, uint32_t rate, uint32_t channels, uint32_t packet_samples, struct audio_framer **out);
void audio_framer_free(struct audio_framer *framer);
/* How long packets are from the next one on; out of range: as they were. */
void audio_framer_set_packet(struct audio_framer *framer, uint32_t packet_samples);
/* Takes one frame (borrowed). Then audio_framer_pop() until it yields NULL. RTC_ERR_NOT_SUPPORTED: another rate, and no media tools. */
int audio_framer_push(struct audio_framer *framer, rtc_audio_frame *frame);
/* The next packet, a new reference, or *out = NULL. Its RTP timestamp counts samples, and jumps over gaps in the capture times of over 100
 * ms; its capture time is that of its first sample. */
int audio_framer_pop(struct audio_framer *framer, rtc_audio_frame **out);

#endif
