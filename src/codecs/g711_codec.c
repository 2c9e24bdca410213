/* SPDX-License-Identifier: MIT */
/* PCMU and PCMA (ITU-T G.711, RFC 3551 section 4.5.14), at 8 kHz and with one channel. What is lost is concealed by
 * audio_concealment.h. */
#include "audio_concealment.h"
#include "codecs.h"
#include "g711.h"

#include "context.h"
#include "memory.h"

enum { RATE = 8000, PACKET_SAMPLES_MAX = 1600 /* 200 ms */ };

/* One of the two laws: constant. */
struct law {
    const char *name;
    uint8_t (*code)(int16_t sample);
    int16_t (*sample)(uint8_t code);
};

static const struct law ulaw = {"PCMU", g711_to_ulaw, g711_from_ulaw};
static const struct law alaw = {"PCMA", g711_to_alaw, g711_from_alaw};

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct encoder {
    rtc_context *context;
    const struct law *law;
};

/* Likewise. */
struct decoder {
    rtc_context *context;
    const struct law *law;
    struct audio_concealment concealment;
    uint32_t next_timestamp; /* where what was last played ends */
    rtc_time_t next_time;
};

/* There is nothing to set: the rate is what it is. */
static int configure(void *user, const rtc_encoder_settings *s)
{
    (void)user;
    return s->channels != 1 || s->sample_rate != RATE ? RTC_ERR_NOT_SUPPORTED : RTC_OK;
}

static int encoder_new(rtc_context *context, const struct law *law, const rtc_encoder_settings *s, void **out)
{
    int error = configure(NULL, s);
    if (error)
        return error;
    context = context_resolve(context);
    struct encoder *e = context ? memory_zeroed(context, sizeof *e) : NULL;
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->context = rtc_context_ref(context);
    e->law = law;
    *out = e;
    return RTC_OK;
}

static int ulaw_encoder_new(rtc_context *context, const rtc_encoder_settings *s, void **out)
{
    return encoder_new(context, &ulaw, s, out);
}

static int alaw_encoder_new(rtc_context *context, const rtc_encoder_settings *s, void **out)
{
    return encoder_new(context, &alaw, s, out);
}

static void encoder_free(void *user)
{
    struct encoder *e = user;
    if (!e)
        return;
    context_free(e->context, e);
}

static int encode(void *user, rtc_audio_frame *frame, rtc_encoded_frame **out)
{
    const struct encoder *e = user;
    uint32_t samples = rtc_audio_frame_samples(frame);
    uint8_t packet[PACKET_SAMPLES_MAX];
    *out = NULL;
    if (rtc_audio_frame_format(frame) != RTC_AUDIO_S16 || rtc_audio_frame_sample_rate(frame) != RATE ||
        rtc_audio_frame_channels(frame) != 1 || samples > PACKET_SAMPLES_MAX)
        return RTC_ERR_NOT_SUPPORTED;
    const int16_t *from = rtc_audio_frame_data(frame);
    for (uint32_t i = 0; i < samples; i++)
        packet[i] = e->law->code(from[i]);
    const rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_AUDIO,
        .codec = e->law->name,
        .data = packet,
        .data_len = samples,
        .keyframe = true,
        .rtp_timestamp = rtc_audio_frame_rtp_timestamp(frame),
        .capture_time_us = rtc_audio_frame_capture_time_us(frame),
        .duration = samples,
    };
    return rtc_encoded_frame_new(e->context, &o, out);
}

static int decoder_new(rtc_context *context, const struct law *law, void **out)
{
    context = context_resolve(context);
    struct decoder *d = context ? memory_zeroed(context, sizeof *d) : NULL;
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->context = rtc_context_ref(context);
    d->law = law;
    audio_concealment_init(&d->concealment, RATE);
    *out = d;
    return RTC_OK;
}

static int ulaw_decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels; /* of one there is always one */
    return decoder_new(context, &ulaw, out);
}

static int alaw_decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    return decoder_new(context, &alaw, out);
}

static void decoder_free(void *user)
{
    struct decoder *d = user;
    if (!d)
        return;
    context_free(d->context, d);
}

static void fill(struct decoder *d, const rtc_encoded_frame *frame, int16_t *samples, uint32_t count)
{
    if (!frame) {
        audio_concealment_invent(&d->concealment, samples, count);
        return;
    }
    const uint8_t *codes = rtc_encoded_frame_data(frame);
    for (uint32_t i = 0; i < count; i++)
        samples[i] = d->law->sample(codes[i]);
    audio_concealment_heard(&d->concealment, samples, count);
}

/* There is no other form of a packet in another one: such a step is concealed, too. */
static int decode(void *user, rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t wanted, rtc_audio_frame **out)
{
    struct decoder *d = user;
    *out = NULL;
    if (!frame && what != RTC_AUDIO_DECODE_CONCEAL)
        return RTC_ERR_TYPE;
    frame = what == RTC_AUDIO_DECODE_FRAME ? frame : NULL;
    size_t samples = frame ? rtc_encoded_frame_len(frame) : wanted < PACKET_SAMPLES_MAX ? wanted : PACKET_SAMPLES_MAX;
    if (samples == 0 || samples > PACKET_SAMPLES_MAX)
        return RTC_ERR_ENCODING;
    if (frame) {
        d->next_timestamp = rtc_encoded_frame_rtp_timestamp(frame);
        d->next_time = rtc_encoded_frame_capture_time_us(frame);
    }
    const rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = RTC_AUDIO_S16,
        .sample_rate = RATE,
        .channels = 1,
        .samples = (uint32_t)samples,
        .capture_time_us = d->next_time,
    };
    int error = rtc_audio_frame_new(d->context, &o, out);
    if (error)
        return error;
    fill(d, frame, rtc_audio_frame_writable_data(*out), (uint32_t)samples);
    rtc_audio_frame_set_rtp_timestamp(*out, d->next_timestamp);
    d->next_timestamp += (uint32_t)samples;
    d->next_time += (rtc_time_t)samples * 1000000 / RATE;
    return RTC_OK;
}

const rtc_codec_ops pcmu_codec = {
    .size = sizeof pcmu_codec,
    .kind = RTC_MEDIA_AUDIO,
    .name = "PCMU",
    .implementation = "libcrtc",
    .power = RTC_CODEC_POWER_EFFICIENT,
    .encoder_new = ulaw_encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_audio = encode,
    .decoder_new = ulaw_decoder_new,
    .decoder_free = decoder_free,
    .decode_audio = decode,
};

const rtc_codec_ops pcma_codec = {
    .size = sizeof pcma_codec,
    .kind = RTC_MEDIA_AUDIO,
    .name = "PCMA",
    .implementation = "libcrtc",
    .power = RTC_CODEC_POWER_EFFICIENT,
    .encoder_new = alaw_encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_audio = encode,
    .decoder_new = alaw_decoder_new,
    .decoder_free = decoder_free,
    .decode_audio = decode,
};
