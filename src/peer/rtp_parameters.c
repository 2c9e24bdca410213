/* SPDX-License-Identifier: MIT */
/* See rtp_parameters.h. */
#include "rtp_parameters.h"

#include "capabilities.h"
#include "context.h"
#include "error.h"
#include "memory.h"

#include <stdio.h>
#include <strings.h>

enum { PARAMETERS_CODECS_MAX = 2 * RTP_CODECS_MAX };

struct public_extension {
    rtc_rtp_header_extension extension;
    char uri[128];
};

/* A list of codecs and one of header extensions: of parameters and of capabilities. */
struct public_lists {
    struct public_codec codecs[PARAMETERS_CODECS_MAX];
    rtc_rtp_codec *codec_list[PARAMETERS_CODECS_MAX];
    size_t codec_count;
    struct public_extension extensions[JSEP_EXTENSIONS_MAX];
    rtc_rtp_header_extension *extension_list[JSEP_EXTENSIONS_MAX];
    size_t extension_count;
};

struct public_encoding {
    rtc_rtp_encoding_parameters encoding;
    struct public_codec codec;
    char rid[RTP_RID_MAX + 1];
};

/* Owner: who had it made, and then the application, which may change what is public. Written by this file until it has it. */
struct parameters_block {
    rtc_rtp_parameters parameters; /* first: it is what the application has */
    rtc_context *context;          /* a reference */
    char transaction_id[40], cname[JSEP_ID_MAX];
    struct public_encoding encodings[RTP_ENCODINGS_MAX];
    rtc_rtp_encoding_parameters *encoding_list[RTP_ENCODINGS_MAX];
    struct public_lists lists;
};

/* Likewise. */
struct capabilities_block {
    rtc_rtp_capabilities capabilities; /* first */
    rtc_context *context;              /* a reference */
    struct public_lists lists;
};

/* ---- Codecs ---- */

static void name(struct public_codec *out, rtc_media_kind kind, const char *codec, uint8_t payload_type)
{
    (void)snprintf(out->mime_type, sizeof out->mime_type, "%s/%s", kind == RTC_MEDIA_AUDIO ? "audio" : "video", codec);
    out->codec = (rtc_rtp_codec){.size = sizeof out->codec, .mime_type = out->mime_type, .payload_type = payload_type};
}

void public_codec_set(struct public_codec *out, rtc_media_kind kind, const struct jsep_codec *codec)
{
    name(out, kind, codec->name, codec->payload_type);
    out->codec.clock_rate = codec->clock_rate;
    out->codec.channels = kind == RTC_MEDIA_AUDIO ? codec->channels : 0;
    text_copy(out->fmtp, sizeof out->fmtp, codec->fmtp);
    out->codec.sdp_fmtp_line = out->fmtp[0] ? out->fmtp : NULL;
}

void public_codec_set_rtx(struct public_codec *out, rtc_media_kind kind, const struct jsep_codec *codec, uint8_t payload_type)
{
    bool capability = payload_type == JSEP_NO_PAYLOAD_TYPE;
    name(out, kind, "rtx", capability ? 0 : payload_type);
    out->codec.clock_rate = codec->clock_rate;
    (void)snprintf(out->fmtp, sizeof out->fmtp, "apt=%u", codec->payload_type);
    out->codec.sdp_fmtp_line = capability ? NULL : out->fmtp;
}

/* webrtc-svc 6: those without spatial layers, by the number of their temporal layers. */
static const char *const modes[] = {"L1T1", "L1T2", "L1T3"};
enum { MODES = sizeof modes / sizeof modes[0] };

void public_codec_set_modes(struct public_codec *out, uint32_t temporal_layers)
{
    out->codec.scalability_mode_count = temporal_layers < MODES ? temporal_layers : MODES;
    out->codec.scalability_modes = temporal_layers > 0 ? modes : NULL;
}

/* 0: of none that there is. */
static uint32_t layers_of(const char *mode)
{
    uint32_t layers = MODES;
    while (layers > 0 && strcmp(modes[layers - 1], mode) != 0)
        layers--;
    return layers;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b;
}

bool public_codec_matches(const rtc_rtp_codec *a, const rtc_rtp_codec *b)
{
    return a->mime_type && b->mime_type && strcasecmp(a->mime_type, b->mime_type) == 0 && a->clock_rate == b->clock_rate &&
           a->channels == b->channels && same_text(a->sdp_fmtp_line, b->sdp_fmtp_line);
}

static struct public_codec *add_codec(struct public_lists *l)
{
    struct public_codec *c = &l->codecs[l->codec_count];
    l->codec_list[l->codec_count++] = &c->codec;
    return c;
}

