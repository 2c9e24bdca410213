/* SPDX-License-Identifier: MIT */
/* H.264 by OpenH264, set for conversation: Constrained Baseline, which every receiver of H.264 reads (RFC 7742 section 6.2), constant bit
 * rate, keyframes only when asked for, each with its parameter sets. Decoded is what OpenH264 can: up to High without fields. The only file
 * that includes it; a build without it has no_h264.c in place of this file. */
#include "codecs.h"
#include "convert.h"
#include "decoded_picture.h"
#include "h264_profile.h"
#include "h264_stream.h"

#include "context.h"
#include "fmtp.h"
#include "memory.h"
#include "writer.h"

#include <string.h>
#include <wels/codec_api.h>

enum { RATE_DEFAULT = 30, RATE_MAX = 60, BITRATE_MIN = 30000, SIDE_MIN = 16, SLICE_BYTES = 1000 /* fits a packet as it is */, QP_MAX = 51 };

/* ---- Encoder ---------------------------------------------------------------------------------------------------------------- */

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct encoder {
    rtc_context *context;
    rtc_encoder_settings settings;
    unsigned packetization_mode;
    uint32_t width, height; /* what `wels` was initialized for; 0: it is not */
    ISVCEncoder *wels;
    bool changed; /* the settings are not in force yet */
    bool wants_keyframe;
    int64_t time_ms; /* of the last picture */
};

static uint32_t frame_rate(const struct encoder *e)
{
    uint32_t rate = e->settings.frames_per_second;
    return rate == 0 ? RATE_DEFAULT : rate > RATE_MAX ? RATE_MAX : rate;
}

static int bitrate(const struct encoder *e)
{
    uint32_t bps = e->settings.bitrate_bps < BITRATE_MIN ? BITRATE_MIN : e->settings.bitrate_bps;
    return bps > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bps;
}

static void fill_layer(const struct encoder *e, SSpatialLayerConfig *layer)
{
    bool small = e->packetization_mode == H264_SINGLE_NAL;
    layer->iVideoWidth = (int)e->width;
    layer->iVideoHeight = (int)e->height;
    layer->fFrameRate = (float)frame_rate(e);
    layer->iSpatialBitrate = bitrate(e);
    layer->iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
    layer->uiProfileIdc = PRO_BASELINE;
    layer->uiLevelIdc = LEVEL_UNKNOWN;
    layer->sSliceArgument.uiSliceMode = small ? SM_SIZELIMITED_SLICE : SM_SINGLE_SLICE;
    layer->sSliceArgument.uiSliceNum = 1;
    layer->sSliceArgument.uiSliceSizeConstraint = small ? SLICE_BYTES : 0;
}

static ECOMPLEXITY_MODE complexity(const struct encoder *e)
{
    return e->settings.speed > 1 ? LOW_COMPLEXITY : MEDIUM_COMPLEXITY;
}

static void fill_parameters(const struct encoder *e, SEncParamExt *p)
{
    p->iUsageType = CAMERA_VIDEO_REAL_TIME;
    p->iPicWidth = (int)e->width;
    p->iPicHeight = (int)e->height;
    p->iTargetBitrate = bitrate(e);
    p->iMaxBitrate = UNSPECIFIED_BIT_RATE;
    p->iRCMode = RC_TIMESTAMP_MODE; /* by when pictures come, not by how often they are said to */
    p->fMaxFrameRate = (float)frame_rate(e);
    p->bEnableFrameSkip = true;
    p->iComplexityMode = complexity(e);
    p->uiIntraPeriod = 0;
    p->uiMaxNalSize = e->packetization_mode == H264_SINGLE_NAL ? SLICE_BYTES + 100 : 0;
    p->eSpsPpsIdStrategy = CONSTANT_ID;
    p->iMultipleThreadIdc = 1;
    p->iMaxQp = QP_MAX;
    p->bEnableSceneChangeDetect = false;
    p->iSpatialLayerNum = 1;
    fill_layer(e, &p->sSpatialLayers[0]);
}

static void close_encoder(struct encoder *e)
{
    if (!e->wels)
        return;
    if (e->width > 0)
        (void)(*e->wels)->Uninitialize(e->wels);
    WelsDestroySVCEncoder(e->wels);
    e->wels = NULL;
    e->width = e->height = 0;
}

