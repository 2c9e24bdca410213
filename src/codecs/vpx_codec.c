/* SPDX-License-Identifier: MIT */
/* VP8 (RFC 6386) and VP9 (profile 0; received also profile 2, shown with 8 bits) by libvpx, set for conversation: one pass, no look-ahead,
 * constant bit rate, keyframes only when asked for. The only file that includes libvpx. */
#include "codecs.h"
#include "convert.h"
#include "decoded_picture.h"
#include "temporal_pattern.h"
#include "vp9_stream.h"

#include "context.h"
#include "memory.h"

#include <unistd.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

enum {
    CLOCK = 90000,
    KEYFRAME_HEADER = 10,
    SPEED_MAX = 4,
    VP9_SPEED = 7,
    VP9_SPEED_MAX = 9,
    RATE_DEFAULT = 30,
    RATE_MAX = 120,
    BITRATE_MIN_KBPS = 20
};

/* ---- Encoder ---------------------------------------------------------------------------------------------------------------- */

struct encoder;

/* One of the two codecs: constant. */
struct coding {
    const char *name;
    vpx_codec_iface_t *(*encoder)(void);
    vpx_codec_err_t (*set_controls)(struct encoder *e);
    vpx_codec_err_t (*set_speed)(struct encoder *e);
    vpx_codec_err_t (*set_layer)(struct encoder *e, uint8_t layer);
};

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct encoder {
    rtc_context *context;
    const struct coding *coding;
    rtc_encoder_settings settings;
    uint32_t width, height; /* what `vpx` was opened for; 0: it is not open */
    vpx_codec_ctx_t vpx;
    vpx_codec_enc_cfg_t config;
    bool changed; /* the settings are not in force yet */
    bool wants_keyframe;
    struct temporal_pattern pattern;
    int64_t time; /* of the last picture as the rate control sees it, at CLOCK */
};

static int error_of(vpx_codec_err_t status)
{
    switch (status) {
    case VPX_CODEC_OK:
        return RTC_OK;
    case VPX_CODEC_MEM_ERROR:
        return RTC_ERR_NO_MEMORY;
    case VPX_CODEC_INVALID_PARAM:
        return RTC_ERR_RANGE;
    default:
        return RTC_ERR_ENCODING;
    }
}

static uint32_t frame_rate(const struct encoder *e)
{
    uint32_t rate = e->settings.frames_per_second;
    return rate == 0 ? RATE_DEFAULT : rate > RATE_MAX ? RATE_MAX : rate;
}

/* Threads share the rows of blocks: small pictures have too few of them for several. */
static uint32_t threads_for(uint32_t pixels)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = pixels > 1280 * 720 ? 4 : pixels > 640 * 480 ? 2 : 1;
    return cores < 1 ? 1 : wanted > (uint32_t)cores ? (uint32_t)cores : wanted;
}

/* The larger the picture, the less can be spent on each block, and less still when time is short; negative means as fast as that, whatever
 * the time it takes, down to -16. */
static int speed_of(const struct encoder *e)
{
    uint32_t speed = e->settings.speed > SPEED_MAX ? SPEED_MAX : e->settings.speed;
    return (e->width * e->height > 640 * 480 ? -8 : -6) - 2 * (int)speed;
}

static void set_rates(struct encoder *e)
{
    uint32_t kbps = e->settings.bitrate_bps / 1000;
    e->config.rc_target_bitrate = kbps < BITRATE_MIN_KBPS ? BITRATE_MIN_KBPS : kbps;
    for (uint32_t i = 0; e->pattern.layers > 1 && i < e->pattern.layers; i++)
        e->config.ts_target_bitrate[i] = e->config.layer_target_bitrate[i] =
            e->config.rc_target_bitrate * temporal_pattern_share(e->pattern.layers, i) / 100;
}

/* Layers that may be missing take that no picture needs what was learnt from one of an upper layer: resilience, as libvpx calls it. */
static void fill_layers(struct encoder *e)
{
    vpx_codec_enc_cfg_t *c = &e->config;
    uint32_t layers = e->pattern.layers;
    c->ts_number_layers = layers;
    if (layers < 2)
        return;
    c->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
    c->temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_BYPASS;
    c->ts_periodicity = temporal_pattern_period(layers);
    for (uint32_t i = 0; i < c->ts_periodicity; i++)
        c->ts_layer_id[i] = temporal_pattern_layer(layers, i);
    for (uint32_t i = 0; i < layers; i++)
        c->ts_rate_decimator[i] = 1u << (layers - 1 - i);
}

