/* SPDX-License-Identifier: MIT */
/* Opus (RFC 6716, RFC 7587) by libopus, always at 48 kHz; the only file that includes it. */
#include "codecs.h"

#include "context.h"
#include "fmtp.h"
#include "memory.h"

#include <opus/opus.h>

enum {
    RATE = 48000,
    COMPLEXITY = 9,            /* of 0 to 10 */
    PACKET_SAMPLES_MAX = 5760, /* 120 ms */
    SHORTEST_SAMPLES = 120,    /* 2.5 ms: what every length is a multiple of */
    PACKET_BYTES_MAX = 4000,   /* as much room as libopus recommends */
    SILENCE_BYTES_MAX = 2,     /* a packet that says no more than how long it is: nobody has to send it (DTX) */
    LOSSY_PERCENT = 5,
    BITRATE_MIN = 6000, /* RFC 6716 section 2.1.1, as the next */
    BITRATE_MAX = 510000
};

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct encoder {
    rtc_context *context;
    uint32_t channels;
    bool dtx;         /* silence is left out, */
    uint32_t paused;  /* so many packets of it in a row */
    uint32_t markers; /* of which these are sent: whoever gets one knows that what follows is not lost */
    OpusEncoder *opus;
};

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct decoder {
    rtc_context *context;
    uint32_t channels;
    OpusDecoder *opus;
    uint32_t next_timestamp; /* where what was last played ends */
    rtc_time_t next_time;
};

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static bool peer_wants(const rtc_encoder_settings *s, const char *name)
{
    return s->parameters && s->parameters->fmtp && slice_is(fmtp_value(s->parameters->fmtp, name), "1");
}

static int configure(void *user, const rtc_encoder_settings *s)
{
    struct encoder *e = user;
    if (s->channels != e->channels || s->sample_rate != RATE)
        return RTC_ERR_NOT_SUPPORTED;
    int status = opus_encoder_ctl(e->opus, OPUS_SET_BITRATE((opus_int32)clamp(s->bitrate_bps, BITRATE_MIN, BITRATE_MAX)));
    if (status == OPUS_OK)
        status = opus_encoder_ctl(e->opus, OPUS_SET_INBAND_FEC(s->inband_fec ? 1 : 0));
    if (status == OPUS_OK)
        status = opus_encoder_ctl(e->opus, OPUS_SET_PACKET_LOSS_PERC((opus_int32)clamp(s->packet_loss_percent, 0, 100)));
    e->dtx = peer_wants(s, "usedtx"); /* RFC 7587 section 6.1: what the peer likes to receive */
    e->markers = s->packet_loss_percent >= LOSSY_PERCENT ? 2 : 1;
    if (status == OPUS_OK)
        status = opus_encoder_ctl(e->opus, OPUS_SET_DTX(e->dtx ? 1 : 0));
    return status == OPUS_OK ? RTC_OK : RTC_ERR_OPERATION;
}

static void encoder_free(void *user)
{
    struct encoder *e = user;
    if (!e)
        return;
    rtc_context *context = e->context;
    memory_free(context, e->opus);
    memory_free(context, e);
    rtc_context_unref(context);
}

static int encoder_start(struct encoder *e, const rtc_encoder_settings *s)
{
    /* One channel is taken for a voice, two for music (RFC 7587 section 3.1 leaves it open). */
    int application = s->channels == 1 ? OPUS_APPLICATION_VOIP : OPUS_APPLICATION_AUDIO;
    e->opus = memory_alloc(e->context, (size_t)opus_encoder_get_size((int)s->channels));
    if (!e->opus)
        return RTC_ERR_NO_MEMORY;
    if (opus_encoder_init(e->opus, RATE, (int)s->channels, application) != OPUS_OK)
        return RTC_ERR_OPERATION;
    (void)opus_encoder_ctl(e->opus, OPUS_SET_COMPLEXITY(COMPLEXITY));
    return configure(e, s);
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *s, void **out)
{
    if (s->channels < 1 || s->channels > 2 || s->sample_rate != RATE)
        return RTC_ERR_NOT_SUPPORTED;
    context = context_resolve(context);
    struct encoder *e = context ? memory_zeroed(context, sizeof *e) : NULL;
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->context = rtc_context_ref(context);
    e->channels = s->channels;
    int error = encoder_start(e, s);
    if (error)
        encoder_free(e);
    else
        *out = e;
    return error;
}

