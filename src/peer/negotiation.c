/* SPDX-License-Identifier: MIT */
/* What descriptions mean for a connection (RFC 9429 section 5.9 to 5.11; webrtc-pc 4.4.1.5, 4.7.3): transceivers are associated, tracks
 * appear and vanish, the transport starts, the media follow. */
#include "dscp.h"
#include "peer.h"
#include "transceiver.h"
#include "transport.h"

int negotiation_transport_section(const struct session_description *d)
{
    for (size_t i = 0; d && i < d->section_count; i++)
        if (!d->sections[i].rejected)
            return (int)session_description_tagged(d, i);
    return -1;
}

int negotiation_agreed_section(const rtc_peer_connection *pc, const struct session_description *d)
{
    int agreed = d && pc->transport_mid[0] ? session_description_find(d, pc->transport_mid) : -1;
    if (agreed < 0 || d->sections[agreed].rejected)
        return negotiation_transport_section(d);
    return (int)session_description_tagged(d, (size_t)agreed);
}

static rtc_media_kind kind_of(const struct jsep_section *section)
{
    return section->type == MEDIA_AUDIO ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO;
}

static bool is_media(const struct jsep_section *section)
{
    return section->type == MEDIA_AUDIO || section->type == MEDIA_VIDEO;
}

static void set_mid(rtc_rtp_transceiver *t, const char *mid)
{
    text_copy(t->mid, sizeof t->mid, mid);
}

/* The oldest transceiver of this kind that has no section yet. */
static rtc_rtp_transceiver *unassociated(rtc_peer_connection *pc, rtc_media_kind kind, bool only_add_track)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (!t->mid[0] && !t->stopped && t->kind == kind && (t->created_by_add_track || !only_add_track))
            return t;
    }
    return NULL;
}

int negotiation_local_offer(rtc_peer_connection *pc, const struct session_description *offer)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        if (!is_media(section) || section->rejected || transceiver_by_mid(pc, section->mid))
            continue;
        rtc_rtp_transceiver *t = unassociated(pc, kind_of(section), false);
        if (t)
            set_mid(t, section->mid);
    }
    return RTC_OK;
}

static int find_or_make(rtc_peer_connection *pc, const struct jsep_section *section, rtc_rtp_transceiver **out)
{
    *out = transceiver_by_mid(pc, section->mid);
    if (!*out && (section->direction & DIRECTION_RECVONLY))
        *out = unassociated(pc, kind_of(section), true);
    if (!*out) {
        int error = transceiver_new(pc, kind_of(section), RTC_DIRECTION_RECVONLY, out);
        if (error)
            return error;
    }
    if (!(*out)->mid[0])
        set_mid(*out, section->mid);
    return RTC_OK;
}

static void tell_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t)
{
    struct user_event *e = event_queue_add(pc, USER_TRACK, 0, NULL, t);
    struct track_streams *streams = e ? memory_zeroed(pc->context, sizeof *streams) : NULL;
    if (!e)
        return;
    e->object = streams;
    if (!streams) {
        e->type = USER_NEGOTIATION_NEEDED; /* a harmless event in its place: the connection fails anyway */
        peer_give_up(pc);
        return;
    }
    streams->count = t->receiver.stream_count;
    memcpy(streams->ids, t->receiver.stream_ids, sizeof streams->ids);
}

/* The remote side begins or ends sending in this section (webrtc-pc 4.4.1.5, "process the addition/removal of a remote track"). */
static void follow_remote_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct jsep_section *section)
{
    bool sends = !section->rejected && (section->direction & DIRECTION_SENDONLY);
    t->receiver.stream_count = sends ? section->stream_count : 0;
    memcpy(t->receiver.stream_ids, section->stream_ids, sizeof t->receiver.stream_ids);
    if (sends == t->receiver.active)
        return;
    t->receiver.active = sends;
    if (sends)
        tell_track(pc, t);
    else
        transceiver_set_muted(t, true);
}

/* Forgets the transceivers that an offer made, which then was not set after all, and whom it took. */
static void undo_remote_offer(rtc_peer_connection *pc, size_t count_before)
{
    while (pc->transceiver_count > count_before)
        transceiver_detach(link_owner(pc->transceivers.prev, rtc_rtp_transceiver, link));
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (!t->has_current_direction)
            memset(t->mid, 0, sizeof t->mid); /* the offer in have-remote-offer before this one, if any, finds it again */
    }
}

int negotiation_remote_offer(rtc_peer_connection *pc, const struct session_description *offer)
{
    size_t count_before = pc->transceiver_count;
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        rtc_rtp_transceiver *t;
        int error = is_media(section) && !section->rejected ? find_or_make(pc, section, &t) : RTC_OK;
        if (error) {
            undo_remote_offer(pc, count_before);
            return error;
        }
    }
    return RTC_OK;
}