/* Buffers are in milliseconds of the bit rate. */
static void fill_config(struct encoder *e)
{
    vpx_codec_enc_cfg_t *c = &e->config;
    c->g_w = e->width;
    c->g_h = e->height;
    c->g_threads = threads_for(e->width * e->height);
    c->g_timebase.num = 1;
    c->g_timebase.den = CLOCK;
    c->g_error_resilient = 0;
    c->g_lag_in_frames = 0;
    c->g_pass = VPX_RC_ONE_PASS;
    c->rc_end_usage = VPX_CBR;
    c->rc_dropframe_thresh = 30;
    c->rc_resize_allowed = 0;
    c->rc_min_quantizer = 2;
    c->rc_max_quantizer = 56;
    c->rc_undershoot_pct = 100;
    c->rc_overshoot_pct = 15;
    c->rc_buf_initial_sz = 500;
    c->rc_buf_optimal_sz = 600;
    c->rc_buf_sz = 1000;
    c->kf_mode = VPX_KF_DISABLED;
    fill_layers(e);
    set_rates(e);
}

/* A keyframe may be as large as a third of the buffer at this frame rate, 200 ms, in percent of a frame's share; at least three frames. By
 * ten: milliseconds times pictures a second, over 1000, in percent. */
static uint32_t intra_percent(const struct encoder *e)
{
    uint32_t percent = e->config.rc_buf_optimal_sz / 3 * frame_rate(e) / 10;
    return percent < 300 ? 300 : percent;
}

static vpx_codec_err_t set_vp8_speed(struct encoder *e)
{
    return vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, speed_of(e));
}

static vpx_codec_err_t set_vp8_controls(struct encoder *e)
{
    uint32_t partitions = e->config.g_threads >= 4   ? VP8_FOUR_TOKENPARTITION
                          : e->config.g_threads >= 2 ? VP8_TWO_TOKENPARTITION
                                                     : VP8_ONE_TOKENPARTITION;
    vpx_codec_err_t status = set_vp8_speed(e);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP8E_SET_STATIC_THRESHOLD, 1u);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP8E_SET_TOKEN_PARTITIONS, (int)partitions);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, intra_percent(e));
    return status;
}

static vpx_codec_err_t set_vp8_layer(struct encoder *e, uint8_t layer)
{
    return vpx_codec_control(&e->vpx, VP8E_SET_TEMPORAL_LAYER_ID, (int)layer);
}

/* Five and more are for conversation. */
static vpx_codec_err_t set_vp9_speed(struct encoder *e)
{
    uint32_t speed = VP9_SPEED + (e->settings.speed > SPEED_MAX ? SPEED_MAX : e->settings.speed) / 2;
    return vpx_codec_control(&e->vpx, VP8E_SET_CPUUSED, (int)(speed > VP9_SPEED_MAX ? VP9_SPEED_MAX : speed));
}

/* Of VP9 temporal layers are a case of spatial ones: there is one, in full size. */
static vpx_codec_err_t set_vp9_layers(struct encoder *e)
{
    vpx_svc_extra_cfg_t extra = {.scaling_factor_num = {1}, .scaling_factor_den = {1}};
    for (uint32_t i = 0; i < e->pattern.layers; i++) {
        extra.min_quantizers[i] = (int)e->config.rc_min_quantizer;
        extra.max_quantizers[i] = (int)e->config.rc_max_quantizer;
    }
    vpx_codec_err_t status = vpx_codec_control(&e->vpx, VP9E_SET_SVC, 1);
    return status ? status : vpx_codec_control(&e->vpx, VP9E_SET_SVC_PARAMETERS, &extra);
}

