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
    int agreed = d && pc->negotiation.transport_mid[0] ? session_description_find(d, pc->negotiation.transport_mid) : -1;
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
    if (!*out && direction_receives(section->direction))
        *out = unassociated(pc, kind_of(section), true);
    if (*out)
        return RTC_OK;
    int error = transceiver_new(pc, kind_of(section), RTC_DIRECTION_RECVONLY, out);
    if (!error)
        (*out)->made_by_offer = true;
    return error;
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

static bool knows_stream(const struct rtc_rtp_receiver *receiver, const char *id)
{
    for (size_t i = 0; i < receiver->stream_count; i++)
        if (strcmp(receiver->stream_ids[i], id) == 0)
            return true;
    return false;
}

/* True when the track came into a stream that it was not in (webrtc-pc 4.4.1.5, "set the associated remote streams"). */
static bool follow_streams(struct rtc_rtp_receiver *receiver, const struct jsep_section *section, bool sends)
{
    size_t count = sends ? section->stream_count : 0;
    bool more = false;
    for (size_t i = 0; i < count; i++)
        more = more || !knows_stream(receiver, section->stream_ids[i]);
    receiver->stream_count = count;
    memcpy(receiver->stream_ids, section->stream_ids, sizeof receiver->stream_ids);
    return more;
}

/* What [[FiredDirection]] says: the `track` event comes again after this. */
static void remove_remote_track(rtc_rtp_transceiver *t)
{
    t->receiver.stream_count = 0;
    t->receiver.active = false;
    media_track_set_muted(t->receiver.track, true);
}

/* The remote side begins or ends sending in this section (webrtc-pc 4.4.1.5, "process the addition/removal of a remote track"). */
static void follow_remote_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t, const struct jsep_section *section)
{
    bool sends = !section->rejected && direction_sends(section->direction);
    bool more = follow_streams(&t->receiver, section, sends), begins = sends && !t->receiver.active;
    if (!sends && t->receiver.active)
        remove_remote_track(t);
    t->receiver.active = sends;
    if (begins || more)
        tell_track(pc, t);
}

/* Which mids the transceivers had, in their order, before a remote offer. */
struct association {
    char mid[JSEP_ID_MAX];
};

static bool has_section(const struct session_description *d, const rtc_rtp_transceiver *t)
{
    int i = d ? session_description_find(d, t->mid) : -1;
    return i >= 0 && !d->sections[i].rejected && is_media(&d->sections[i]) && kind_of(&d->sections[i]) == t->kind;
}

/* An offer that replaces another takes back what only that one said: what it does not speak of has no section any more. */
static void let_go(rtc_peer_connection *pc, const struct session_description *offer, struct association *before)
{
    const struct session_description *agreed = description_says(pc->negotiation.stable.local);
    size_t n = 0;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        memcpy(before[n++].mid, t->mid, sizeof t->mid);
        if (t->mid[0] && !t->stopped && !has_section(offer, t) && (!agreed || session_description_find(agreed, t->mid) < 0))
            memset(t->mid, 0, sizeof t->mid);
    }
}

static int take_sections(rtc_peer_connection *pc, const struct session_description *offer)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct jsep_section *section = &offer->sections[i];
        rtc_rtp_transceiver *t;
        if (!is_media(section) || section->rejected)
            continue;
        int error = find_or_make(pc, section, &t);
        if (error)
            return error;
        set_mid(t, section->mid);
    }
    return RTC_OK;
}

/* Forgets the transceivers that an offer made, which then was not set after all; the others have the sections that they had. */
static void undo_remote_offer(rtc_peer_connection *pc, const struct association *before, size_t count)
{
    while (pc->transceiver_count > count)
        transceiver_detach(link_owner(pc->transceivers.prev, rtc_rtp_transceiver, link));
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next, before++)
        memcpy(link_owner(l, rtc_rtp_transceiver, link)->mid, before->mid, sizeof before->mid);
}

/* What came with a section that is no more goes with it (RFC 9429 section 5.7, which says so of rollback): the remote track, and the
 * transceiver too, unless the application gave it a track. */
static void forget_replaced(rtc_peer_connection *pc, const struct association *before, size_t count)
{
    struct link *l = pc->transceivers.next, *next;
    for (size_t i = 0; i < count; i++, l = next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        next = l->next;
        if (!before[i].mid[0] || strcmp(before[i].mid, t->mid) == 0)
            continue;
        remove_remote_track(t);
        if (!t->mid[0] && t->made_by_offer && !t->sender.track)
            transceiver_detach(t);
    }
}

