/* SPDX-License-Identifier: MIT */
/* getParameters and setParameters of senders and receivers, and the checks of sendEncodings; see sender_parameters.h. */
#include "sender_parameters.h"

#include "capabilities.h"
#include "peer.h"
#include "peer_transport.h"
#include "rtp_parameters.h"
#include "send_pipeline.h"
#include "sending.h"
#include "transceiver_life.h"
#include "transport.h"

#include <stdio.h>

static rtc_rtp_transceiver *of_sender(const rtc_rtp_sender *sender)
{
    return link_owner((uintptr_t)sender, rtc_rtp_transceiver, sender);
}

/* ---- sendEncodings of addTransceiver (webrtc-pc 5.1) ---- */

/* RFC 8852 section 3.1 has letters and digits only, however much RFC 8851 allows. */
static bool is_rid(const char *rid)
{
    size_t len = strlen(rid);
    for (size_t i = 0; i < len; i++)
        if (!((rid[i] >= '0' && rid[i] <= '9') || ((rid[i] | 32) >= 'a' && (rid[i] | 32) <= 'z')))
            return false;
    return len > 0 && len <= RTP_RID_MAX;
}

static int check_rids(rtc_peer_connection *pc, rtc_rtp_encoding_parameters *const *given, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!given[i])
            return peer_fail(pc, RTC_ERR_TYPE, "encoding %zu is NULL", i);
        const char *rid = given[i]->rid;
        if (rid && !is_rid(rid))
            return peer_fail(pc, RTC_ERR_TYPE, "encoding %zu: '%.40s' is no rid: it has 1 to %d letters and digits", i, rid, RTP_RID_MAX);
        if (!rid != !given[0]->rid)
            return peer_fail(pc, RTC_ERR_TYPE, "encoding %zu has no rid: all have one, or none", rid ? 0 : i);
        for (size_t k = 0; rid && k < i; k++)
            if (strcmp(given[k]->rid, rid) == 0)
                return peer_fail(pc, RTC_ERR_TYPE, "encodings %zu and %zu have the rid '%s'", k, i, rid);
    }
    return RTC_OK;
}

/* Where one says its scale the others are not scaled; where none does, each is half as large as the next (webrtc-pc 5.1, addTransceiver).
 */
static void default_scales(struct wished_encodings *w, bool any)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->settings[i].scale_resolution_down_by == 0)
            w->settings[i].scale_resolution_down_by = any ? 1 : (double)(1u << (w->count - 1 - i));
}

/* webrtc-pc 5.1: the only one has no rid. Several without get their numbers, as in browsers: packets must tell them apart. */
static void name_encodings(struct wished_encodings *w)
{
    if (w->count == 1)
        w->rids[0][0] = 0;
    for (size_t i = 0; w->count > 1 && i < w->count; i++)
        if (!w->rids[i][0])
            (void)snprintf(w->rids[i], sizeof w->rids[i], "%u", (unsigned)i % RTP_ENCODINGS_MAX);
}

int sender_check_encodings(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_encoding_parameters *const *given, size_t count,
                           struct wished_encodings *out)
{
    size_t most = kind == RTC_MEDIA_AUDIO ? 1 : RTP_ENCODINGS_MAX;
    bool scaled = false;
    *out = (struct wished_encodings){0};
    if (count > 0 && !given)
        return peer_fail(pc, RTC_ERR_TYPE, "send_encodings is NULL");
    int error = check_rids(pc, given, count);
    for (size_t i = 0; i < count && !error; i++) {
        rtc_rtp_encoding_parameters e;
        struct encoding_settings settings;
        struct parameters_error why;
        error = peer_options(pc, &e, sizeof e, given[i], "rtc_rtp_encoding_parameters");
        if (!error && !encoding_settings_take(pc->context, kind, &e, i, RTC_ERR_OPERATION, &settings, &why))
            error = peer_fail(pc, why.code, "%s", why.text);
        if (error || i >= most) /* webrtc-pc 5.1: those that are too many are checked, and left out */
            continue;
        scaled = scaled || settings.scale_resolution_down_by > 0;
        out->settings[out->count] = settings;
        text_copy(out->rids[out->count++], sizeof out->rids[0], e.rid ? e.rid : "");
    }
    struct parameters_error why;
    if (!error && !encoding_settings_agree(out->settings, out->count, RTC_ERR_OPERATION, &why))
        error = peer_fail(pc, why.code, "%s", why.text);
    name_encodings(out);
    if (kind == RTC_MEDIA_VIDEO)
        default_scales(out, scaled);
    return error;
}