/* Threads share columns of at least 256 pixels; blocks that stand still are quantized finer. */
static vpx_codec_err_t set_vp9_controls(struct encoder *e)
{
    int columns = e->config.g_threads >= 4 ? 2 : e->config.g_threads >= 2 ? 1 : 0;
    vpx_codec_err_t status = set_vp9_speed(e);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP9E_SET_TILE_COLUMNS, columns);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP9E_SET_ROW_MT, 1u);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP9E_SET_AQ_MODE, 3u);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP9E_SET_FRAME_PARALLEL_DECODING, 0u);
    if (!status && e->pattern.layers > 1)
        status = set_vp9_layers(e);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, intra_percent(e));
    return status;
}

static vpx_codec_err_t set_vp9_layer(struct encoder *e, uint8_t layer)
{
    vpx_svc_layer_id_t id = {.temporal_layer_id = layer, .temporal_layer_id_per_spatial = {layer}};
    return vpx_codec_control(&e->vpx, VP9E_SET_SVC_LAYER_ID, &id);
}

static const struct coding vp8 = {"VP8", vpx_codec_vp8_cx, set_vp8_controls, set_vp8_speed, set_vp8_layer};
static const struct coding vp9 = {"VP9", vpx_codec_vp9_cx, set_vp9_controls, set_vp9_speed, set_vp9_layer};

static void close_encoder(struct encoder *e)
{
    if (e->width > 0)
        (void)vpx_codec_destroy(&e->vpx);
    e->width = e->height = 0;
}

static int open_encoder(struct encoder *e, uint32_t width, uint32_t height)
{
    close_encoder(e);
    vpx_codec_err_t status = vpx_codec_enc_config_default(e->coding->encoder(), &e->config, 0);
    if (status)
        return error_of(status);
    e->width = width;
    e->height = height;
    temporal_pattern_start(&e->pattern, e->settings.temporal_layers);
    fill_config(e);
    status = vpx_codec_enc_init(&e->vpx, e->coding->encoder(), &e->config, 0);
    if (status) {
        e->width = e->height = 0;
        return error_of(status);
    }
    status = e->coding->set_controls(e);
    if (status)
        close_encoder(e);
    e->changed = false;
    return error_of(status);
}

static bool has_other_layers(const struct encoder *e)
{
    struct temporal_pattern wanted;
    temporal_pattern_start(&wanted, e->settings.temporal_layers);
    return wanted.layers != e->pattern.layers;
}

/* A new size needs a new encoder: libvpx can only shrink. So do other layers. New rates go into the running one. */
static int prepare(struct encoder *e, uint32_t width, uint32_t height)
{
    if (e->width != width || e->height != height || has_other_layers(e))
        return open_encoder(e, width, height);
    if (!e->changed)
        return RTC_OK;
    e->changed = false;
    set_rates(e);
    vpx_codec_err_t status = vpx_codec_enc_config_set(&e->vpx, &e->config);
    if (!status)
        status = vpx_codec_control(&e->vpx, VP8E_SET_MAX_INTRA_BITRATE_PCT, intra_percent(e));
    if (!status)
        status = e->coding->set_speed(e);
    return error_of(status);
}

static int configure(void *user, const rtc_encoder_settings *settings)
{
    struct encoder *e = user;
    e->settings = *settings;
    e->changed = true;
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const struct coding *coding, const rtc_encoder_settings *settings, void **out)
{
    context = context_resolve(context);
    struct encoder *e = context ? memory_zeroed(context, sizeof *e) : NULL;
    if (!e)
        return RTC_ERR_NO_MEMORY;
    e->context = rtc_context_ref(context);
    e->coding = coding;
    e->settings = *settings;
    *out = e;
    return RTC_OK;
}

static int vp8_encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    return encoder_new(context, &vp8, settings, out);
}

static int vp9_encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    return encoder_new(context, &vp9, settings, out);
}

static void encoder_free(void *user)
{
    struct encoder *e = user;
    if (!e)
        return;
    close_encoder(e);
    context_free(e->context, e);
}

/* A view of the frame; libvpx only reads it. */
static void view(const rtc_video_frame *frame, vpx_image_t *image)
{
    memset(image, 0, sizeof *image);
    image->fmt = VPX_IMG_FMT_I420;
    image->w = image->d_w = rtc_video_frame_width(frame);
    image->h = image->d_h = rtc_video_frame_height(frame);
    image->x_chroma_shift = image->y_chroma_shift = 1;
    image->bps = 12;
    image->bit_depth = 8;
    for (size_t i = 0; i < 3; i++) {
        image->planes[i] = (uint8_t *)(uintptr_t)rtc_video_frame_plane(frame, i);
        image->stride[i] = (int)rtc_video_frame_stride(frame, i);
    }
}

