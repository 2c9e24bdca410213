/* SPDX-License-Identifier: MIT */
/* Planning of answers (RFC 9429 section 5.11): offer and answer are both known, and say what the transport, the media and the data channels
 * do from now on. */
#include "negotiation_answer.h"

#include "capabilities.h"
#include "fmtp.h"
#include "memory.h"
#include "negotiation_carriers.h"
#include "negotiation_offer.h"
#include "negotiation_tracks.h"

/* Everything about the exchange that its sections need. */
struct agreement {
    const struct session_description *local, *remote;
    bool final;                   /* no provisional answer */
    struct jsep_negotiated *said; /* of one section after the other */
};

static void read_remote_ssrcs(const struct jsep_section *remote, struct rtp_section *section)
{
    size_t count = remote->rtp.ssrc_count < RTP_SSRCS_MAX ? remote->rtp.ssrc_count : RTP_SSRCS_MAX;
    memcpy(section->remote_ssrcs, remote->rtp.ssrcs, count * sizeof section->remote_ssrcs[0]);
    memcpy(section->remote_rtx_ssrcs, remote->rtp.rtx_ssrcs, count * sizeof section->remote_rtx_ssrcs[0]);
    memcpy(section->fec.remote_ssrcs, remote->rtp.fec_ssrcs, count * sizeof section->fec.remote_ssrcs[0]);
    section->remote_ssrc_count = count;
    text_copy(section->remote_stream_id, sizeof section->remote_stream_id,
              remote->rtp.stream_count > 0 ? remote->rtp.stream_ids[0] : remote->rtp.cname);
}

uint32_t negotiation_bitrate_limit(uint64_t bandwidth_bps)
{
    return bandwidth_bps > UINT32_MAX ? 0 : bandwidth_bps == 0 ? 1 : (uint32_t)bandwidth_bps;
}

/* Formats of one codec may be alike to us: then the number tells them apart. */
static const struct jsep_codec *named_by(const struct jsep_section *remote, const struct jsep_codec *ours)
{
    const struct jsep_codec *found = NULL;
    for (size_t i = 0; i < remote->rtp.codec_count; i++) {
        const struct jsep_codec *theirs = &remote->rtp.codecs[i];
        if (jsep_codec_same(theirs, ours) && (!found || theirs->payload_type == ours->payload_type))
            found = theirs;
    }
    return found;
}

/* We receive by our own parameters, but for what the peer says of what it sends (RFC 6184 section 8.2.2, RFC 7587 section 6.1). */
static void fill_received(const struct jsep_section *remote, const struct jsep_codec *ours, struct rtp_codec *out)
{
    const struct jsep_codec *theirs = named_by(remote, ours);
    capabilities_read_codec(ours, out);
    if (theirs)
        fmtp_add(out->fmtp, sizeof out->fmtp, theirs->fmtp, "sprop-");
}

/* What is beside the codecs of video and repairs them; the others are the codecs. */
static void fill_codecs(const struct jsep_section *remote, const struct jsep_negotiated *n, struct rtp_section *section)
{
    bool video = section->kind == RTC_MEDIA_VIDEO;
    for (size_t i = 0; i < n->receive_codec_count && section->receive_codec_count < RTP_CODECS_MAX; i++)
        if (!video || !capabilities_read_parity(&n->receive_codecs[i], &section->fec.receive))
            fill_received(remote, &n->receive_codecs[i], &section->receive_codecs[section->receive_codec_count++]);
    for (size_t i = 0; video && i < remote->rtp.codec_count; i++)
        for (size_t k = 0; k < n->receive_codec_count; k++)
            if (jsep_codec_same(&remote->rtp.codecs[i], &n->receive_codecs[k]))
                (void)capabilities_read_parity(&remote->rtp.codecs[i], &section->fec.send);
}

/* In the peer's numbers, where it wraps what we send. */
static void fill_redundancy(const struct jsep_section *remote, const struct jsep_negotiated *n, struct rtp_section *section)
{
    const struct jsep_codec *wrapped = jsep_codec_wrapped(&n->send_codec, 1);
    for (size_t i = 0; wrapped && i < n->receive_codec_count; i++) {
        const struct jsep_codec *theirs = jsep_codec_is_redundancy(&n->receive_codecs[i]) ? named_by(remote, &n->receive_codecs[i]) : NULL;
        if (theirs)
            section->fec.redundancy = theirs->payload_type;
    }
}