uint32_t sender_own_cap(const struct sender_encoding *e)
{
    return e->settings.has_max_bitrate && e->settings.max_bitrate_bps == 0 ? 1 : e->settings.max_bitrate_bps;
}

/* What the smaller of several pictures is enough for: a part of the connection's cap by its pixels, half as much again. */
static uint32_t enough_for(const rtc_rtp_transceiver *t, const struct encoding_settings *s)
{
    double part = 1.5 / (s->scale_resolution_down_by * s->scale_resolution_down_by);
    uint32_t enough = (uint32_t)((part < 1 ? part : 1) * t->connection->settings.max_bitrate_bps);
    return part < 1 && s->max_width == 0 ? enough + (enough == 0) : 0; /* 0 would be no cap */
}

uint32_t sender_wished_cap(const rtc_rtp_transceiver *t, const struct sender_encoding *e)
{
    bool several = t->sender.encoding_count > 1;
    uint32_t own = sender_own_cap(e);
    return several && e->settings.inactive ? 1 : several && own == 0 ? enough_for(t, &e->settings) : own;
}

/* RTCPriorityType: each gets twice what the one before it gets (RFC 8835 section 4.1). */
static uint32_t weight_of(rtc_priority priority)
{
    static const uint32_t weights[] = {
        [RTC_PRIORITY_VERY_LOW] = 1, [RTC_PRIORITY_LOW] = 2, [RTC_PRIORITY_MEDIUM] = 4, [RTC_PRIORITY_HIGH] = 8};
    return weights[priority];
}

static void cap_encodings(rtc_rtp_transceiver *t)
{
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        uint32_t cap = sender_wished_cap(t, e);
        bool theirs = e->limits.max_bitrate_bps > 0 && (cap == 0 || e->limits.max_bitrate_bps < cap);
        e->rtp.max_bitrate_bps = theirs ? e->limits.max_bitrate_bps : cap;
        e->rtp.weight = weight_of(e->settings.priority);
        e->rtp.scale = e->settings.max_width == 0 ? e->settings.scale_resolution_down_by : 0;
        e->rtp.adaptive_ptime = e->settings.adaptive_ptime;
    }
}

void sender_adopt_encodings(rtc_rtp_transceiver *t, const struct wished_encodings *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        if (i > 0) {
            *e = (struct sender_encoding){.codec.payload_type = JSEP_NO_PAYLOAD_TYPE};
            e->rtp.ssrc = transceiver_fresh_ssrc(t->context);
            e->rtp.rtx_ssrc = t->kind == RTC_MEDIA_VIDEO ? transceiver_fresh_ssrc(t->context) : 0;
        }
        text_copy(e->rtp.rid, sizeof e->rtp.rid, w->rids[i]);
        e->settings = w->settings[i];
    }
    t->sender.encoding_count = w->count > 0 ? w->count : 1;
    cap_encodings(t);
}