/* When the picture is and how long it stands, as the rate control sees it: one after another at the rate at which they come. Where some
 * were left out, because those before them were too large, this one must not become as large as all of them: then it would be too large,
 * too; and what libvpx makes of a step in its time is several times as large as that. */
static unsigned long step_time(struct encoder *e)
{
    unsigned long usual = CLOCK / frame_rate(e);
    e->time += (int64_t)usual;
    return usual;
}

/* What a picture refers to, and what it is kept as: LAST is the base layer's, GOLDEN the middle one's. Entropy coding learns from the base
 * layer alone. Of a keyframe, and of an encoder without layers, libvpx decides. */
static vpx_enc_frame_flags_t flags_of(const struct encoder *e)
{
    const struct temporal_picture *next = temporal_pattern_next(&e->pattern);
    vpx_enc_frame_flags_t flags = VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_ARF;
    if (e->wants_keyframe)
        return VPX_EFLAG_FORCE_KF;
    if (e->pattern.layers < 2)
        return 0;
    flags |= next->reads_middle ? 0 : VP8_EFLAG_NO_REF_GF;
    flags |= next->layer == 0 ? 0 : VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_ENTROPY;
    return flags | (next->layer > 0 && next->is_read ? 0 : VP8_EFLAG_NO_UPD_GF);
}

static uint32_t layer_flags(const struct encoder *e, bool keyframe)
{
    bool sync = !keyframe && temporal_pattern_next(&e->pattern)->sync;
    return e->pattern.layers > 1 ? RTC_LAYER_TEMPORAL | (sync ? RTC_LAYER_SYNC : 0u) : 0;
}

static int collect(struct encoder *e, const rtc_video_frame *frame, rtc_encoded_frame **out)
{
    vpx_codec_iter_t at = NULL;
    const vpx_codec_cx_pkt_t *packet;
    while ((packet = vpx_codec_get_cx_data(&e->vpx, &at)) != NULL)
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT && packet->data.frame.sz > 0)
            break;
    if (!packet)
        return RTC_OK;
    bool keyframe = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    const rtc_encoded_frame_options o = {
        .size = sizeof o,
        .kind = RTC_MEDIA_VIDEO,
        .codec = e->coding->name,
        .data = packet->data.frame.buf,
        .data_len = packet->data.frame.sz,
        .keyframe = keyframe,
        .rtp_timestamp = (uint32_t)picture_clock(rtc_video_frame_capture_time_us(frame)),
        .capture_time_us = rtc_video_frame_capture_time_us(frame),
        .width = e->width,
        .height = e->height,
        .temporal_id = keyframe ? 0 : temporal_pattern_next(&e->pattern)->layer,
        .layer_flags = layer_flags(e, keyframe),
    };
    int error = rtc_encoded_frame_new(e->context, &o, out);
    temporal_pattern_made(&e->pattern, keyframe);
    /* A frame that is lost here is missing in the prediction of all that follow. */
    e->wants_keyframe = error ? true : e->wants_keyframe && !keyframe;
    return error;
}