static int encode(void *user, rtc_audio_frame *frame, rtc_encoded_frame **out)
{
    struct encoder *e = user;
    uint8_t packet[PACKET_BYTES_MAX];
    *out = NULL;
    if (rtc_audio_frame_format(frame) != RTC_AUDIO_S16 || rtc_audio_frame_sample_rate(frame) != RATE ||
        rtc_audio_frame_channels(frame) != e->channels)
        return RTC_ERR_NOT_SUPPORTED;
    uint32_t samples = rtc_audio_frame_samples(frame);
    opus_int32 len = opus_encode(e->opus, rtc_audio_frame_data(frame), (int)samples, packet, sizeof packet);
    if (len < 0)
        return len == OPUS_ALLOC_FAIL ? RTC_ERR_NO_MEMORY : RTC_ERR_ENCODING;
    e->paused = e->dtx && len <= SILENCE_BYTES_MAX ? e->paused + 1 : 0;
    if (len == 0 || e->paused > e->markers)
        return RTC_OK;
    const rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_AUDIO,
        .codec = "opus",
        .data = packet,
        .data_len = (size_t)len,
        .keyframe = true,
        .rtp_timestamp = rtc_audio_frame_rtp_timestamp(frame),
        .capture_time_us = rtc_audio_frame_capture_time_us(frame),
        .duration = samples,
    };
    return rtc_encoded_frame_new(e->context, &o, out);
}

static void decoder_free(void *user)
{
    struct decoder *d = user;
    if (!d)
        return;
    rtc_context *context = d->context;
    memory_free(context, d->opus);
    memory_free(context, d);
    rtc_context_unref(context);
}

static int decoder_start(struct decoder *d)
{
    d->opus = memory_alloc(d->context, (size_t)opus_decoder_get_size((int)d->channels));
    if (!d->opus)
        return RTC_ERR_NO_MEMORY;
    return opus_decoder_init(d->opus, RATE, (int)d->channels) == OPUS_OK ? RTC_OK : RTC_ERR_OPERATION;
}

static int decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    if (channels < 1 || channels > 2)
        return RTC_ERR_NOT_SUPPORTED;
    context = context_resolve(context);
    struct decoder *d = context ? memory_zeroed(context, sizeof *d) : NULL;
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->context = rtc_context_ref(context);
    d->channels = channels;
    int error = decoder_start(d);
    if (error)
        decoder_free(d);
    else
        *out = d;
    return error;
}

/* How many samples the step yields; 0 when the packet is broken. */
static uint32_t samples_of(rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t wanted)
{
    if (what != RTC_AUDIO_DECODE_FRAME)
        return clamp(wanted / SHORTEST_SAMPLES * SHORTEST_SAMPLES, SHORTEST_SAMPLES, PACKET_SAMPLES_MAX);
    int n = opus_packet_get_nb_samples(rtc_encoded_frame_data(frame), (opus_int32)rtc_encoded_frame_len(frame), RATE);
    return n <= 0 || n > PACKET_SAMPLES_MAX ? 0 : (uint32_t)n;
}

static void place_in_time(struct decoder *d, rtc_audio_decode what, const rtc_encoded_frame *frame, uint32_t samples)
{
    if (what == RTC_AUDIO_DECODE_CONCEAL)
        return;
    uint32_t before = what == RTC_AUDIO_DECODE_FEC ? samples : 0;
    d->next_timestamp = rtc_encoded_frame_rtp_timestamp(frame) - before;
    d->next_time = rtc_encoded_frame_capture_time_us(frame) - (rtc_time_t)before * 1000000 / RATE;
}

static int decode(void *user, rtc_audio_decode what, rtc_encoded_frame *frame, uint32_t wanted, rtc_audio_frame **out)
{
    struct decoder *d = user;
    *out = NULL;
    if (!frame && what != RTC_AUDIO_DECODE_CONCEAL)
        return RTC_ERR_TYPE;
    uint32_t samples = samples_of(what, frame, wanted);
    if (samples == 0)
        return RTC_ERR_ENCODING;
    place_in_time(d, what, frame, samples);
    const rtc_audio_frame_options o = {
        .size = sizeof o,
        .format = RTC_AUDIO_S16,
        .sample_rate = RATE,
        .channels = d->channels,
        .samples = samples,
        .capture_time_us = d->next_time,
    };
    rtc_audio_frame *sound;
    int error = rtc_audio_frame_new(d->context, &o, &sound);
    if (error)
        return error;
    bool conceal = what == RTC_AUDIO_DECODE_CONCEAL;
    int n = opus_decode(d->opus, conceal ? NULL : rtc_encoded_frame_data(frame), conceal ? 0 : (opus_int32)rtc_encoded_frame_len(frame),
                        rtc_audio_frame_writable_data(sound), (int)samples, what == RTC_AUDIO_DECODE_FEC);
    if (n != (int)samples) {
        rtc_audio_frame_unref(sound);
        return n == OPUS_ALLOC_FAIL ? RTC_ERR_NO_MEMORY : RTC_ERR_ENCODING;
    }
    rtc_audio_frame_set_rtp_timestamp(sound, d->next_timestamp);
    d->next_timestamp += samples;
    d->next_time += (rtc_time_t)samples * 1000000 / RATE;
    *out = sound;
    return RTC_OK;
}

const rtc_codec_ops opus_codec = {
    .size = sizeof opus_codec,
    .kind = RTC_MEDIA_AUDIO,
    .name = "opus",
    .implementation = "libopus",
    .power = RTC_CODEC_POWER_HUNGRY,
    .encoder_new = encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_audio = encode,
    .decoder_new = decoder_new,
    .decoder_free = decoder_free,
    .decode_audio = decode,
};