void sender_widen_encodings(rtc_rtp_transceiver *t, const struct jsep_rids *rids)
{
    rtc_rtp_sender *sender = &t->sender;
    struct wished_encodings wished = {.count = rids->count < RTP_ENCODINGS_MAX ? rids->count : RTP_ENCODINGS_MAX};
    uint32_t stream = sender->widened ? sender->alone.stream : sender->encodings[0].stream;
    if (!sender->widened)
        sender->alone = sender->encodings[0];
    for (size_t i = 0; i < wished.count; i++)
        text_copy(wished.rids[i], sizeof wished.rids[i], rids->all[i].id);
    default_scales(&wished, false);
    const struct sender_encoding now = sender->encodings[0]; /* goes on until this is answered */
    sender->encodings[0] = (struct sender_encoding){.stream = stream, .codec = sender->alone.codec};
    sender_encoding_take_over(&sender->encodings[0], &now);
    sender->encodings[0].rtp.ssrc = transceiver_fresh_ssrc(t->context);
    sender->encodings[0].rtp.rtx_ssrc = transceiver_fresh_ssrc(t->context);
    sender_adopt_encodings(t, &wished);
    sender->widened = true;
    sender->transaction_open = false;
}

void sender_restore_encoding(rtc_rtp_transceiver *t)
{
    if (!t->sender.widened)
        return;
    if (sender_awaits_answer(&t->sender))
        sender_encoding_take_over(&t->sender.alone, &t->sender.encodings[0]);
    t->sender.encodings[0] = t->sender.alone;
    t->sender.encoding_count = 1;
    t->sender.widened = t->sender.transaction_open = false;
}

static bool is_kept(const struct rtp_encoding *agreed, size_t count, const char *rid)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(agreed[i].rid, rid) == 0)
            return true;
    return false;
}

void sender_narrow_encodings(rtc_rtp_transceiver *t, const struct rtp_encoding *agreed, size_t count)
{
    rtc_rtp_sender *sender = &t->sender;
    size_t kept = 0;
    for (size_t i = 0; i < sender->encoding_count; i++)
        if (is_kept(agreed, count, sender->encodings[i].rtp.rid))
            sender->encodings[kept++] = sender->encodings[i];
    sender->transaction_open = sender->transaction_open && kept == sender->encoding_count;
    sender->encoding_count = kept;
    sender->widened = false;
    cap_encodings(t);
}

/* The session is told where it is another one than the section's. */
static void set_codec(rtc_rtp_transceiver *t, struct sender_encoding *e, const struct jsep_codec *codec)
{
    struct rtp_codec rtp;
    e->codec = *codec;
    if (!e->stream)
        return;
    capabilities_read_codec(codec, &rtp);
    rtp_session_set_stream_codec(transport_media(t->transport), e->stream, &rtp);
}

void sender_follow_codecs(rtc_rtp_transceiver *t, const struct agreed_media *media)
{
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        const struct jsep_codec *codec = &t->sender.codec;
        for (size_t k = 0; k < media->encoding_count; k++)
            if (strcmp(media->encodings[k].rid, e->rtp.rid) == 0) {
                codec = &media->encodings[k].codec;
                e->limits = media->encodings[k].limits;
            }
        e->settings.has_codec = e->settings.has_codec && jsep_codec_same(&e->settings.codec, codec);
        if (codec->payload_type == JSEP_NO_PAYLOAD_TYPE)
            continue;
        set_codec(t, e, codec);
        uint32_t most = capabilities_temporal_layers(t->context, t->kind, codec->name); /* webrtc-svc 4.2.3: as it is configured now */
        e->settings.temporal_layers = e->settings.temporal_layers < most ? e->settings.temporal_layers : most;
    }
    cap_encodings(t);
}

/* ---- getParameters ---- */

/* What was agreed on last, be it provisionally; NULL: the connection is gone. */
static const struct negotiation_state *last_agreed(const rtc_rtp_transceiver *t)
{
    const struct negotiation *n = t->connection ? &t->connection->negotiation : NULL;
    if (!n)
        return NULL;
    bool provisional = n->signaling == RTC_SIGNALING_HAVE_LOCAL_PRANSWER || n->signaling == RTC_SIGNALING_HAVE_REMOTE_PRANSWER;
    return provisional ? &n->pending : &n->stable;
}

