/* SPDX-License-Identifier: MIT */
/* setCodecPreferences (webrtc-pc 5.4.1). */
#include "capabilities.h"
#include "kept_configuration.h"
#include "peer.h"
#include "rtp_parameters.h"

static bool is_listed(const struct codec_preferences *p, const struct jsep_codec *codec)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->codecs[i].payload_type == codec->payload_type)
            return true;
    return false;
}

/* What it names of what can be received; *repair: it is what repairs others. NULL: nothing. */
static const struct jsep_codec *find(const struct capabilities *can, rtc_media_kind kind, const rtc_rtp_codec *wanted, bool *repair)
{
    struct public_codec said;
    *repair = false;
    for (size_t i = 0; i < can->codec_count; i++) {
        public_codec_set(&said, kind, &can->codecs[i]);
        if (public_codec_matches(&said.codec, wanted))
            return &can->codecs[i];
        if (can->codecs[i].rtx_payload_type == JSEP_NO_PAYLOAD_TYPE)
            continue;
        public_codec_set_rtx(&said, kind, &can->codecs[i], JSEP_NO_PAYLOAD_TYPE);
        *repair = public_codec_matches(&said.codec, wanted);
        if (*repair)
            return &can->codecs[i];
    }
    return NULL;
}

static int take(rtc_rtp_transceiver *t, const rtc_rtp_codec *const *codecs, size_t count, struct codec_preferences *out)
{
    struct capabilities can;
    bool repaired = false;
    capabilities_of(t->context, t->kind, &can);
    for (size_t i = 0; i < count; i++) {
        rtc_rtp_codec wanted;
        bool repair;
        if (!codecs || !codecs[i])
            return peer_fail(t->connection, RTC_ERR_TYPE, "codec %zu is NULL", i);
        int error = peer_options(t->connection, &wanted, sizeof wanted, codecs[i], "rtc_rtp_codec");
        if (error)
            return error;
        const struct jsep_codec *known = find(&can, t->kind, &wanted, &repair);
        if (!known)
            return peer_fail(t->connection, RTC_ERR_INVALID_MODIFICATION, "codec %zu, '%.60s', can not be received like this", i,
                             wanted.mime_type ? wanted.mime_type : "");
        repaired = repaired || repair;
        if (!repair && !is_listed(out, known))
            out->codecs[out->count++] = *known;
    }
    bool any = false;
    for (size_t i = 0; i < out->count; i++) {
        any = any || !jsep_codec_is_beside(&out->codecs[i]);
        if (t->connection && kept_configuration_show(t->connection->configuration)->use_dtx)
            capabilities_ask_dtx(&out->codecs[i]);
        if (!repaired) /* the list names no repair: nothing is repaired */
            out->codecs[i].rtx_payload_type = JSEP_NO_PAYLOAD_TYPE;
    }
    return any ? RTC_OK : peer_fail(t->connection, RTC_ERR_INVALID_MODIFICATION, "none of the codecs is one that media is sent with");
}

int rtc_rtp_transceiver_set_codec_preferences(rtc_rtp_transceiver *t, const rtc_rtp_codec *const *codecs, size_t count)
{
    struct codec_preferences preferences = {0};
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_rtp_transceiver_set_codec_preferences: transceiver is NULL");
    int error =
        t->connection ? peer_begin(t->connection) : RTC_OK; /* also of one that is stopped, or whose connection is closed: in vain */
    if (!error && count > 0)                                /* an empty list takes the preferences back */
        error = take(t, codecs, count, &preferences);
    if (!error)
        t->preferences = preferences;
    return error;
}