static void add_extension(struct public_lists *l, const char *uri, uint16_t id, rtc_rtp_direction direction)
{
    struct public_extension *e = &l->extensions[l->extension_count];
    l->extension_list[l->extension_count++] = &e->extension;
    text_copy(e->uri, sizeof e->uri, uri);
    e->extension = (rtc_rtp_header_extension){.size = sizeof e->extension, .uri = e->uri, .id = id, .direction = direction};
}

/* ---- Parameters ---- */

struct parameters_block *parameters_block_new(rtc_context *context)
{
    struct parameters_block *b = memory_zeroed(context, sizeof *b);
    if (!b)
        return NULL;
    b->context = rtc_context_ref(context);
    b->parameters = (rtc_rtp_parameters){.size = sizeof b->parameters,
                                         .encodings = b->encoding_list,
                                         .header_extensions = b->lists.extension_list,
                                         .codecs = b->lists.codec_list};
    return b;
}

void parameters_block_set_transaction(struct parameters_block *b, const char *id, const char *cname)
{
    text_copy(b->transaction_id, sizeof b->transaction_id, id);
    text_copy(b->cname, sizeof b->cname, cname);
    b->parameters.transaction_id = b->transaction_id;
    b->parameters.rtcp_cname = b->cname;
}

void parameters_block_add_encoding(struct parameters_block *b, rtc_media_kind kind, const struct sender_encoding *from)
{
    struct public_encoding *to = &b->encodings[b->parameters.encoding_count];
    const struct encoding_settings *s = &from->settings;
    b->encoding_list[b->parameters.encoding_count++] = &to->encoding;
    text_copy(to->rid, sizeof to->rid, from->rtp.rid);
    if (s->has_codec)
        public_codec_set(&to->codec, kind, &s->codec);
    to->codec.codec.payload_type = 0;
    to->encoding = (rtc_rtp_encoding_parameters){
        .size = sizeof to->encoding,
        .rid = to->rid[0] ? to->rid : NULL,
        .inactive = s->inactive,
        .has_max_bitrate = s->has_max_bitrate,
        .max_bitrate_bps = s->max_bitrate_bps,
        .has_max_framerate = s->has_max_framerate,
        .max_framerate = s->max_framerate,
        .has_scale_resolution_down_by = kind == RTC_MEDIA_VIDEO,
        .scale_resolution_down_by = s->scale_resolution_down_by,
        .priority = s->priority,
        .network_priority = s->network_priority,
        .codec = s->has_codec ? &to->codec.codec : NULL,
        .has_scale_resolution_down_to = s->max_width > 0,
        .scale_resolution_down_to_max_width = s->max_width,
        .scale_resolution_down_to_max_height = s->max_height,
        .adaptive_ptime = s->adaptive_ptime,
        .scalability_mode = s->temporal_layers > 0 && s->temporal_layers <= MODES ? modes[s->temporal_layers - 1] : NULL,
    };
}