static void fill_section(const struct transceiver_facts *t, const char *mid, const struct jsep_section *remote,
                         const struct jsep_negotiated *n, struct rtp_section *section)
{
    text_copy(section->mid, sizeof section->mid, mid);
    section->kind = t->kind;
    section->send = direction_sends(n->direction);
    section->receive = direction_receives(n->direction);
    section->reduced_size = n->rtcp_reduced_size;
    section->reference_times = n->rtcp_reference_times;
    capabilities_read_codec(&n->send_codec, &section->send_codec);
    bool tones = n->tone_codec.payload_type != JSEP_NO_PAYLOAD_TYPE;
    section->tone_payload_type = n->tone_codec.payload_type;
    section->tone_clock_rate = tones ? n->tone_codec.clock_rate : 0;
    fill_codecs(remote, n, section);
    fill_redundancy(remote, n, section);
    capabilities_read_extensions(n->extensions, n->extension_count, section);
    if (n->send_rids.count + n->receive_rids.count == 0) /* RFC 8852 section 3: only what has a=rid lines is named in packets */
        section->extension_ids[RTP_EXTENSION_RID] = section->extension_ids[RTP_EXTENSION_REPAIRED_RID] = 0;
    memcpy(section->encodings, t->encodings, sizeof section->encodings);
    section->encoding_count = t->encoding_count;
    for (size_t i = 0; n->send_codec.rtx_payload_type == JSEP_NO_PAYLOAD_TYPE && i < section->encoding_count; i++)
        section->encodings[i].rtx_ssrc = 0;
    if (section->fec.send.flexfec && section->encoding_count == 1) /* of several, nobody names the SSRC that it would protect */
        section->encodings[0].fec_ssrc = rtp_parity_ssrc(section->encodings[0].ssrc);
    for (size_t i = 0; i < n->receive_rids.count && i < RTP_RIDS_MAX; i++)
        text_copy(section->receive_rids[section->receive_rid_count++], sizeof section->receive_rids[0], n->receive_rids.all[i].id);
    read_remote_ssrcs(remote, section);
    section->peer_max_bitrate_bps = negotiation_bitrate_limit(remote->bandwidth_bps);
    for (size_t i = 0; i < section->encoding_count; i++) {
        section->encodings[i].ptime = remote->rtp.packet_ms;
        section->encodings[i].maxptime = remote->rtp.packet_most_ms;
    }
    section->dscp = t->dscp;
    section->playout = t->playout;
}

/* A section without a port to connect to wants no association, whatever else it says (RFC 8841 5.1). */
static bool has_data(const struct negotiation_plan *plan, const struct agreement *a, size_t i)
{
    const struct jsep_section *local = &a->local->sections[i], *remote = &a->remote->sections[i];
    bool agreed = local->type == MEDIA_APPLICATION && negotiation_carrier(plan, i) != TRANSPORT_NONE;
    return agreed && remote->sctp.data_channel && remote->sctp.port != 0;
}

_Static_assert((int)AGREED_ENCODINGS_MAX == (int)RTP_ENCODINGS_MAX, "all that a transceiver has");

/* webrtc-pc 4.4.1.5: an answer keeps the encodings that both name, and without any the first alone, if it sends at all; who stops sending
 * for a while goes on with all of them later. */
static void narrow_encodings(struct transceiver_facts *t, const struct jsep_negotiated *said)
{
    size_t kept = 0;
    if (!direction_sends(said->direction) || t->encoding_count < 2)
        return;
    for (size_t i = 0; i < t->encoding_count; i++)
        if (jsep_rids_find(&said->send_rids, t->encodings[i].rid)) {
            t->encodings[kept] = t->encodings[i];
            t->codecs[kept] = t->codecs[i];
            t->own_caps[kept++] = t->own_caps[i];
        }
    t->encoding_count = kept > 0 ? kept : 1;
    if (t->encoding_count == 1) /* nobody has to be left anything */
        t->encodings[0].max_bitrate_bps = t->own_caps[0];
}

/* The first that both know of those that the peer takes this stream in. */
static void choose_allowed(const struct jsep_section *theirs, const struct jsep_section *ours, struct agreed_encoding *e)
{
    struct jsep_codec codec;
    for (size_t i = 0; !jsep_rid_allows(&e->limits, e->codec.payload_type) && i < theirs->rtp.codec_count; i++) {
        const struct jsep_codec *named = &theirs->rtp.codecs[i];
        if (!jsep_codec_is_beside(named) && jsep_rid_allows(&e->limits, named->payload_type) &&
            jsep_common_codec(theirs, ours, named, &codec))
            e->codec = codec;
    }
}