int negotiation_remote_offer(rtc_peer_connection *pc, const struct session_description *offer)
{
    size_t count = pc->transceiver_count;
    struct association *before = memory_zeroed(pc->context, (count + 1) * sizeof *before);
    if (!before)
        return RTC_ERR_NO_MEMORY;
    let_go(pc, offer, before);
    int error = take_sections(pc, offer);
    if (error)
        undo_remote_offer(pc, before, count);
    else
        forget_replaced(pc, before, count);
    memory_free(pc->context, before);
    return error;
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

void negotiation_follow_answer(rtc_peer_connection *pc, const struct session_description *answer)
{
    for (size_t i = 0; i < answer->section_count; i++) {
        const struct jsep_section *section = &answer->sections[i];
        rtc_rtp_transceiver *t = is_media(section) && !section->rejected ? transceiver_by_mid(pc, section->mid) : NULL;
        if (t && t->receiver.active && !direction_receives(section->direction))
            remove_remote_track(t);
    }
}

/* The remote candidates of the transport's section reach the agent. */
static void apply_candidates(rtc_peer_connection *pc, struct ice_agent *agent, const struct jsep_section *section)
{
    struct transport *t = pc->transport;
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
}

/* Whether apply_ice will find these credentials acceptable. */
static int check_ice(rtc_peer_connection *pc, const struct jsep_section *section)
{
    const struct ice_agent *agent = transport_ice_latest(pc->transport);
    if (ice_credentials_are_valid(section->ice_ufrag, section->ice_pwd) &&
        (!ice_agent_has_remote_credentials(agent) || ice_agent_remote_credentials_are(agent, section->ice_ufrag, section->ice_pwd)))
        return RTC_OK;
    return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the ICE credentials are not acceptable");
}

static void apply_ice(rtc_peer_connection *pc, const struct jsep_section *section)
{
    restart_answered(pc, section);
    struct ice_agent *agent = transport_ice_agree(pc->transport, pc->now);
    if (section->ice_lite)
        ice_agent_set_remote_lite(agent);
    (void)ice_agent_set_remote_credentials(agent, pc->now, section->ice_ufrag, section->ice_pwd, &pc->transport->out);
    apply_candidates(pc, agent, section);
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

/* Of what a description's b= lines say; nothing at all is as little as can be. */
static uint32_t bitrate_limit(uint64_t bandwidth_bps)
{
    return bandwidth_bps > UINT32_MAX ? 0 : bandwidth_bps == 0 ? 1 : (uint32_t)bandwidth_bps;
}

static void fill_section(const rtc_rtp_transceiver *t, const struct jsep_section *remote, const struct jsep_negotiated *n,
                         struct rtp_section *section)
{
    text_copy(section->mid, sizeof section->mid, t->mid);
    section->kind = t->kind;
    section->send = direction_sends(n->direction);
    section->receive = direction_receives(n->direction);
    section->reduced_size = n->rtcp_reduced_size;
    read_codec(&n->send_codec, &section->send_codec);
    for (size_t i = 0; i < n->receive_codec_count && section->receive_codec_count < RTP_CODECS_MAX; i++)
        read_codec(&n->receive_codecs[i], &section->receive_codecs[section->receive_codec_count++]);
    read_extensions(n, section->extension_ids);
    section->encodings[0].ssrc = t->sender.ssrc;
    section->encodings[0].rtx_ssrc = n->send_codec.rtx_payload_type != JSEP_NO_PAYLOAD_TYPE ? t->sender.rtx_ssrc : 0;
    section->encodings[0].max_bitrate_bps = t->sender.max_bitrate_bps;
    section->encoding_count = 1;
    read_remote_ssrcs(remote, section);
    section->peer_max_bitrate_bps = bitrate_limit(remote->bandwidth_bps);
    section->dscp = dscp_of_media(t->kind, t->sender.priority);
}

/* What carrying out a negotiation needs, made before it changes anything. */
struct agreement {
    const struct session_description *local, *remote;
    bool local_offered;
    int transport_section;       /* -1: everything is rejected */
    struct jsep_negotiated said; /* of one section after the other */
    struct rtp_section rtp;
};

/* There is one transport: a section that the answer gives another (RFC 8843 section 7.3.3) can not be carried. */
static bool is_carried(const struct agreement *n, size_t i)
{
    const struct session_description *answer = n->local_offered ? n->remote : n->local;
    if (n->transport_section < 0)
        return false;
    const struct jsep_section *section = &answer->sections[i], *tagged = &answer->sections[n->transport_section];
    return (int)i == n->transport_section || (section->bundled && tagged->bundled && section->bundle_group == tagged->bundle_group);
}

/* Whose section this is; NULL when it is no media section or nobody's. */
static rtc_rtp_transceiver *agree_on(rtc_peer_connection *pc, struct agreement *n, size_t i)
{
    const struct jsep_section *local = &n->local->sections[i];
    rtc_rtp_transceiver *t = is_media(local) ? transceiver_by_mid(pc, local->mid) : NULL;
    jsep_negotiate(local, &n->remote->sections[i], &n->said);
    n->said.rejected = n->said.rejected || !is_carried(n, i);
    memset(&n->rtp, 0, sizeof n->rtp);
    if (t && !n->said.rejected)
        fill_section(t, &n->remote->sections[i], &n->said, &n->rtp);
    return t;
}

/* A section without a port to connect to wants no association, whatever else it says (RFC 8841 5.1). */
static bool has_data(const struct agreement *n, size_t i)
{
    const struct jsep_section *local = &n->local->sections[i], *remote = &n->remote->sections[i];
    bool agreed = local->type == MEDIA_APPLICATION && !local->rejected && !remote->rejected && is_carried(n, i);
    return agreed && remote->data_channel && remote->sctp_port != 0;
}

static int prepare_section(rtc_peer_connection *pc, struct agreement *n, size_t i)
{
    rtc_rtp_transceiver *t = agree_on(pc, n, i);
    if (n->said.rejected)
        return RTC_OK;
    if (has_data(n, i))
        return transport_need_channels(pc->transport);
    int error = t ? transport_need_rtp(pc->transport) : RTC_OK;
    if (t && !error)
        error = rtp_session_reserve_section(pc->transport->rtp, &n->rtp);
    return error;
}

void negotiation_free(rtc_peer_connection *pc, struct agreement *n)
{
    if (n && pc->transport && pc->transport->rtp)
        rtp_session_forget_reserved(pc->transport->rtp);
    memory_free(pc->context, n);
}

int negotiation_prepare(rtc_peer_connection *pc, const struct session_description *local, const struct session_description *remote,
                        bool local_offered, struct agreement **out)
{
    struct agreement *n = memory_zeroed(pc->context, sizeof *n);
    if (!n)
        return RTC_ERR_NO_MEMORY;
    n->local = local;
    n->remote = remote;
    n->local_offered = local_offered;
    n->transport_section = negotiation_transport_section(local_offered ? remote : local);
    int error = n->transport_section < 0 ? RTC_OK : check_ice(pc, &remote->sections[n->transport_section]);
    for (size_t i = 0; i < local->section_count && !error; i++)
        error = prepare_section(pc, n, i);
    if (error)
        negotiation_free(pc, n);
    else
        *out = n;
    return error;
}

static void apply_media(rtc_peer_connection *pc, struct agreement *n, rtc_rtp_transceiver *t)
{
    struct transport *transport = pc->transport;
    if (n->said.rejected) {
        transceiver_stop(t);
        return;
    }
    if (rtp_session_set_section(transport->rtp, pc->now, &n->rtp, &t->section, &transport->rtp_out))
        peer_give_up(pc); /* never: it was reserved */
    t->sender.stream = rtp_session_send_stream(transport->rtp, t->section, "");
    t->current_direction = n->said.direction;
    t->has_current_direction = true;
    t->has_sent = t->has_sent || direction_sends(t->current_direction);
    t->sender.codec = n->said.send_codec;
    transceiver_update_sending(t);
}

/* RFC 8841 9.3: a port that changes asks for a new association. */
static void apply_data(rtc_peer_connection *pc, const struct jsep_section *remote)
{
    struct transport *t = pc->transport;
    if (t->sctp_wanted && t->remote_sctp_port != remote->sctp_port)
        transport_end_sctp(t, pc->now);
    if (transport_need_channels(t)) /* never fails but after that */
        peer_give_up(pc);
    else
        transport_start_sctp(t, pc->now, remote->sctp_port, remote->max_message_size);
}

/* The data section was rejected, or the peer ends the association. */
static void end_data_unless_agreed(rtc_peer_connection *pc, const struct agreement *n)
{
    bool spoken_of = false;
    for (size_t i = 0; i < n->local->section_count; i++) {
        if (has_data(n, i))
            return;
        spoken_of = spoken_of || n->local->sections[i].type == MEDIA_APPLICATION;
    }
    if (!spoken_of || !pc->transport || !pc->transport->channels)
        return;
    peer_log(pc, RTC_LOG_INFO, "SCTP: no association is agreed on: its section is rejected, or has no a=sctp-port other than 0");
    transport_end_sctp(pc->transport, pc->now);
}

static void apply_section(rtc_peer_connection *pc, struct agreement *n, size_t i)
{
    rtc_rtp_transceiver *t = agree_on(pc, n, i);
    if (n->said.rejected && !n->local->sections[i].rejected && !n->remote->sections[i].rejected)
        peer_log(pc, RTC_LOG_WARNING, "section '%s' is rejected: the peer does not bundle it, and there is one transport for everything",
                 n->local->sections[i].mid);
    if (has_data(n, i))
        apply_data(pc, &n->remote->sections[i]);
    else if (t)
        apply_media(pc, n, t);
}

/* RFC 8842 5.3: the answerer's a=setup decides. */
static enum dtls_role our_role(const struct jsep_section *local, const struct jsep_section *remote, bool local_offered)
{
    enum setup_role answered = local_offered ? remote->setup : local->setup;
    bool answerer_is_client = answered != SETUP_PASSIVE;
    return answerer_is_client == local_offered ? DTLS_SERVER : DTLS_CLIENT;
}

static void start_transport(rtc_peer_connection *pc, const struct jsep_section *local, const struct jsep_section *remote,
                            bool local_offered)
{
    memcpy(pc->negotiation.transport_mid, local->mid,
           sizeof pc->negotiation.transport_mid); /* candidates that are still to come carry the agreed section's name */
    apply_ice(pc, remote);
    if (transport_start_dtls(pc->transport, pc->now, our_role(local, remote, local_offered), remote) == RTC_ERR_NO_MEMORY)
        peer_give_up(pc); /* other errors make DTLS fail, which is told */
}

void negotiation_carry_out(rtc_peer_connection *pc, struct agreement *n)
{
    int at = n->transport_section;
    if (at >= 0)
        start_transport(pc, &n->local->sections[at], &n->remote->sections[at], n->local_offered);
    for (size_t i = 0; i < n->local->section_count; i++)
        apply_section(pc, n, i);
    if (pc->transport && pc->transport->rtp)
        rtp_session_set_peer_bitrate(pc->transport->rtp, pc->now, bitrate_limit(n->remote->bandwidth_bps), &pc->transport->rtp_out);
    end_data_unless_agreed(pc, n);
    negotiation_free(pc, n);
}

/* webrtc-pc 4.7.3, "check if negotiation is needed". */
static bool transceiver_needs(const rtc_peer_connection *pc, const rtc_rtp_transceiver *t)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local),
                                     *remote = description_says(pc->negotiation.stable.remote);
    if (t->stopped)
        return false;
    int l = t->mid[0] && local ? session_description_find(local, t->mid) : -1;
    int r = t->mid[0] && remote ? session_description_find(remote, t->mid) : -1;
    if (l < 0 || r < 0)
        return true;
    rtc_rtp_direction ours = local->sections[l].direction, reversed = direction_reverse(remote->sections[r].direction);
    if (pc->negotiation.stable.local->type == RTC_SDP_OFFER)
        return t->direction != ours && t->direction != reversed;
    return direction_and(t->direction, reversed) != ours;
}

bool negotiation_is_needed(rtc_peer_connection *pc)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local);
    if (pc->negotiation.to_replace_count > 0)
        return true;
    bool has_data = false; /* one that the peer rejected counts too: asking again and again would not change its mind */
    for (size_t i = 0; local && i < local->section_count; i++)
        has_data = has_data || local->sections[i].type == MEDIA_APPLICATION;
    if (pc->negotiation.wants_data && !has_data)
        return true;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        if (transceiver_needs(pc, link_owner(l, rtc_rtp_transceiver, link)))
            return true;
    return false;
}