/* Its section in both descriptions of that; false: nothing is agreed on. */
static bool sections_of(const rtc_rtp_transceiver *t, const struct jsep_section **ours, const struct jsep_section **theirs)
{
    const struct negotiation_state *agreed = last_agreed(t);
    const struct session_description *local = agreed ? description_says(agreed->local) : NULL,
                                     *remote = agreed ? description_says(agreed->remote) : NULL;
    int l = local && t->mid[0] ? session_description_find(local, t->mid) : -1,
        r = remote && t->mid[0] ? session_description_find(remote, t->mid) : -1;
    if (l < 0 || r < 0 || local->sections[l].rejected || remote->sections[r].rejected)
        return false;
    *ours = &local->sections[l];
    *theirs = &remote->sections[r];
    return true;
}

struct jsep_negotiated *transceiver_agreement(const rtc_rtp_transceiver *t, const struct jsep_section **ours,
                                              const struct jsep_section **theirs, int *error)
{
    *error = RTC_OK;
    if (!sections_of(t, ours, theirs))
        return NULL;
    struct jsep_negotiated *agreed = memory_alloc(t->context, sizeof *agreed);
    if (agreed)
        jsep_negotiate(*ours, *theirs, agreed);
    else
        *error = RTC_ERR_NO_MEMORY;
    return agreed;
}

static int fill_negotiated(const rtc_rtp_transceiver *t, bool sends, struct parameters_block *b)
{
    const struct jsep_section *ours, *theirs;
    int error;
    struct jsep_negotiated *agreed = transceiver_agreement(t, &ours, &theirs, &error);
    if (!agreed)
        return error;
    size_t count = agreed->receive_codec_count;
    struct jsep_codec *codecs = agreed->receive_codecs;
    if (sends) /* in their numbers, and their order */
        count = jsep_common_codecs(theirs, ours, codecs, JSEP_CODECS_MAX);
    if (sends && count == 0 && t->sender.codec.payload_type != JSEP_NO_PAYLOAD_TYPE) /* what is sent was not offered */
        codecs[count++] = t->sender.codec;
    if (!sends && !direction_receives(agreed->direction)) /* webrtc-pc 4.4.1.5, [[ReceiveCodecs]]: it is prepared to receive nothing */
        count = agreed->extension_count = 0;
    parameters_block_set_negotiated(b, t->kind, agreed, codecs, count, sends);
    memory_free(t->context, agreed);
    return RTC_OK;
}

/* Each reading begins a transaction, unless one is under way: it lasts until events are dispatched (webrtc-pc 5.2, getParameters). */
static void open_transaction(rtc_rtp_transceiver *t)
{
    char id[JSEP_ID_MAX];
    if (t->sender.transaction_open)
        return;
    transceiver_fresh_id(t->context, id);
    text_copy(t->sender.transaction_id, sizeof t->sender.transaction_id, id);
    t->sender.transaction_open = t->connection && transceiver_tell(t, TRANSCEIVER_TRANSACTION, 0) != NULL;
}

