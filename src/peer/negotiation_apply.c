/* SPDX-License-Identifier: MIT */
/* See negotiation_apply.h. */
#include "negotiation_apply.h"

#include "negotiation_needed.h"
#include "negotiation_transport.h"
#include "receive_pipeline.h"
#include "receiver_rids.h"
#include "remote_streams.h"
#include "restart.h"
#include "sender_parameters.h"
#include "sending.h"
#include "transceiver_life.h"
#include "transport.h"
#include "transport_objects.h"

/* ---- Effects on transceivers ---- */

static void tell_track(rtc_peer_connection *pc, rtc_rtp_transceiver *t, struct effect *e)
{
    struct track_streams *streams = e->ready;
    struct user_event *event = transceiver_tell(t, TRANSCEIVER_TRACK, 0);
    if (!event)
        return; /* memory ran out: the connection has given up */
    streams->count = t->receiver.media_stream_count;
    for (size_t i = 0; i < streams->count; i++)
        streams->streams[i] = rtc_media_stream_ref(t->receiver.media_streams[i]);
    event_queue_carry_more(&pc->events, event, streams);
    e->ready = NULL;
}

static void apply_media(rtc_peer_connection *pc, const struct agreed_media *media, rtc_rtp_transceiver *t, const struct rtp_section *rtp,
                        enum signaling_side side)
{
    struct transport *transport = pc->transports.items[media->transport];
    if (t->transport && t->transport != transport && t->rtp_member) {
        rtp_session_remove_member(transport_media(t->transport), pc->now, t->rtp_member, transport_media_out(t->transport));
        t->rtp_member = 0;
    }
    t->current_direction = media->direction;
    t->has_current_direction = true;
    t->has_sent = t->has_sent || direction_sends(t->current_direction);
    if (t->state != TRANSCEIVER_LIVE) /* it is silent already, whatever was agreed on */
        return;
    if (side == SIGNALING_LOCAL) /* webrtc-pc 4.4.1.5: [[LastReturnedParameters]] is null after an answer of ours */
        t->sender.transaction_open = false;
    t->transport = transport;
    t->sender.codec = media->codec;
    t->sender.takes_tones = rtp->tone_clock_rate > 0;
    sending_finish(t);
    if (rtp_session_set_section(transport_media(transport), pc->now, rtp, &t->rtp_member, transport_media_out(transport)))
        peer_give_up(pc); /* never: it was reserved */
    rtp_session_set_member_forwards(transport_media(transport), t->rtp_member, t->receiver.forwarder != NULL);
    if (pc->negotiation.signaling == RTC_SIGNALING_STABLE)
        sender_narrow_encodings(t, rtp->encodings, rtp->encoding_count);
    for (size_t i = 0; i < t->sender.encoding_count; i++) {
        struct sender_encoding *e = &t->sender.encodings[i];
        bool agreed = rtp_section_encoding(rtp, e->rtp.rid) != NULL;
        e->stream = agreed ? rtp_session_send_stream(transport_media(transport), t->rtp_member, e->rtp.rid) : 0;
    }
    sender_follow_codecs(t, media);
    bool other = receiver_follow_rids(&t->receiver, rtp);
    for (size_t i = 0; i < t->receiver.stream_count; i++) {
        struct receiver_stream *s = &t->receiver.streams[i];
        s->stream = rtp_session_receive_stream(transport_media(transport), t->rtp_member, s->rid);
        receive_pipeline_set_codecs(s->pipeline, rtp->receive_codecs, rtp->receive_codec_count);
    }
    if (other)
        receiver_show_other(t, false);
    sending_update(t);
}

/* An offer that removed its track was taken back: what comes all the time comes to it again. */
static void hear_again(rtc_rtp_transceiver *t)
{
    for (size_t i = 0; i < t->receiver.stream_count && t->transport && t->rtp_member; i++)
        if (!t->receiver.streams[i].heard && t->receiver.streams[i].stream)
            rtp_session_hear_anew(transport_media(t->transport), t->receiver.streams[i].stream);
}