static int encode_upright(struct encoder *e, const rtc_video_frame *frame, rtc_encoded_frame **out)
{
    vpx_image_t image;
    int error = prepare(e, rtc_video_frame_width(frame), rtc_video_frame_height(frame));
    if (error)
        return error;
    view(frame, &image);
    unsigned long duration = step_time(e);
    vpx_codec_err_t status = VPX_CODEC_OK;
    if (e->pattern.layers > 1)
        status = e->coding->set_layer(e, e->wants_keyframe ? 0 : temporal_pattern_next(&e->pattern)->layer);
    if (!status)
        status = vpx_codec_encode(&e->vpx, &image, e->time, duration, flags_of(e), VPX_DL_REALTIME);
    return status ? error_of(status) : collect(e, frame, out);
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

/* Owner: whoever made it by rtc_codec_ops; used by one thread at a time. */
struct decoder {
    rtc_context *context;
    vpx_codec_ctx_t vpx;
    bool is_vp9;
    bool has_reference; /* a keyframe was decoded, and nothing broke since */
    bool failed;        /* libvpx could not decode the last frame that it got */
    uint8_t *indexed;   /* of VP9: a frame and its index */
    size_t indexed_capacity;
};

static int decoder_new(rtc_context *context, vpx_codec_iface_t *iface, void **out)
{
    vpx_codec_dec_cfg_t config = {.threads = 1};
    context = context_resolve(context);
    struct decoder *d = context ? memory_zeroed(context, sizeof *d) : NULL;
    if (!d)
        return RTC_ERR_NO_MEMORY;
    vpx_codec_err_t status = vpx_codec_dec_init(&d->vpx, iface, &config, 0);
    if (status) {
        memory_free(context, d);
        return error_of(status);
    }
    d->context = rtc_context_ref(context);
    d->is_vp9 = iface == vpx_codec_vp9_dx();
    *out = d;
    return RTC_OK;
}

static int vp8_decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    return decoder_new(context, vpx_codec_vp8_dx(), out);
}

static int vp9_decoder_new(rtc_context *context, uint32_t channels, void **out)
{
    (void)channels;
    return decoder_new(context, vpx_codec_vp9_dx(), out);
}

static void decoder_free(void *user)
{
    struct decoder *d = user;
    if (!d)
        return;
    (void)vpx_codec_destroy(&d->vpx);
    memory_free(d->context, d->indexed);
    context_free(d->context, d);
}

/* The first partition of a keyframe (RFC 6386 sections 9.2 and 11.2) says how each block is predicted, for which at their likeliest the
 * fixed probabilities take more than three bits: what is shorter is cut off or made up, and must not cost the memory of its size. */
static bool is_whole(const uint8_t *data, size_t len, unsigned width, unsigned height)
{
    size_t partition = (size_t)(data[0] >> 5 | data[1] << 3 | data[2] << 11);
    size_t blocks = (size_t)((width + 15) / 16) * ((height + 15) / 16);
    return KEYFRAME_HEADER + partition <= len && partition >= blocks / 4;
}

/* Judges the header before libvpx allocates for it (RFC 6386 section 9.1): the format says up to 16383 pixels a side, which cost 2 GB. */
static bool acceptable(const struct decoder *d, const uint8_t *data, size_t len)
{
    if (len < 3)
        return false;
    if (data[0] & 1)
        return d->has_reference;
    /* The start code; above the 14 bits of a side are two of its scale, which is for who shows it. */
    if (len < 10 || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a)
        return false;
    unsigned width = (data[6] | (unsigned)data[7] << 8) & 0x3fff, height = (data[8] | (unsigned)data[9] << 8) & 0x3fff;
    return width > 0 && height > 0 && width * height <= context_limits(d->context)->picture_pixels && is_whole(data, len, width, height);
}

/* The same of VP9: every frame of the chunk that says a size says one within the limit. What is no keyframe may say one, too. */
static bool acceptable_vp9(const struct decoder *d, struct slice chunk)
{
    struct slice frames[VP9_FRAMES_MAX] = {chunk};
    struct vp9_header header;
    size_t count = vp9_index_read(chunk, frames);
    for (size_t i = 0; i < (count ? count : 1); i++) {
        if (frames[i].len == 0 && i > 0)
            continue;
        if (!vp9_header_read(frames[i], &header) || (uint64_t)header.width * header.height > context_limits(d->context)->picture_pixels)
            return false;
        if (i == 0 && !header.keyframe && !d->has_reference)
            return false;
    }
    return true;
}

/* A chunk without an index gets one, of its first frame: libvpx would go on with whatever is behind it, which nobody has looked at. Of
 * several spatial layers that frame is the lowest. */
static int index_frame(struct decoder *d, struct slice *chunk)
{
    struct slice frames[VP9_FRAMES_MAX];
    if (vp9_index_read(*chunk, frames) > 0)
        return RTC_OK;
    if (!memory_grow(d->context, (void **)&d->indexed, &d->indexed_capacity, chunk->len + VP9_INDEX_LEN, 1))
        return RTC_ERR_NO_MEMORY;
    memcpy(d->indexed, chunk->data, chunk->len);
    vp9_index_write(d->indexed + chunk->len, chunk->len);
    *chunk = slice_of(d->indexed, chunk->len + VP9_INDEX_LEN);
    return RTC_OK;
}