static int initialize(struct encoder *e, uint32_t width, uint32_t height)
{
    int quiet = WELS_LOG_QUIET;
    SEncParamExt parameters;
    (void)(*e->wels)->SetOption(e->wels, ENCODER_OPTION_TRACE_LEVEL, &quiet);
    if ((*e->wels)->GetDefaultParams(e->wels, &parameters) != 0)
        return RTC_ERR_OPERATION;
    e->width = width;
    e->height = height;
    fill_parameters(e, &parameters);
    if ((*e->wels)->InitializeExt(e->wels, &parameters) == 0)
        return RTC_OK;
    e->width = e->height = 0;
    return RTC_ERR_ENCODING;
}

static int open_encoder(struct encoder *e, uint32_t width, uint32_t height)
{
    close_encoder(e);
    if (WelsCreateSVCEncoder(&e->wels) != 0 || !e->wels)
        return RTC_ERR_NO_MEMORY;
    int error = initialize(e, width, height);
    if (error)
        close_encoder(e);
    e->changed = false;
    e->wants_keyframe = true;
    return error;
}

static int set_rates(struct encoder *e)
{
    SBitrateInfo target = {.iLayer = SPATIAL_LAYER_ALL, .iBitrate = bitrate(e)};
    float rate = (float)frame_rate(e);
    int care = (int)complexity(e);
    if ((*e->wels)->SetOption(e->wels, ENCODER_OPTION_BITRATE, &target) != 0)
        return RTC_ERR_ENCODING;
    (void)(*e->wels)->SetOption(e->wels, ENCODER_OPTION_FRAME_RATE, &rate);
    (void)(*e->wels)->SetOption(e->wels, ENCODER_OPTION_COMPLEXITY, &care);
    return RTC_OK;
}

static int prepare(struct encoder *e, uint32_t width, uint32_t height)
{
    if (width < SIDE_MIN || height < SIDE_MIN)
        return RTC_ERR_NOT_SUPPORTED;
    if (e->width != width || e->height != height)
        return open_encoder(e, width, height);
    if (!e->changed)
        return RTC_OK;
    e->changed = false;
    return set_rates(e);
}

static int configure(void *user, const rtc_encoder_settings *settings)
{
    struct encoder *e = user;
    e->settings = *settings;
    e->settings.parameters = NULL; /* borrowed for the call */
    e->changed = true;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    const rtc_codec_parameters *agreed = settings->parameters;
    context = context_resolve(context);
    struct encoder *e = context ? memory_zeroed(context, sizeof *e) : NULL;
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->context = rtc_context_ref(context);
    e->packetization_mode = agreed && agreed->fmtp ? h264_packetization_mode(agreed->fmtp) : H264_NON_INTERLEAVED;
    (void)configure(e, settings);
    *out = e;
    return RTC_OK;
}

static void encoder_free(void *user)
{
    struct encoder *e = user;
    if (!e)
        return;
    close_encoder(e);
    rtc_context *context = e->context;
    memory_free(context, e);
    rtc_context_unref(context);
}

/* A view of the frame, without the last line where they are odd: pictures in quarters of colour have none. */
static SSourcePicture view(struct encoder *e, const rtc_video_frame *frame)
{
    SSourcePicture picture = {.iColorFormat = videoFormatI420, .iPicWidth = (int)e->width, .iPicHeight = (int)e->height};
    for (size_t i = 0; i < 3; i++) {
        picture.pData[i] = (unsigned char *)(uintptr_t)rtc_video_frame_plane(frame, i); /* it is only read */
        picture.iStride[i] = (int)rtc_video_frame_stride(frame, i);
    }
    int64_t now = rtc_video_frame_capture_time_us(frame) / 1000;
    e->time_ms = now > e->time_ms ? now : e->time_ms + 1; /* time goes on, whatever the capture times do */
    picture.uiTimeStamp = e->time_ms;
    return picture;
}

static size_t layer_bytes(const SLayerBSInfo *layer)
{
    size_t bytes = 0;
    for (int i = 0; i < layer->iNalCount; i++)
        bytes += (size_t)layer->pNalLengthInByte[i];
    return bytes;
}

static void copy_layers(const SFrameBSInfo *info, rtc_encoded_frame *frame)
{
    uint8_t *to = rtc_encoded_frame_writable_data(frame);
    for (int i = 0; i < info->iLayerNum; i++) {
        size_t bytes = layer_bytes(&info->sLayerInfo[i]);
        memcpy(to, info->sLayerInfo[i].pBsBuf, bytes);
        to += bytes;
    }
}