int rtc_rtp_sender_get_parameters(rtc_rtp_sender *sender, rtc_rtp_parameters **out)
{
    if (!sender || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_sender_get_parameters: %s is NULL", sender ? "out" : "sender");
    rtc_rtp_transceiver *t = of_sender(sender);
    struct parameters_block *b = parameters_block_new(t->context);
    int error = b ? fill_negotiated(t, true, b) : RTC_ERR_NO_MEMORY;
    if (error) {
        rtc_rtp_parameters_free(b ? parameters_block_public(b) : NULL);
        return error_plain(error);
    }
    open_transaction(t);
    parameters_block_set_transaction(b, sender->transaction_id, t->connection ? t->connection->settings.cname : "");
    for (size_t i = 0; i < sender->encoding_count; i++)
        parameters_block_add_encoding(b, t->kind, &sender->encodings[i]);
    parameters_block_set_degradation(b, sender->has_degradation_preference, sender->degradation_preference);
    *out = parameters_block_public(b);
    return RTC_OK;
}

int rtc_rtp_receiver_get_parameters(rtc_rtp_receiver *receiver, rtc_rtp_parameters **out)
{
    if (!receiver || !out)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_receiver_get_parameters: %s is NULL", receiver ? "out" : "receiver");
    rtc_rtp_transceiver *t = link_owner((uintptr_t)receiver, rtc_rtp_transceiver, receiver);
    struct parameters_block *b = parameters_block_new(t->context);
    int error = b ? fill_negotiated(t, false, b) : RTC_ERR_NO_MEMORY;
    if (error) {
        rtc_rtp_parameters_free(b ? parameters_block_public(b) : NULL);
        return error_plain(error);
    }
    *out = parameters_block_public(b);
    return RTC_OK;
}

/* ---- setParameters ---- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static const char *changed_codecs(const rtc_rtp_parameters *now, const rtc_rtp_parameters *given)
{
    if (now->codec_count != given->codec_count || (given->codec_count > 0 && !given->codecs))
        return "codecs";
    for (size_t i = 0; i < now->codec_count; i++)
        if (!given->codecs[i] || !public_codec_matches(now->codecs[i], given->codecs[i]) ||
            now->codecs[i]->payload_type != given->codecs[i]->payload_type)
            return "codecs";
    return NULL;
}

static const char *changed_extensions(const rtc_rtp_parameters *now, const rtc_rtp_parameters *given)
{
    if (now->header_extension_count != given->header_extension_count || (given->header_extension_count > 0 && !given->header_extensions))
        return "header_extensions";
    for (size_t i = 0; i < now->header_extension_count; i++) {
        const rtc_rtp_header_extension *a = now->header_extensions[i], *b = given->header_extensions[i];
        if (!b || !same_text(a->uri, b->uri) || a->id != b->id || a->encrypted != b->encrypted)
            return "header_extensions";
    }
    return NULL;
}

/* What may not be changed, and was; NULL: nothing. */
static const char *changed(const rtc_rtp_parameters *now, const rtc_rtp_parameters *given)
{
    if (!same_text(now->transaction_id, given->transaction_id))
        return "transaction_id";
    if (now->encoding_count != given->encoding_count)
        return "the number of encodings";
    for (size_t i = 0; i < now->encoding_count; i++)
        if (!same_text(now->encodings[i]->rid, given->encodings[i]->rid))
            return "the rid of an encoding";
    if (!same_text(now->rtcp_cname, given->rtcp_cname) || now->rtcp_reduced_size != given->rtcp_reduced_size)
        return "rtcp";
    const char *what = changed_extensions(now, given);
    return what ? what : changed_codecs(now, given);
}

static int check_given(rtc_peer_connection *pc, const rtc_rtp_sender *sender, const rtc_rtp_parameters *given)
{
    if (!sender->transaction_open)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the parameters were not read since events were dispatched last");
    if (!given->transaction_id || !given->encodings)
        return peer_fail(pc, RTC_ERR_TYPE, "%s is NULL", given->encodings ? "transaction_id" : "encodings");
    if ((unsigned)given->degradation_preference > RTC_DEGRADATION_MAINTAIN_FRAMERATE_AND_RESOLUTION)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown degradation preference %d", (int)given->degradation_preference);
    for (size_t i = 0; i < given->encoding_count; i++)
        if (!given->encodings[i])
            return peer_fail(pc, RTC_ERR_TYPE, "encoding %zu is NULL", i);
    return RTC_OK;
}

static bool is_preferred(const struct codec_preferences *preferences, const struct jsep_codec *codec)
{
    for (size_t i = 0; i < preferences->count; i++)
        if (jsep_codec_same(&preferences->codecs[i], codec))
            return true;
    return preferences->count == 0;
}

/* webrtc-pc 5.2, setParameters: of those that were negotiated; before that of the preferred ones, or all that can be sent. */
static bool is_choosable(const rtc_rtp_transceiver *t, const rtc_rtp_parameters *now, const rtc_rtp_codec *wanted,
                         const struct jsep_codec *codec)
{
    for (size_t i = 0; i < now->codec_count; i++)
        if (public_codec_matches(now->codecs[i], wanted))
            return true;
    return now->codec_count == 0 && is_preferred(&t->preferences, codec);
}

/* Each encoding in turn, into `settings`. */
static int take_encodings(const rtc_rtp_transceiver *t, const rtc_rtp_parameters *now, const rtc_rtp_parameters *given,
                          struct encoding_settings settings[RTP_ENCODINGS_MAX])
{
    rtc_peer_connection *pc = t->connection;
    rtc_media_kind kind = t->kind;
    for (size_t i = 0; i < now->encoding_count; i++) {
        rtc_rtp_encoding_parameters e;
        struct parameters_error why;
        int error = peer_options(pc, &e, sizeof e, given->encodings[i], "rtc_rtp_encoding_parameters");
        if (error)
            return error;
        if (!encoding_settings_take(pc->context, kind, &e, i, RTC_ERR_INVALID_MODIFICATION, &settings[i], &why))
            return peer_fail(pc, why.code, "%s", why.text);
        if (e.codec && !is_choosable(t, now, e.codec, &settings[i].codec))
            return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "encoding %zu: its codec, %.60s, was not negotiated", i, e.codec->mime_type);
        if (!settings[i].has_codec && t->sender.codec.payload_type != JSEP_NO_PAYLOAD_TYPE &&
            !encoding_settings_suit(pc->context, kind, t->sender.codec.name, i, RTC_ERR_INVALID_MODIFICATION, &settings[i], &why))
            return peer_fail(pc, why.code, "%s", why.text);
        if (kind == RTC_MEDIA_VIDEO && settings[i].scale_resolution_down_by == 0)
            settings[i].scale_resolution_down_by = 1;
    }
    struct parameters_error why;
    bool agree = encoding_settings_agree(settings, now->encoding_count, RTC_ERR_INVALID_MODIFICATION, &why);
    return agree ? RTC_OK : peer_fail(pc, why.code, "%s", why.text);
}

