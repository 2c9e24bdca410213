/* SPDX-License-Identifier: MIT */
/* Sound in place of what was lost, for codecs that have no way of their own: the last period of the voice goes on, quieter and quieter, as
 * in appendix I of ITU-T G.711. One channel of S16. */
#ifndef CRTC_AUDIO_CONCEALMENT_H
#define CRTC_AUDIO_CONCEALMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONCEALMENT_RATE_MAX = 16000, CONCEALMENT_HISTORY = CONCEALMENT_RATE_MAX * 45 / 1000 };

/* Owner: a decoder, on whose thread all is called. Written by audio_concealment.c. */
struct audio_concealment {
    uint32_t rate;
    int16_t history[CONCEALMENT_HISTORY]; /* the last 45 ms that were played, oldest first */
    size_t period;                        /* of what goes on, in samples; 0: nothing is being concealed */
    size_t at;                            /* within the period */
    uint32_t invented;                    /* samples since the loss */
};

void audio_concealment_init(struct audio_concealment *c, uint32_t rate);
/* What was decoded: after a loss its beginning is faded in from what was invented. */
void audio_concealment_heard(struct audio_concealment *c, int16_t *samples, size_t count);
void audio_concealment_invent(struct audio_concealment *c, int16_t *samples, size_t count);

#endif