/* The parameter sets and the picture are layers, one behind the other. */
static int collect(struct encoder *e, const rtc_video_frame *frame, const SFrameBSInfo *info, rtc_encoded_frame **out)
{
    bool keyframe = info->eFrameType == videoFrameTypeIDR;
    size_t len = 0;
    for (int i = 0; i < info->iLayerNum; i++)
        len += layer_bytes(&info->sLayerInfo[i]);
    if (info->eFrameType == videoFrameTypeSkip || info->eFrameType == videoFrameTypeInvalid || len == 0)
        return RTC_OK;
    const rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "H264",
        .data_len = len,
        .keyframe = keyframe,
        .rtp_timestamp = (uint32_t)picture_clock(rtc_video_frame_capture_time_us(frame)),
        .capture_time_us = rtc_video_frame_capture_time_us(frame),
        .width = e->width,
        .height = e->height,
    };
    int error = rtc_encoded_frame_new(e->context, &o, out);
    if (!error)
        copy_layers(info, *out);
    /* A frame that is lost here is missing in the prediction of all that follow. */
    e->wants_keyframe = error ? true : e->wants_keyframe && !keyframe;
    return error;
}

static int encode_upright(struct encoder *e, const rtc_video_frame *frame, rtc_encoded_frame **out)
{
    SFrameBSInfo info = {0};
    int error = prepare(e, rtc_video_frame_width(frame) & ~1u, rtc_video_frame_height(frame) & ~1u);
    if (error)
        return error;
    SSourcePicture picture = view(e, frame);
    if (e->wants_keyframe && (*e->wels)->ForceIntraFrame(e->wels, true) != 0)
        return RTC_ERR_ENCODING;
    int status = (*e->wels)->EncodeFrame(e->wels, &picture, &info);
    return status == cmResultSuccess ? collect(e, frame, &info, out) : RTC_ERR_ENCODING;
}

static int encode(void *user, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    struct encoder *e = user;
    rtc_video_frame *upright;
    *out = NULL;
    e->wants_keyframe |= keyframe;
    int error = convert_upright(e->context, frame, &upright);
    if (error)
        return error;
    error = encode_upright(e, upright, out);
    rtc_video_frame_unref(upright);
    return error;
}

/* ---- Decoder ---------------------------------------------------------------------------------------------------------------- */

enum { SETS_MAX = 192 /* a fmtp has no room for more */ };

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct decoder {
    rtc_context *context;
    ISVCDecoder *wels;
    bool has_reference; /* a keyframe was decoded, and nothing broke since */
    uint8_t *joined;    /* a frame with start codes, where it came with lengths */
    size_t joined_capacity;
};

static void decoder_free(void *user)
{
    struct decoder *d = user;
    if (!d)
        return;
    if (d->wels) {
        (void)(*d->wels)->Uninitialize(d->wels);
        WelsDestroyDecoder(d->wels);
    }
    rtc_context *context = d->context;
    memory_free(context, d->joined);
    memory_free(context, d);
    rtc_context_unref(context);
}

static int decoder_start(struct decoder *d)
{
    int quiet = WELS_LOG_QUIET;
    SDecodingParam parameters = {.uiTargetDqLayer = UINT8_MAX, .eEcActiveIdc = ERROR_CON_DISABLE};
    parameters.sVideoProperty.size = sizeof parameters.sVideoProperty;
    parameters.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
    if (WelsCreateDecoder(&d->wels) != 0 || !d->wels)
        return RTC_ERR_NO_MEMORY;
    (void)(*d->wels)->SetOption(d->wels, DECODER_OPTION_TRACE_LEVEL, &quiet);
    return (*d->wels)->Initialize(d->wels, &parameters) == 0 ? RTC_OK : RTC_ERR_OPERATION;
}

/* Judges the parameter sets before OpenH264 allocates for them: of what it is given, with start codes, by which it looks for units. */
static bool acceptable(const struct decoder *d, struct slice frame)
{
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    bool any = false;
    while (h264_units_next(&units, &unit)) {
        uint16_t width, height;
        any = true;
        if (h264_nal_is_sps(unit) &&
            (!h264_sps_size(unit, &width, &height) || (uint32_t)width * height > context_limits(d->context)->picture_pixels))
            return false;
    }
    return any && frame.len <= INT32_MAX;
}