void negotiation_follow_tracks(rtc_peer_connection *pc, const struct session_description *remote)
{
    for (size_t i = 0; i < remote->section_count; i++) {
        const struct jsep_section *section = &remote->sections[i];
        rtc_rtp_transceiver *t = is_media(section) ? transceiver_by_mid(pc, section->mid) : NULL;
        if (t && !t->stopped)
            follow_remote_track(pc, t, section);
        if (t && section->rejected)
            transceiver_stop(t);
    }
}

/* The remote credentials and candidates of the transport's section reach the agent. */
static int apply_remote_ice(rtc_peer_connection *pc, const struct jsep_section *section)
{
    struct transport *t = pc->transport;
    struct ice_agent *agent = transport_ice_agree(t, pc->now);
    if (section->ice_lite)
        ice_agent_set_remote_lite(agent);
    int error = ice_agent_set_remote_credentials(agent, pc->now, section->ice_ufrag, section->ice_pwd, &t->out);
    if (error)
        return peer_fail(pc, error, "the ICE credentials are not acceptable");
    for (size_t i = 0; i < section->candidate_count; i++) {
        struct ice_candidate candidate;
        peer_log(pc, RTC_LOG_INFO, "remote %.*s", (int)section->candidates[i].len, (const char *)section->candidates[i].data);
        if (ice_candidate_parse(section->candidates[i], &candidate) == RTC_OK)
            (void)ice_agent_add_remote_candidate(agent, pc->now, &candidate, &t->out); /* beyond the limit: dropped and counted */
        else
            log_write(pc->context, RTC_LOG_WARNING, "peer", "not a candidate: '%.*s'", (int)section->candidates[i].len,
                      (const char *)section->candidates[i].data);
    }
    if (section->end_of_candidates || !section->ice_trickle)
        ice_agent_end_of_remote_candidates(agent, pc->now, &t->out);
    return RTC_OK;
}

static void read_codec(const struct jsep_codec *from, struct rtp_codec *to)
{
    struct slice fec = jsep_fmtp_value(from->fmtp, "useinbandfec");
    *to = (struct rtp_codec){
        .payload_type = from->payload_type,
        .rtx_payload_type = from->rtx_payload_type,
        .clock_rate = from->clock_rate,
        .channels = from->channels,
        .nack = from->nack,
        .pli = from->nack_pli,
        .fir = from->ccm_fir,
        .remb = from->goog_remb,
        .inband_fec = slice_is(fec, "1"),
    };
    text_copy(to->name, sizeof to->name, from->name);
}