static void read_limits(const struct jsep_section *theirs, struct agreed_encoding *e)
{
    const struct jsep_rid *rid = e->rid[0] ? jsep_rids_find(theirs->rtp.recv_rids, e->rid) : NULL;
    e->limits = (struct jsep_rid_limits){.max_width = 0};
    if (rid)
        (void)jsep_rid_read_limits(rid->restrictions, &e->limits); /* what breaks the grammar restricts nothing */
}

/* The cap of ours or that of the peer, whichever is less. */
static void cap_rates(const struct agreed_media *media, struct rtp_section *rtp)
{
    for (size_t i = 0; i < rtp->encoding_count && i < media->encoding_count; i++) {
        uint32_t *ours = &rtp->encodings[i].max_bitrate_bps, theirs = media->encodings[i].limits.max_bitrate_bps;
        *ours = theirs > 0 && (*ours == 0 || theirs < *ours) ? theirs : *ours;
    }
}

/* Each has the codec that is wanted for it, if that is agreed on. */
static void agree_encodings(const struct transceiver_facts *t, const struct agreement *a, size_t section, struct agreed_media *media)
{
    media->encoding_count = t->encoding_count;
    for (size_t i = 0; i < t->encoding_count; i++) {
        struct agreed_encoding *e = &media->encodings[i];
        text_copy(e->rid, sizeof e->rid, t->encodings[i].rid);
        const struct jsep_section *theirs = &a->remote->sections[section], *ours = &a->local->sections[section];
        read_limits(theirs, e);
        if (!t->codecs[i] || !jsep_common_codec(theirs, ours, t->codecs[i], &e->codec))
            e->codec = a->said->send_codec;
        choose_allowed(theirs, ours, e);
    }
}

static void plan_data(struct negotiation_plan *plan, const struct agreement *a, size_t i)
{
    struct negotiation_state *next = &plan->next;
    next->data_transport = negotiation_carrier(plan, i);
    struct agreed_transport *agreed = &next->transports[next->data_transport];
    agreed->sctp_port = a->remote->sections[i].sctp.port;
    agreed->max_message_size = a->remote->sections[i].sctp.max_message_size;
    struct effect *data = negotiation_plan_add(plan, EFFECT_DATA, 0);
    data->section = i;
    data->transport = next->data_transport;
    data->anew = agreed->renewed;
}

/* The peer takes nothing of what we described, but something that we can send (webrtc-pc 5.2, [[SendCodecs]]; RFC 9429 section 5.3.1: an
 * answer may name formats that were not offered). */
static void send_what_was_not_offered(const struct negotiation_plan *plan, const struct agreement *a, size_t i, rtc_media_kind kind)
{
    struct capabilities can;
    if (!direction_sends(a->said->direction) || a->said->send_codec.payload_type != JSEP_NO_PAYLOAD_TYPE)
        return;
    capabilities_of(plan->context, kind, &can);
    (void)jsep_codec_for_sending(&a->remote->sections[i], can.codecs, can.codec_count, &a->said->send_codec);
}

static void plan_media(struct negotiation_plan *plan, const struct agreement *a, size_t i, struct agreed_media *media)
{
    struct transceiver_facts *t = negotiation_plan_transceiver(plan, media->transceiver);
    if (!t)
        return;
    if (a->said->rejected) {
        if (a->final) /* before, nothing is given up (RFC 9429 section 4.1.10.1) */
            negotiation_plan_stop(plan, t);
        return;
    }
    narrow_encodings(t, a->said);
    send_what_was_not_offered(plan, a, i, t->kind);
    struct rtp_section *rtp = &plan->rtp[plan->rtp_count++];
    fill_section(t, media->mid, &a->remote->sections[i], a->said, rtp);
    media->transport = negotiation_carrier(plan, i);
    media->answered = true;
    media->direction = a->said->direction;
    media->codec = a->said->send_codec;
    agree_encodings(t, a, i, media);
    cap_rates(media, rtp);
    negotiation_plan_add(plan, EFFECT_MEDIA, t->number)->rtp = rtp;
}

