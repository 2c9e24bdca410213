/* SPDX-License-Identifier: MIT */
/* The frequency and loudness of received audio: tells a right tone from silence, noise or a wrong rate. */
#ifndef EXAMPLES_TONE_H
#define EXAMPLES_TONE_H

#include <crtc/media.h>

/* Measures over stretches of half a second; the latest complete one is what is reported. */
struct tone {
    uint32_t sample_rate;
    uint32_t samples;   /* of the stretch so far */
    uint32_t crossings; /* upward passages through zero, seen with some hysteresis */
    bool above;
    double first, last; /* position in samples of the first and last crossing */
    double energy;
    double frequency_hz; /* 0 while no stretch is complete, or it was silent */
    double level;        /* root mean square, 0 to 1 */
    double loudest;      /* the highest level of any stretch */
    uint64_t total_samples;
};

void tone_push(struct tone *tone, const rtc_audio_frame *frame);

#endif