static void apply_to_transceiver(rtc_peer_connection *pc, const struct negotiation_plan *plan, const struct negotiation_state *state,
                                 struct effect *e)
{
    rtc_rtp_transceiver *t = transceiver_by_number(pc, e->transceiver);
    const struct agreed_media *media = negotiation_state_of(state, e->transceiver);
    if (!t)
        return;
    switch (e->type) {
    case EFFECT_LET_GO:
        memset(t->mid, 0, sizeof t->mid);
        break;
    case EFFECT_ASSOCIATE:
        text_copy(t->mid, sizeof t->mid, media->mid);
        t->offered_mid[0] = 0;
        break;
    case EFFECT_TRACK_ADDED:
        tell_track(pc, t, e);
        hear_again(t);
        break;
    case EFFECT_TRACK_REMOVED:
        for (size_t i = 0; i < t->receiver.stream_count; i++)
            t->receiver.streams[i].heard = false;
        media_track_set_muted(t->receiver.track, true);
        break;
    case EFFECT_REMOVE:
        memset(t->mid, 0, sizeof t->mid);
        transceiver_detach(t);
        break;
    case EFFECT_STOP:
        transceiver_stop(t);
        break;
    case EFFECT_ENCODINGS:
        if (e->flag)
            sender_widen_encodings(t, state->remote->parsed->sections[e->section].rtp.recv_rids);
        else
            sender_restore_encoding(t);
        break;
    case EFFECT_MEDIA:
        apply_media(pc, media, t, e->rtp, plan->side);
        break;
    default:
        break;
    }
}

static void create(struct effect *e)
{
    rtc_rtp_transceiver *t = e->ready;
    e->ready = NULL;
    t->owner = TRANSCEIVER_OF_OFFER;
    transceiver_join(t);
}

/* ---- Carrying out ---- */

static void apply(rtc_peer_connection *pc, struct negotiation_plan *plan, const struct negotiation_state *state, struct effect *e)
{
    switch (e->type) {
    case EFFECT_CREATE:
        create(e);
        break;
    case EFFECT_SIGNALING:
        if (e->flag)
            peer_tell_state(pc, PEER_SIGNALING, (int)plan->signaling);
        break;
    case EFFECT_STREAMS:
        remote_streams_set(pc, state);
        break;
    case EFFECT_MISMATCHES:
        break; /* logged when all is done */
    case EFFECT_UNBUNDLED:
        peer_log(pc, RTC_LOG_WARNING, "section '%s' is rejected: the peer does not bundle it, and it has no transport of its own",
                 state->local->parsed->sections[e->section].mid);
        break;
    case EFFECT_GENERATION:
    case EFFECT_NO_GENERATION:
    case EFFECT_ANEW:
    case EFFECT_CONTROLLING:
    case EFFECT_GATHER:
    case EFFECT_CREDENTIALS:
    case EFFECT_DTLS:
    case EFFECT_DATA:
    case EFFECT_NO_DATA:
    case EFFECT_CHANNEL_IDS:
    case EFFECT_BANDWIDTH:
        negotiation_apply_transport(pc, plan, state, e);
        break;
    default:
        apply_to_transceiver(pc, plan, state, e);
        break;
    }
}

/* The next state takes its place before anybody is told. Returns where it is. */
static const struct negotiation_state *commit(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    struct negotiation *n = &pc->negotiation;
    bool agreed = plan->signaling == RTC_SIGNALING_STABLE;
    n->signaling = plan->signaling;
    negotiation_state_fini(pc->context, &n->pending);
    if (agreed)
        negotiation_state_fini(pc->context, &n->stable);
    struct negotiation_state *place = agreed ? &n->stable : &n->pending;
    *place = plan->next;
    plan->next = (struct negotiation_state){0};
    negotiation_forget_shown(pc->context, &pc->negotiation);
    if (agreed && !plan->undoes) /* what was created before an offer that is undone may be set afterwards */
        n->last_offer.counts = n->last_answer.counts = false;
    if (plan->side == SIGNALING_LOCAL) /* of the offer that was set; an answer has none */
        negotiation_forget_fresh(pc->context, n);
    return place;
}

void negotiation_apply(rtc_peer_connection *pc, struct negotiation_plan *plan)
{
    struct negotiation *n = &pc->negotiation;
    rtc_signaling_state before = n->signaling;
    negotiation_arrange_transports(pc, plan);
    const struct negotiation_state *state = commit(pc, plan);
    if (before != n->signaling)
        peer_log(pc, RTC_LOG_INFO, "signaling: %s", rtc_signaling_state_name(n->signaling));
    for (size_t i = 0; i < plan->effect_count; i++) {
        plan->effects[i].flag = plan->effects[i].type == EFFECT_SIGNALING ? before != n->signaling : plan->effects[i].flag;
        apply(pc, plan, state, &plan->effects[i]);
    }
    transport_objects_follow_sctp(pc);
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        transceiver_tell_ended(link_owner(l, rtc_rtp_transceiver, link));
    if (n->signaling != RTC_SIGNALING_STABLE)
        return;
    if (!plan->undoes) /* webrtc-pc 4.4.1.5: an answer settles it */
        restart_settled(pc);
    n->needed = false;
    negotiation_follow_needed(pc);
}
