/* SPDX-License-Identifier: MIT */
/* See codec_mismatch.h. */
#include "codec_mismatch.h"

#include "capabilities.h"
#include "transceiver.h"

bool codec_mismatch(const rtc_peer_connection *pc, size_t index, struct text *out)
{
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation));
    const struct jsep_section *section = remote && index < remote->section_count ? &remote->sections[index] : NULL;
    struct capabilities ours;
    if (!section || section->rejected || (section->type != MEDIA_AUDIO && section->type != MEDIA_VIDEO))
        return false;
    capabilities_of(pc->context, section->type == MEDIA_AUDIO ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, &ours);
    if (jsep_codecs_meet(ours.codecs, ours.codec_count, section->rtp.codecs, section->rtp.codec_count))
        return false;
    if (!out)
        return true;
    text_print(out, "no codec in common: the peer offers ");
    jsep_list_codecs(section->rtp.codecs, section->rtp.codec_count, out);
    text_print(out, "; this side has ");
    jsep_list_codecs(ours.codecs, ours.codec_count, out);
    return true;
}

void codec_mismatch_log(const rtc_peer_connection *pc)
{
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation));
    for (size_t i = 0; remote && i < remote->section_count; i++) {
        struct text text = text_new(pc->context);
        char *why = codec_mismatch(pc, i, &text) ? text_take(&text) : NULL;
        if (why)
            peer_log(pc, RTC_LOG_WARNING, "section '%s' is rejected: %s", remote->sections[i].mid, why);
        memory_free(pc->context, why);
        text_fini(&text);
    }
}
