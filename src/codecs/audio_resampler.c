/* SPDX-License-Identifier: MIT */
/* From one sampling rate to another, by speexdsp; the only file that includes it. */
#include "audio_resampler.h"

#include "context.h"
#include "memory.h"

#include <speex/speex_resampler.h>

/* Speech and music at a fraction of the encoder's cost. */
enum { QUALITY = 5 };

/* Owner: whoever made it; used by one thread at a time. */
struct audio_resampler {
    rtc_context *context;
    SpeexResamplerState *state;
};

int audio_resampler_new(rtc_context *context, uint32_t channels, uint32_t rate_in, uint32_t rate_out, struct audio_resampler **out)
{
    int status = 0;
    context = context_resolve(context);
    struct audio_resampler *r = context ? memory_zeroed(context, sizeof *r) : NULL;
    if (!r)
        return RTC_ERR_NO_MEMORY;
    r->state = speex_resampler_init(channels, rate_in, rate_out, QUALITY, &status);
    if (!r->state) {
        memory_free(context, r);
        return status == RESAMPLER_ERR_ALLOC_FAILED ? RTC_ERR_NO_MEMORY : RTC_ERR_NOT_SUPPORTED;
    }
    (void)speex_resampler_skip_zeros(r->state);
    r->context = rtc_context_ref(context);
    *out = r;
    return RTC_OK;
}

void audio_resampler_free(struct audio_resampler *r)
{
    if (!r)
        return;
    speex_resampler_destroy(r->state);
    context_free(r->context, r);
}

int audio_resampler_process(struct audio_resampler *r, const int16_t *in, uint32_t *in_samples, int16_t *out, uint32_t *out_samples)
{
    spx_uint32_t given = *in_samples, room = *out_samples;
    if (speex_resampler_process_interleaved_int(r->state, in, &given, out, &room) != RESAMPLER_ERR_SUCCESS)
        return RTC_ERR_OPERATION;
    *in_samples = given;
    *out_samples = room;
    return RTC_OK;
}
