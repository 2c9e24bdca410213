/* SPDX-License-Identifier: MIT */
/* What two descriptions of one section agree on (RFC 3264 sections 6 and 7): we send in the numbers and by the wishes of the remote
 * description, and receive by our own. */
#include "jsep_internal.h"

static struct jsep_codec agree(const struct jsep_codec *named, const struct jsep_codec *other)
{
    struct jsep_codec codec = *named;
    jsep_codec_restrict(&codec, other);
    return codec;
}

/* RFC 4733 section 2.1: events share the clock of the sound beside them. Firefox names 8000 Hz alone: then durations count by that. */
static void negotiate_tones(const struct jsep_section *local, const struct jsep_section *remote, struct jsep_negotiated *out)
{
    out->tone_codec = (struct jsep_codec){.payload_type = JSEP_NO_PAYLOAD_TYPE, .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE};
    for (size_t i = 0; i < remote->rtp.codec_count; i++) {
        const struct jsep_codec *theirs = &remote->rtp.codecs[i];
        if (!jsep_codec_has_tones(theirs) || !jsep_codec_find(local->rtp.codecs, local->rtp.codec_count, theirs))
            continue;
        if (out->tone_codec.payload_type == JSEP_NO_PAYLOAD_TYPE || theirs->clock_rate == out->send_codec.clock_rate)
            out->tone_codec = *theirs;
    }
}

static void negotiate_codecs(const struct jsep_section *local, const struct jsep_section *remote, struct jsep_negotiated *out)
{
    out->send_codec = (struct jsep_codec){.payload_type = JSEP_NO_PAYLOAD_TYPE, .rtx_payload_type = JSEP_NO_PAYLOAD_TYPE};
    for (size_t i = 0; i < remote->rtp.codec_count; i++) {
        const struct jsep_codec *theirs = &remote->rtp.codecs[i],
                                *ours = jsep_codec_find(local->rtp.codecs, local->rtp.codec_count, theirs);
        if (ours && !jsep_codec_is_auxiliary(theirs)) {
            out->send_codec = agree(theirs, ours);
            break;
        }
    }
    for (size_t i = 0; i < local->rtp.codec_count; i++) {
        const struct jsep_codec *ours = &local->rtp.codecs[i], *theirs = jsep_codec_find(remote->rtp.codecs, remote->rtp.codec_count, ours);
        if (theirs)
            out->receive_codecs[out->receive_codec_count++] = agree(ours, theirs);
    }
}

static void negotiate_extensions(const struct jsep_section *local, const struct jsep_section *remote, struct jsep_negotiated *out)
{
    for (size_t i = 0; i < local->rtp.extension_count; i++) {
        const struct jsep_extension *ours = &local->rtp.extensions[i];
        const struct jsep_extension *theirs = jsep_extension_find(remote->rtp.extensions, remote->rtp.extension_count, ours->uri);
        rtc_rtp_direction direction =
            theirs ? direction_and(ours->direction, direction_reverse(theirs->direction)) : RTC_DIRECTION_INACTIVE;
        if (direction == RTC_DIRECTION_INACTIVE)
            continue;
        struct jsep_extension *agreed = &out->extensions[out->extension_count++];
        *agreed = *ours;
        agreed->direction = direction;
        /* When we answered, our ids are the offer's; when they did, theirs count. Over 255 one asks the answer for a number (RFC 8285
         * section 7). */
        if (theirs->id <= 255)
            agreed->id = theirs->id;
        out->extension_count -= agreed->id > 255 ? 1 : 0;
    }
}

/* Those of `rids` that `other` has, too. */
static void meet(const struct jsep_rids *rids, const struct jsep_rids *other, struct jsep_rids *out)
{
    for (size_t i = 0; i < rids->count; i++)
        if (jsep_rids_find(other, rids->all[i].id))
            out->all[out->count++] = rids->all[i];
}

void jsep_negotiate(const struct jsep_section *local, const struct jsep_section *remote, struct jsep_negotiated *out)
{
    *out = (struct jsep_negotiated){.rejected = local->rejected || remote->rejected};
    out->direction = out->rejected ? RTC_DIRECTION_INACTIVE : direction_and(local->direction, direction_reverse(remote->direction));
    out->rtcp_reduced_size = local->rtp.rtcp_reduced_size && remote->rtp.rtcp_reduced_size;
    out->rtcp_reference_times = local->rtp.rtcp_reference_times && remote->rtp.rtcp_reference_times;
    negotiate_codecs(local, remote, out);
    negotiate_tones(local, remote, out);
    negotiate_extensions(local, remote, out);
    meet(local->rtp.send_rids, remote->rtp.recv_rids, &out->send_rids);
    meet(remote->rtp.send_rids, local->rtp.recv_rids, &out->receive_rids);
}