static void plan_section(struct negotiation_plan *plan, const struct agreement *a, size_t i)
{
    const struct jsep_section *local = &a->local->sections[i], *remote = &a->remote->sections[i];
    struct agreed_media *media = negotiation_is_media(local) ? negotiation_state_by_mid(&plan->next, local->mid) : NULL;
    jsep_negotiate(local, remote, a->said);
    a->said->rejected = a->said->rejected || negotiation_carrier(plan, i) == TRANSPORT_NONE;
    if (a->said->rejected && !local->rejected && !remote->rejected)
        negotiation_plan_add(plan, EFFECT_UNBUNDLED, 0)->section = i;
    if (has_data(plan, a, i))
        plan_data(plan, a, i);
    else if (media)
        plan_media(plan, a, i, media);
}

/* The association that there was ends, or the one that was offered is refused, with all channels that waited for it. Those made since a
 * section was rejected wait for the next offer of ours, whatever is said of that section. */
static void end_data_unless_agreed(const struct negotiation_facts *facts, struct negotiation_plan *plan, const struct agreement *a,
                                   const struct session_description *offer)
{
    bool asked = negotiation_state_has_data(facts->stable);
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        if (has_data(plan, a, i))
            return;
        asked =
            asked || (section->type == MEDIA_APPLICATION && !section->rejected && section->sctp.data_channel && section->sctp.port != 0);
    }
    if (asked)
        negotiation_plan_add(plan, EFFECT_NO_DATA, 0)->transport = plan->next.data_transport;
}

/* What this exchange has said of a section: it is not there any more. */
static bool is_rejected(const struct session_description *d, const char *mid)
{
    int i = session_description_find(d, mid);
    return i >= 0 && d->sections[i].rejected;
}

/* webrtc-pc 4.4.1.5: in the stable state, transceivers whose section is rejected leave the connection; with them go those that were told to
 * stop before they had one, of which no description will ever speak. */
static void remove_stopped(struct negotiation_plan *plan)
{
    for (size_t i = 0; i < plan->transceiver_count; i++) {
        struct transceiver_facts *t = &plan->transceivers[i];
        struct agreed_media *media = negotiation_state_of(&plan->next, t->number);
        bool settled = !media || is_rejected(plan->next.local->parsed, media->mid) || is_rejected(plan->next.remote->parsed, media->mid);
        if (!settled || !(t->stopped || (t->stopping && !media)))
            continue;
        (void)negotiation_plan_add(plan, EFFECT_REMOVE, t->number);
        if (media)
            media->mid[0] = 0;
    }
    negotiation_plan_sweep(&plan->next);
}

static bool has_effect(const struct negotiation_plan *plan, enum effect_type type)
{
    for (size_t i = 0; i < plan->effect_count; i++)
        if (plan->effects[i].type == type)
            return true;
    return false;
}

int negotiation_plan_answer(const struct negotiation_facts *facts, struct negotiation_plan *plan, bool local_offered, struct sdp_error *why)
{
    struct agreement a = {
        .local = plan->next.local->parsed, .remote = plan->next.remote->parsed, .final = plan->signaling == RTC_SIGNALING_STABLE};
    a.said = memory_alloc(plan->context, sizeof *a.said);
    if (!a.said)
        return RTC_ERR_NO_MEMORY;
    if (local_offered)
        (void)negotiation_plan_add(plan, EFFECT_MISMATCHES, 0);
    int error = negotiation_carry_answer(facts, plan, local_offered, why);
    if (error) {
        memory_free(plan->context, a.said);
        return error;
    }
    for (size_t i = 0; i < a.local->section_count; i++)
        plan_section(plan, &a, i);
    (void)negotiation_plan_add(plan, EFFECT_BANDWIDTH, 0);
    if (a.final)
        end_data_unless_agreed(facts, plan, &a, local_offered ? a.local : a.remote);
    memory_free(plan->context, a.said);
    (void)negotiation_plan_add(plan, EFFECT_SIGNALING, 0);
    if (has_effect(plan, EFFECT_DATA))
        negotiation_plan_add(plan, EFFECT_CHANNEL_IDS, 0)->transport = plan->next.data_transport;
    if (local_offered)
        negotiation_plan_follow_tracks(plan, a.remote);
    else
        negotiation_plan_follow_answer(plan, a.local);
    negotiation_plan_tell_tracks(plan, negotiation_facts_now(facts));
    if (a.final)
        remove_stopped(plan);
    return RTC_OK;
}
