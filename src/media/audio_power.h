/* SPDX-License-Identifier: MIT */
/* How loud a stretch of sound is: the measure that audioLevel and totalAudioEnergy of webrtc-stats are made of. */
#ifndef CRTC_AUDIO_POWER_H
#define CRTC_AUDIO_POWER_H

#include <crtc/media.h>

/* The mean square of its samples, of which 1 is the loudest there is; 0 without any. */
double audio_power(const rtc_audio_frame *frame);

/* The same of a level in -dBov (RFC 6464), 0 to 127, which is silence. */
double audio_level_power(uint8_t level);

/* What has been heard (webrtc-stats, RTCAudioSourceStats). A value of who counts. */
struct audio_meter {
    double level;    /* of the latest stretch: the root of its power */
    double energy;   /* power times seconds, summed up */
    double duration; /* seconds */
};

/* One more stretch. What its samples are is not looked at when its power is known already. */
void audio_meter_add(struct audio_meter *meter, double power, uint32_t samples, uint32_t sample_rate);

#endif