static int take_picture(struct decoder *d, const rtc_encoded_frame *frame, const vpx_image_t *image, rtc_video_frame **out)
{
    struct decoded_picture picture = {.width = image->d_w, .height = image->d_h, .depth = image->bit_depth};
    for (size_t i = 0; i < 3; i++) {
        picture.planes[i] = image->planes[i];
        picture.strides[i] = (size_t)image->stride[i];
    }
    return decoded_picture_copy(d->context, frame, &picture, out);
}

static int feed(struct decoder *d, struct slice chunk)
{
    int corrupted = 0;
    int error = d->is_vp9 ? index_frame(d, &chunk) : RTC_OK;
    if (error)
        return error;
    vpx_codec_err_t status = vpx_codec_decode(&d->vpx, chunk.data, (unsigned)chunk.len, NULL, 0);
    if (status) /* of VP9, a partition that begins wrongly is called a failed allocation, too */
        return status == VPX_CODEC_MEM_ERROR && !d->is_vp9 ? RTC_ERR_NO_MEMORY : RTC_ERR_ENCODING;
    if (vpx_codec_control(&d->vpx, VP8D_GET_FRAME_CORRUPTED, &corrupted) == VPX_CODEC_OK && corrupted)
        return RTC_ERR_ENCODING;
    return RTC_OK;
}

/* After some broken frames of VP9 libvpx decodes nothing any more, not even keyframes: the next keyframe gets a new decoder. */
static int recover(struct decoder *d)
{
    vpx_codec_dec_cfg_t config = {.threads = 1};
    if (!d->failed || !d->is_vp9)
        return RTC_OK;
    (void)vpx_codec_destroy(&d->vpx);
    vpx_codec_err_t status = vpx_codec_dec_init(&d->vpx, vpx_codec_vp9_dx(), &config, 0);
    d->failed = status != VPX_CODEC_OK;
    return error_of(status);
}

static int decode(void *user, rtc_encoded_frame *frame, rtc_video_frame **out)
{
    struct decoder *d = user;
    vpx_codec_iter_t at = NULL;
    *out = NULL;
    const uint8_t *data = rtc_encoded_frame_data(frame);
    size_t len = rtc_encoded_frame_len(frame);
    bool fits = d->is_vp9 ? acceptable_vp9(d, slice_of(data, len)) : acceptable(d, data, len);
    int error = fits ? recover(d) : RTC_ERR_ENCODING;
    if (!error)
        error = feed(d, slice_of(data, len));
    d->failed = d->failed || (fits && error);
    d->has_reference = !error;
    if (error)
        return error;
    const vpx_image_t *image = vpx_codec_get_frame(&d->vpx, &at);
    bool known = image && (image->fmt == VPX_IMG_FMT_I420 || image->fmt == VPX_IMG_FMT_I42016);
    return known ? take_picture(d, frame, image, out) : RTC_OK;
}

const rtc_codec_ops vp8_codec = {
    .size = sizeof vp8_codec,
    .kind = RTC_MEDIA_VIDEO,
    .name = "VP8",
    .implementation = "libvpx",
    .power = RTC_CODEC_POWER_HUNGRY,
    .encoder_new = vp8_encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_video = encode,
    .temporal_layers = TEMPORAL_LAYERS_MAX,
    .decoder_new = vp8_decoder_new,
    .decoder_free = decoder_free,
    .decode_video = decode,
};

const rtc_codec_ops vp9_codec = {
    .size = sizeof vp9_codec,
    .kind = RTC_MEDIA_VIDEO,
    .name = "VP9",
    .implementation = "libvpx",
    .power = RTC_CODEC_POWER_HUNGRY,
    .encoder_new = vp9_encoder_new,
    .encoder_free = encoder_free,
    .encoder_configure = configure,
    .encode_video = encode,
    .temporal_layers = TEMPORAL_LAYERS_MAX,
    .decoder_new = vp9_decoder_new,
    .decoder_free = decoder_free,
    .decode_video = decode,
};