static void read_extensions(const struct jsep_negotiated *n, uint8_t ids[RTP_EXTENSIONS])
{
    static const char *const uris[RTP_EXTENSIONS] = {
        [RTP_EXTENSION_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
        [RTP_EXTENSION_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        [RTP_EXTENSION_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        [RTP_EXTENSION_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        [RTP_EXTENSION_ABS_SEND_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    };
    for (size_t i = 0; i < n->extension_count; i++)
        for (size_t k = 0; k < RTP_EXTENSIONS; k++)
            if (strcmp(n->extensions[i].uri, uris[k]) == 0)
                ids[k] = (uint8_t)n->extensions[i].id;
}

static void read_remote_ssrcs(const struct jsep_section *remote, struct rtp_section *section)
{
    size_t count = remote->ssrc_count < RTP_SSRCS_MAX ? remote->ssrc_count : RTP_SSRCS_MAX;
    memcpy(section->remote_ssrcs, remote->ssrcs, count * sizeof section->remote_ssrcs[0]);
    memcpy(section->remote_rtx_ssrcs, remote->rtx_ssrcs, count * sizeof section->remote_rtx_ssrcs[0]);
    section->remote_ssrc_count = count;
    text_copy(section->remote_stream_id, sizeof section->remote_stream_id,
              remote->stream_count > 0 ? remote->stream_ids[0] : remote->cname);
}

static void fill_section(const rtc_rtp_transceiver *t, const struct jsep_section *remote, const struct jsep_negotiated *n,
                         struct rtp_section *section)
{
    text_copy(section->mid, sizeof section->mid, t->mid);
    section->kind = t->kind;
    section->send = (n->direction & DIRECTION_SENDONLY) != 0;
    section->receive = (n->direction & DIRECTION_RECVONLY) != 0;
    section->reduced_size = n->rtcp_reduced_size;
    read_codec(&n->send_codec, &section->send_codec);
    for (size_t i = 0; i < n->receive_codec_count && section->receive_codec_count < RTP_CODECS_MAX; i++)
        read_codec(&n->receive_codecs[i], &section->receive_codecs[section->receive_codec_count++]);
    read_extensions(n, section->extension_ids);
    section->ssrc = t->sender.ssrc;
    section->rtx_ssrc = n->send_codec.rtx_payload_type != JSEP_NO_PAYLOAD_TYPE ? t->sender.rtx_ssrc : 0;
    read_remote_ssrcs(remote, section);
    section->max_bitrate_bps = t->sender.max_bitrate_bps;
    section->dscp = dscp_of_media(t->kind, t->sender.priority);
}

static int apply_media(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote,
                       struct jsep_negotiated *n)
{
    rtc_rtp_transceiver *t = transceiver_by_mid(pc, local->mid);
    if (!t)
        return RTC_OK;
    if (n->rejected) {
        transceiver_stop(t);
        return RTC_OK;
    }
    int error = transport_need_rtp(pc->transport);
    struct rtp_section *section = error ? NULL : memory_zeroed(pc->context, sizeof *section);
    if (!section)
        return error ? error : RTC_ERR_NO_MEMORY;
    fill_section(t, remote, n, section);
    error = rtp_session_set_section(pc->transport->rtp, pc->now, section, &t->section, &pc->transport->rtp_out);
    memory_free(pc->context, section);
    if (error)
        return peer_fail(pc, error, "the section '%s' can not be set up", local->mid);
    t->current_direction = (rtc_rtp_direction)n->direction;
    t->has_current_direction = true;
    t->has_sent = t->has_sent || transceiver_sends(t->current_direction);
    t->sender.codec = n->send_codec;
    transceiver_update_sending(t);
    return RTC_OK;
}

static int apply_section(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote)
{
    struct jsep_negotiated *n = memory_zeroed(pc->context, sizeof *n);
    int error = n ? RTC_OK : RTC_ERR_NO_MEMORY;
    if (error)
        return error;
    jsep_negotiate(local, remote, n);
    if (local->type == MEDIA_APPLICATION && !n->rejected) {
        error = transport_need_channels(pc->transport);
        if (!error)
            transport_start_sctp(pc->transport, pc->now, remote->max_message_size);
    } else if (is_media(local)) {
        error = apply_media(pc, local, remote, n);
    }
    memory_free(pc->context, n);
    return error;
}

/* RFC 8842 5.3: the answerer's a=setup decides. */
static enum dtls_role our_role(const struct jsep_section *local, const struct jsep_section *remote, bool local_offered)
{
    enum setup_role answered = local_offered ? remote->setup : local->setup;
    bool answerer_is_client = answered != SETUP_PASSIVE;
    return answerer_is_client == local_offered ? DTLS_SERVER : DTLS_CLIENT;
}

static int start_transport(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote, bool local_offered)
{
    memcpy(pc->transport_mid, local->mid, sizeof pc->transport_mid); /* candidates that are still to come carry the agreed section's name */
    int error = apply_remote_ice(pc, remote);
    return error ? error : transport_start_dtls(pc->transport, pc->now, our_role(local, remote, local_offered), remote);
}

int negotiation_complete(rtc_peer_connection *pc, const struct session_description *local, const struct session_description *remote,
                         bool local_offered)
{
    const struct session_description *answer = local_offered ? remote : local;
    int index = negotiation_transport_section(answer), error = RTC_OK;
    if (index >= 0) /* else everything is rejected */
        error = start_transport(pc, &local->sections[index], &remote->sections[index], local_offered);
    for (size_t i = 0; i < answer->section_count && !error; i++)
        error = apply_section(pc, &local->sections[i], &remote->sections[i]);
    return error;
}

/* webrtc-pc 4.7.3, "check if negotiation is needed". */
static bool transceiver_needs(const rtc_peer_connection *pc, const rtc_rtp_transceiver *t)
{
    const struct session_description *local = pc->current_local.parsed, *remote = pc->current_remote.parsed;
    if (t->stopped)
        return false;
    int l = t->mid[0] && local ? session_description_find(local, t->mid) : -1;
    int r = t->mid[0] && remote ? session_description_find(remote, t->mid) : -1;
    if (l < 0 || r < 0)
        return true;
    enum direction theirs = remote->sections[r].direction, ours = local->sections[l].direction;
    enum direction reversed = (enum direction)((theirs >> 1 & 1) | (theirs << 1 & 2));
    if (pc->current_local.type == RTC_SDP_OFFER)
        return (enum direction)t->direction != ours && (enum direction)t->direction != reversed;
    return ((enum direction)t->direction & reversed) != ours;
}

bool negotiation_is_needed(rtc_peer_connection *pc)
{
    const struct session_description *local = pc->current_local.parsed;
    if (pc->to_replace_count > 0)
        return true;
    bool has_data = false; /* one that the peer rejected counts too: asking again and again would not change its mind */
    for (size_t i = 0; local && i < local->section_count; i++)
        has_data = has_data || local->sections[i].type == MEDIA_APPLICATION;
    if (pc->wants_data && !has_data)
        return true;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        if (transceiver_needs(pc, link_owner(l, rtc_rtp_transceiver, link)))
            return true;
    return false;
}