/* What was encoded before leaves as it is. */
static void follow_wished_codecs(rtc_rtp_transceiver *t)
{
    sending_flush(t);
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        struct jsep_codec codec = t->sender.codec;
        const struct jsep_section *ours, *theirs;
        if (e->settings.has_codec && sections_of(t, &ours, &theirs))
            (void)jsep_common_codec(theirs, ours, &e->settings.codec, &codec);
        if (codec.payload_type != JSEP_NO_PAYLOAD_TYPE && codec.payload_type != e->codec.payload_type)
            set_codec(t, e, &codec);
    }
    if (t->sender.pipeline)
        send_pipeline_follow_encodings(t->sender.pipeline);
}

static void apply(rtc_rtp_transceiver *t, const struct encoding_settings *settings, uint32_t keyframes)
{
    rtc_rtp_sender *sender = &t->sender;
    for (size_t i = 0; i < sender->encoding_count; i++)
        sender->encodings[i].settings = settings[i];
    cap_encodings(t);
    bool waits = sender_awaits_answer(sender); /* what is sent is not any of these yet */
    if (!waits)
        follow_wished_codecs(t);
    for (size_t i = 0; i < sender->encoding_count && !waits; i++) {
        const struct sender_encoding *e = &sender->encodings[i];
        if (e->stream)
            rtp_session_set_stream_weight(transport_media(t->transport), e->stream, e->rtp.weight);
        if (e->stream)
            rtp_session_set_stream_scale(transport_media(t->transport), e->stream, e->rtp.scale);
        if (e->stream)
            rtp_session_set_stream_adaptive_ptime(transport_media(t->transport), e->stream, e->rtp.adaptive_ptime);
        if (e->stream)
            rtp_session_set_stream_bitrate(transport_media(t->transport), peer_now(t->connection), e->stream, e->rtp.max_bitrate_bps,
                                           transport_media_out(t->transport));
    }
    if (t->rtp_member)
        rtp_session_set_member_dscp(transport_media(t->transport), t->rtp_member, sender_dscp(t));
    sending_mark_again(t);
    if (sender->pipeline)
        send_pipeline_follow_settings(sender->pipeline);
    if (sender->pipeline && keyframes && t->kind == RTC_MEDIA_VIDEO)
        send_pipeline_request_keyframes(sender->pipeline, keyframes);
    peer_settle(t->connection);
}