static int error_of(DECODING_STATE state)
{
    return state == dsErrorFree || state == dsFramePending ? RTC_OK : state & dsOutOfMemory ? RTC_ERR_NO_MEMORY : RTC_ERR_ENCODING;
}

static int feed(struct decoder *d, struct slice frame, uint8_t *planes[3], SBufferInfo *info)
{
    memset(info, 0, sizeof *info);
    return error_of((*d->wels)->DecodeFrameNoDelay(d->wels, frame.data, (int)frame.len, planes, info));
}

/* Parameter sets of the description (RFC 6184 section 8.1, sprop-parameter-sets): base64, with commas between. What is broken is left out:
 * the stream may bring its own. */
static void feed_sets(struct decoder *d, const char *fmtp)
{
    struct slice text = fmtp_value(fmtp, "sprop-parameter-sets");
    uint8_t set[4 + SETS_MAX] = {0, 0, 0, 1};
    uint8_t *planes[3] = {NULL};
    SBufferInfo info;
    while (text.len > 0) {
        const uint8_t *comma = memchr(text.data, ',', text.len);
        size_t used = comma ? (size_t)(comma - text.data) : text.len;
        size_t len = h264_set_read(slice_of(text.data, used), set + 4, SETS_MAX);
        if (len > 0 && acceptable(d, slice_of(set, 4 + len)))
            (void)feed(d, slice_of(set, 4 + len), planes, &info);
        used += comma ? 1 : 0;
        text = slice_of(text.data + used, text.len - used);
    }
}

static int decoder_new(rtc_context *context, const rtc_codec_parameters *agreed, void **out)
{
    context = context_resolve(context);
    struct decoder *d = context ? memory_zeroed(context, sizeof *d) : NULL;
    if (!d)
        return RTC_ERR_NO_MEMORY;
    d->context = rtc_context_ref(context);
    int error = decoder_start(d);
    if (error) {
        decoder_free(d);
        return error;
    }
    if (agreed && agreed->fmtp)
        feed_sets(d, agreed->fmtp);
    *out = d;
    return RTC_OK;
}

/* Start codes in place of lengths. */
static int join(struct decoder *d, struct slice frame, struct slice *out)
{
    struct h264_units units = h264_units_of(frame);
    struct slice unit;
    *out = frame;
    if (units.length_bytes == 0)
        return RTC_OK;
    if (!memory_grow(d->context, (void **)&d->joined, &d->joined_capacity, frame.len, 1))
        return RTC_ERR_NO_MEMORY;
    struct writer w = writer_of(d->joined, d->joined_capacity);
    while (h264_units_next(&units, &unit)) {
        writer_u32(&w, 1);
        writer_bytes(&w, unit);
    }
    *out = slice_of(d->joined, writer_len(&w));
    return RTC_OK;
}

static int take_picture(struct decoder *d, const rtc_encoded_frame *frame, uint8_t *const planes[3], const SSysMEMBuffer *info,
                        rtc_video_frame **out)
{
    const struct decoded_picture picture = {
        .width = (uint32_t)info->iWidth,
        .height = (uint32_t)info->iHeight,
        .planes = {planes[0], planes[1], planes[2]},
        .strides = {(size_t)info->iStride[0], (size_t)info->iStride[1], (size_t)info->iStride[1]},
        .depth = 8,
    };
    return decoded_picture_copy(d->context, frame, &picture, out);
}

static int decode(void *user, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    struct decoder *d = user;
    uint8_t *planes[3] = {NULL};
    uint16_t width, height;
    SBufferInfo info = {0};
    struct slice data = slice_of(rtc_encoded_frame_data(frame), rtc_encoded_frame_len(frame));
    *out = NULL;
    int error = join(d, data, &data);
    if (!error && !(acceptable(d, data) && (d->has_reference || h264_frame_info(data, &width, &height))))
        error = RTC_ERR_ENCODING;
    if (!error)
        error = feed(d, data, planes, &info);
    d->has_reference = !error;
    return error || info.iBufferStatus != 1 || !planes[0] ? error : take_picture(d, frame, planes, &info.UsrData.sSystemBuffer, out);
}

const rtc_codec_ops h264_codec = {
    .size = sizeof h264_codec,
    .kind = RTC_MEDIA_VIDEO,
    .name = "H264",
    .implementation = "OpenH264",
    .power = RTC_CODEC_POWER_HUNGRY,
    .encoder_new = encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_video = encode,
    .decoder_new_with = decoder_new,
    .decoder_free = decoder_free,
    .decode_video = decode,
};