void parameters_block_set_negotiated(struct parameters_block *b, rtc_media_kind kind, const struct jsep_negotiated *agreed,
                                     const struct jsep_codec *codecs, size_t codec_count, bool sends)
{
    for (size_t i = 0; i < codec_count && i < RTP_CODECS_MAX; i++) {
        public_codec_set(add_codec(&b->lists), kind, &codecs[i]);
        if (codecs[i].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            public_codec_set_rtx(add_codec(&b->lists), kind, &codecs[i], codecs[i].rtx_payload_type);
    }
    for (size_t i = 0; i < agreed->extension_count; i++)
        if (sends ? direction_sends(agreed->extensions[i].direction) : direction_receives(agreed->extensions[i].direction))
            add_extension(&b->lists, agreed->extensions[i].uri, agreed->extensions[i].id, RTC_DIRECTION_INACTIVE);
    b->parameters.codec_count = b->lists.codec_count;
    b->parameters.header_extension_count = b->lists.extension_count;
    b->parameters.rtcp_reduced_size = agreed->rtcp_reduced_size;
}

void parameters_block_set_degradation(struct parameters_block *b, bool has, rtc_degradation_preference preference)
{
    b->parameters.has_degradation_preference = has;
    b->parameters.degradation_preference = preference;
}

rtc_rtp_parameters *parameters_block_public(struct parameters_block *b)
{
    return &b->parameters;
}

void rtc_rtp_parameters_free(rtc_rtp_parameters *parameters)
{
    struct parameters_block *b = (struct parameters_block *)parameters;
    if (!b)
        return;
    context_free(b->context, b);
}

/* ---- Capabilities ---- */

static void fill_capabilities(rtc_context *context, rtc_media_kind kind, bool sends, struct public_lists *l)
{
    struct capabilities can;
    const struct jsep_codec *repaired = NULL;
    capabilities_of(context, kind, &can);
    for (size_t i = 0; i < can.codec_count; i++) {
        if (sends && (can.codecs[i].receive_only || can.codecs[i].on_request)) /* as in offers that send */
            continue;
        struct public_codec *c = add_codec(l);
        public_codec_set(c, kind, &can.codecs[i]);
        c->codec.payload_type = 0;
        if (sends && !jsep_codec_is_beside(&can.codecs[i]))
            public_codec_set_modes(c, capabilities_temporal_layers(context, kind, can.codecs[i].name));
        if (!repaired && can.codecs[i].rtx_payload_type != JSEP_NO_PAYLOAD_TYPE)
            repaired = &can.codecs[i];
    }
    if (repaired)
        public_codec_set_rtx(add_codec(l), kind, repaired, JSEP_NO_PAYLOAD_TYPE);
    for (size_t i = 0; i < can.extension_count; i++)
        add_extension(l, can.extensions[i].uri, 0, RTC_DIRECTION_INACTIVE);
}

static struct capabilities_block *new_block(rtc_context *context)
{
    struct capabilities_block *b = memory_zeroed(context, sizeof *b);
    if (b)
        b->context = rtc_context_ref(context);
    return b;
}

static rtc_rtp_capabilities *show(struct capabilities_block *b)
{
    b->capabilities = (rtc_rtp_capabilities){.size = sizeof b->capabilities,
                                             .codecs = b->lists.codec_list,
                                             .codec_count = b->lists.codec_count,
                                             .header_extensions = b->lists.extension_list,
                                             .header_extension_count = b->lists.extension_count};
    return &b->capabilities;
}

int capabilities_block_new(rtc_context *context, const struct jsep_extension *extensions, size_t count, rtc_rtp_capabilities **out)
{
    struct capabilities_block *b = new_block(context);
    if (!b)
        return error_plain(RTC_ERR_NO_MEMORY);
    for (size_t i = 0; i < count; i++)
        add_extension(&b->lists, extensions[i].uri, 0, extensions[i].direction);
    *out = show(b);
    return RTC_OK;
}

static int get_capabilities(const char *caller, rtc_context *context, rtc_media_kind kind, bool sends, rtc_rtp_capabilities **out)
{
    if (!out)
        return error_say(RTC_ERR_TYPE, "%s: out is NULL", caller);
    if (kind != RTC_MEDIA_AUDIO && kind != RTC_MEDIA_VIDEO)
        return error_say(RTC_ERR_TYPE, "unknown kind of media %d", (int)kind);
    context = context_resolve(context);
    struct capabilities_block *b = context ? new_block(context) : NULL;
    if (!b)
        return error_plain(RTC_ERR_NO_MEMORY);
    fill_capabilities(context, kind, sends, &b->lists);
    *out = show(b);
    return RTC_OK;
}

int rtc_rtp_sender_get_capabilities(rtc_context *context, rtc_media_kind kind, rtc_rtp_capabilities **out)
{
    return get_capabilities("rtc_rtp_sender_get_capabilities", context, kind, true, out);
}

int rtc_rtp_receiver_get_capabilities(rtc_context *context, rtc_media_kind kind, rtc_rtp_capabilities **out)
{
    return get_capabilities("rtc_rtp_receiver_get_capabilities", context, kind, false, out);
}

void rtc_rtp_capabilities_free(rtc_rtp_capabilities *capabilities)
{
    struct capabilities_block *b = (struct capabilities_block *)capabilities;
    if (!b)
        return;
    context_free(b->context, b);
}

/* ---- What the application gives ---- */

static bool refuse(struct parameters_error *why, int code, size_t index, const char *what, double value)
{
    why->code = code;
    (void)snprintf(why->text, sizeof why->text, "encoding %zu: %s %g", index, what, value);
    return false;
}

static bool find_codec(rtc_context *context, rtc_media_kind kind, const rtc_rtp_codec *wanted, struct jsep_codec *out)
{
    struct capabilities can;
    struct public_codec said;
    capabilities_of(context, kind, &can);
    for (size_t i = 0; i < can.codec_count; i++) {
        public_codec_set(&said, kind, &can.codecs[i]);
        *out = can.codecs[i];
        if (!can.codecs[i].receive_only && public_codec_matches(&said.codec, wanted))
            return true;
    }
    return false;
}

static bool refuse_size(struct parameters_error *why, int code, size_t index, uint32_t width, uint32_t height)
{
    why->code = code;
    (void)snprintf(why->text, sizeof why->text, "encoding %zu: no picture fits scale_resolution_down_to %ux%u", index, width, height);
    return false;
}

/* What is only of pictures. */
static bool take_pictures(const rtc_rtp_encoding_parameters *e, size_t index, int error, struct encoding_settings *out,
                          struct parameters_error *why)
{
    bool scales = e->has_scale_resolution_down_by || !(e->scale_resolution_down_by == 0);
    bool paced = e->has_max_framerate || !(e->max_framerate == 0);
    uint32_t width = e->scale_resolution_down_to_max_width, height = e->scale_resolution_down_to_max_height;
    if (scales && !(e->scale_resolution_down_by >= 1))
        return refuse(why, RTC_ERR_RANGE, index, "scale_resolution_down_by is under 1:", e->scale_resolution_down_by);
    if (paced && !(e->max_framerate >= 0))
        return refuse(why, RTC_ERR_RANGE, index, "max_framerate is under 0:", e->max_framerate);
    if ((e->has_scale_resolution_down_to || width > 0 || height > 0) && (width == 0 || height == 0))
        return refuse_size(why, error, index, width, height);
    out->has_max_framerate = paced;
    out->max_framerate = e->max_framerate;
    out->scale_resolution_down_by = e->scale_resolution_down_by;
    out->max_width = width;
    out->max_height = height;
    return true;
}

static bool refuse_mode(struct parameters_error *why, int code, size_t index, const char *mode, const char *codec)
{
    why->code = code;
    (void)snprintf(why->text, sizeof why->text, "encoding %zu: %s%.20s makes scalability_mode '%.40s'", index,
                   codec ? "no encoder of " : "no codec", codec ? codec : "", mode);
    return false;
}

bool encoding_settings_suit(rtc_context *context, rtc_media_kind kind, const char *codec, size_t index, int error,
                            const struct encoding_settings *s, struct parameters_error *why)
{
    return s->temporal_layers == 0 || s->temporal_layers <= capabilities_temporal_layers(context, kind, codec) ||
           refuse_mode(why, error, index, modes[s->temporal_layers - 1], codec);
}

/* webrtc-svc 4.2.1, 4.2.2. */
static bool take_mode(rtc_context *context, rtc_media_kind kind, const rtc_rtp_encoding_parameters *e, size_t index, int error,
                      struct encoding_settings *out, struct parameters_error *why)
{
    if (!e->scalability_mode)
        return true;
    out->temporal_layers = layers_of(e->scalability_mode);
    if (out->temporal_layers == 0 || out->temporal_layers > capabilities_most_temporal_layers(context, kind))
        return refuse_mode(why, error, index, e->scalability_mode, NULL);
    return !out->has_codec || encoding_settings_suit(context, kind, out->codec.name, index, error, out, why);
}

bool encoding_settings_take(rtc_context *context, rtc_media_kind kind, const rtc_rtp_encoding_parameters *e, size_t index, int error,
                            struct encoding_settings *out, struct parameters_error *why)
{
    *out = (struct encoding_settings){
        .inactive = e->inactive,
        .has_max_bitrate = e->has_max_bitrate || e->max_bitrate_bps > 0,
        .max_bitrate_bps = e->max_bitrate_bps,
        .priority = e->priority,
        .network_priority = e->network_priority,
        .has_codec = e->codec != NULL,
        .adaptive_ptime = e->adaptive_ptime,
    };
    if ((unsigned)e->priority > RTC_PRIORITY_HIGH)
        return refuse(why, RTC_ERR_TYPE, index, "unknown priority", e->priority);
    if ((unsigned)e->network_priority > RTC_PRIORITY_HIGH)
        return refuse(why, RTC_ERR_TYPE, index, "unknown network priority", e->network_priority);
    if (e->codec && (!find_codec(context, kind, e->codec, &out->codec) || jsep_codec_is_beside(&out->codec)))
        return refuse(why, error, index, "its codec can not be sent, with a clock rate of", e->codec->clock_rate);
    return take_mode(context, kind, e, index, error, out, why) && (kind != RTC_MEDIA_VIDEO || take_pictures(e, index, error, out, why));
}

bool encoding_settings_agree(const struct encoding_settings *settings, size_t count, int error, struct parameters_error *why)
{
    size_t active = 0, limited = 0;
    for (size_t i = 0; i < count; i++) {
        active += !settings[i].inactive;
        limited += !settings[i].inactive && settings[i].max_width > 0;
    }
    why->code = error;
    (void)snprintf(why->text, sizeof why->text, "%zu of %zu active encodings have scale_resolution_down_to: all must, or none", limited,
                   active);
    return limited == 0 || limited == active;
}