/* Of all that is checked before anything changes. */
struct wished_parameters {
    rtc_rtp_parameters given;
    struct encoding_settings settings[RTP_ENCODINGS_MAX];
    uint32_t keyframes; /* a bit for each encoding */
};

static int take_options(rtc_peer_connection *pc, const rtc_set_parameter_options *given, size_t encodings, uint32_t *keyframes)
{
    rtc_set_parameter_options options;
    rtc_encoding_options one;
    *keyframes = 0;
    int error = given ? peer_options(pc, &options, sizeof options, given, "rtc_set_parameter_options") : RTC_OK;
    if (error || !given || options.encoding_option_count == 0)
        return error;
    if (options.encoding_option_count != encodings)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "there are options of %zu encodings, and %zu encodings",
                         options.encoding_option_count, encodings);
    for (size_t i = 0; i < encodings && !error; i++) {
        if (!options.encoding_options || !options.encoding_options[i])
            return peer_fail(pc, RTC_ERR_TYPE, "the options of encoding %zu are NULL", i);
        error = peer_options(pc, &one, sizeof one, options.encoding_options[i], "rtc_encoding_options");
        *keyframes |= !error && one.key_frame ? 1u << i : 0;
    }
    return error;
}

static int take_parameters(rtc_rtp_transceiver *t, const rtc_rtp_parameters *parameters, const rtc_set_parameter_options *options,
                           struct wished_parameters *out)
{
    rtc_peer_connection *pc = t->connection;
    rtc_rtp_parameters *now = NULL;
    int error = peer_options(pc, &out->given, sizeof out->given, parameters, "rtc_rtp_parameters");
    if (!error)
        error = check_given(pc, &t->sender, &out->given);
    if (!error && rtc_rtp_sender_get_parameters(&t->sender, &now))
        error = peer_end(pc, RTC_ERR_NO_MEMORY);
    const char *what = error ? NULL : changed(now, &out->given);
    if (what)
        error = peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "%s must be as it was read", what);
    if (!error)
        error = take_encodings(t, now, &out->given, out->settings);
    if (!error)
        error = take_options(pc, options, now->encoding_count, &out->keyframes);
    rtc_rtp_parameters_free(now);
    return error;
}

static int set_parameters(rtc_rtp_sender *sender, const rtc_rtp_parameters *parameters, const rtc_set_parameter_options *options,
                          const char *caller)
{
    if (!sender || !parameters)
        return error_say(RTC_ERR_TYPE, "%s: %s is NULL", caller, sender ? "parameters" : "sender");
    rtc_rtp_transceiver *t = of_sender(sender);
    struct wished_parameters wished;
    int error = transceiver_begin(t, caller);
    if (!error)
        error = take_parameters(t, parameters, options, &wished);
    if (error)
        return error;
    /* Only 0 needs to be told from what was not given. */
    sender->has_degradation_preference = wished.given.has_degradation_preference || wished.given.degradation_preference != 0;
    sender->degradation_preference = wished.given.degradation_preference;
    apply(t, wished.settings, wished.keyframes);
    return RTC_OK;
}

int rtc_rtp_sender_set_parameters(rtc_rtp_sender *sender, const rtc_rtp_parameters *parameters)
{
    return set_parameters(sender, parameters, NULL, "rtc_rtp_sender_set_parameters");
}

int rtc_rtp_sender_set_parameters_with(rtc_rtp_sender *sender, const rtc_rtp_parameters *parameters,
                                       const rtc_set_parameter_options *options)
{
    return set_parameters(sender, parameters, options, "rtc_rtp_sender_set_parameters_with");
}
