/* SPDX-License-Identifier: MIT */
/* The connection as the parent of its transports: what they are given, and what their events mean here. The states of the connection that
 * follow from them (connection_states.h) are kept here and nowhere else, when a transport says that its own changed. */
#include "peer_transport.h"

#include "connection_states.h"
#include "data_channel.h"
#include "dscp.h"
#include "endpoint.h"
#include "explain.h"
#include "frame.h"
#include "local_candidates.h"
#include "media_track.h"
#include "receive_pipeline.h"
#include "forward.h"
#include "forwarder.h"
#include "receiver_sources.h"
#include "send_pipeline.h"
#include "sender_circuit.h"
#include "sending.h"
#include "transceiver.h"
#include "transport.h"
#include "transport_objects.h"

_Static_assert((int)RTC_DTLS_TRANSPORT_CLOSED == (int)DTLS_CLOSED && (int)RTC_DTLS_TRANSPORT_FAILED == (int)DTLS_FAILED, "the same states");

int peer_need_transport(rtc_peer_connection *pc, bool controlling)
{
    return pc->transports.count > 0 ? RTC_OK : peer_transports_add(pc->context, &pc->transports, &pc->settings, controlling);
}

void peer_give_room(rtc_peer_connection *pc)
{
    struct event_room room = event_queue_room(&pc->events);
    peer_transports_set_room(&pc->transports, room.bytes, room.events);
}

/* ---- States ---- */

/* What a user who wonders about "failed" wants to know first. */
static void log_ice_failure(const rtc_peer_connection *pc)
{
    struct text text = text_new(pc->context);
    explain_conclusion(pc, &text);
    char *why = text_take(&text);
    if (why)
        peer_log(pc, RTC_LOG_WARNING, "ICE failed: %s", why);
    memory_free(pc->context, why);
}

static void update_states(rtc_peer_connection *pc)
{
    if (pc->life != PEER_OPEN)
        return;
    peer_transports_look(&pc->transports);
    transport_objects_tell_ice(pc);
    rtc_ice_connection_state ice = ice_connection_state_of(pc->transports.states, pc->transports.count);
    if (ice != pc->states.ice) {
        pc->states.ice = ice;
        peer_log(pc, RTC_LOG_INFO, "ICE: %s", rtc_ice_connection_state_name(ice));
        if (ice == RTC_ICE_CONNECTION_FAILED)
            log_ice_failure(pc);
        peer_tell_state(pc, PEER_ICE, (int)ice);
    }
    rtc_peer_connection_state state = connection_state_of(pc->transports.states, pc->transports.count);
    if (state != pc->states.connection && !peer_gave_up(pc)) {
        pc->states.connection = state;
        peer_log(pc, state == RTC_PEER_CONNECTION_FAILED ? RTC_LOG_WARNING : RTC_LOG_INFO, "connection: %s",
                 rtc_peer_connection_state_name(state));
        peer_tell_state(pc, PEER_CONNECTION, (int)state);
    }
}

/* True when it is another one. */
static bool update_gathering(rtc_peer_connection *pc)
{
    rtc_ice_gathering_state state = gathering_state_of(pc->transports.states, pc->transports.count);
    if (pc->states.gathering == state)
        return false;
    pc->states.gathering = state;
    peer_log(pc, RTC_LOG_INFO, "ICE gathering: %s", rtc_ice_gathering_state_name(state));
    peer_tell_state(pc, PEER_GATHERING, (int)state);
    return true;
}

static void gathering_changed(rtc_peer_connection *pc, size_t number, enum ice_gathering_state told)
{
    bool same = pc->transports.states[number].gathering == told;
    peer_transports_gathering(&pc->transports, number, told);
    if (!same)
        transport_objects_tell_gathering(pc, number, (rtc_ice_gathering_state)told);
    (void)update_gathering(pc);
}

/* Whose media go through this transport. One that was never agreed on is the first one's, as descriptions would have it. */
static bool is_of(const rtc_peer_connection *pc, const rtc_rtp_transceiver *transceiver, const struct transport *t)
{
    return (transceiver->transport ? transceiver->transport : peer_first_transport(pc)) == t;
}

/* Encoders that nobody would hear end with the DTLS that gave the keys. */
static void end_media(rtc_peer_connection *pc, const struct transport *t)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *transceiver = link_owner(l, rtc_rtp_transceiver, link);
        if (!is_of(pc, transceiver, t))
            continue;
        sending_update(transceiver);
        media_track_set_muted(transceiver->receiver.track, true);
    }
}

static void dtls_changed(rtc_peer_connection *pc, size_t number, enum dtls_state state)
{
    const struct transport *t = pc->transports.items[number];
    transport_objects_tell_dtls(pc, number, state);
    if (state == DTLS_CLOSED || state == DTLS_FAILED)
        end_media(pc, t);
    update_states(pc);
}

/* ---- Channels ---- */

static void channel_opened_by_peer(rtc_peer_connection *pc, struct transport *t, uint32_t handle)
{
    rtc_data_channel *channel = data_channel_new_remote(pc, t, handle);
    if (!channel) {
        peer_give_up(pc);
        return;
    }
    struct user_event *told = data_channel_tell(channel, DATA_CHANNEL_NEW, 0);
    if (told)
        event_queue_charge(&pc->events, told, CHANNEL_NEW_COST + 2 * (channel->parameters.label_len + channel->parameters.protocol_len));
    (void)data_channel_tell(channel, DATA_CHANNEL_OPEN, 0);
}

static void take_message(rtc_peer_connection *pc, rtc_data_channel *channel, struct sctp_event *event)
{
    struct user_event *told = data_channel_tell(channel, DATA_CHANNEL_MESSAGE, 0);
    if (!told)
        return;
    event_queue_carry(&pc->events, told, event->message, NULL);
    event->message = NULL;
}

static void channel_event(rtc_peer_connection *pc, struct transport *t, struct sctp_event *event)
{
    if (event->head.type == CHANNEL_EVENT_NEW) {
        channel_opened_by_peer(pc, t, event->channel);
        return;
    }
    rtc_data_channel *channel = data_channel_by_handle(t, event->channel);
    if (!channel)
        return;
    switch (event->head.type) {
    case CHANNEL_EVENT_STATE:
        data_channel_set_state(channel, (rtc_data_channel_state)event->channel_state);
        break;
    case CHANNEL_EVENT_MESSAGE:
        take_message(pc, channel, event);
        break;
    case CHANNEL_EVENT_BUFFERED_LOW:
        data_channel_tell_low(channel);
        break;
    case CHANNEL_EVENT_ERROR:
        data_channel_fail(channel, event->error, event->cause);
        break;
    default:
        break;
    }
}

/* ---- Media ---- */

/* Of several streams of one track any will do. */
static void stream_heard(rtc_rtp_transceiver *transceiver, struct receiver_stream *stream, bool heard)
{
    const rtc_rtp_receiver *receiver = &transceiver->receiver;
    bool any = false;
    stream->heard = heard;
    for (size_t i = 0; i < receiver->stream_count; i++)
        any = any || receiver->streams[i].heard;
    media_track_set_muted(receiver->track, !any);
}

/* A frame is on its way to the track. */
static void note_sources(const rtc_rtp_transceiver *transceiver, rtc_time_t now, const rtc_encoded_frame *frame)
{
    if (frame)
        receiver_sources_note(transceiver->receiver.sources, now, encoded_frame_origin(frame), rtc_encoded_frame_rtp_timestamp(frame));
}

static void media_event(rtc_peer_connection *pc, const struct transport *t, rtc_time_t now, const struct rtp_event *event)
{
    rtc_rtp_transceiver *transceiver = transceiver_by_rtp_member(pc, t, event->member);
    if (!transceiver)
        return;
    struct sender_encoding *encoding = sender_encoding_of(&transceiver->sender, event->stream);
    struct receiver_stream *received = receiver_stream_of(&transceiver->receiver, event->stream);
    switch (event->head.type) {
    case RTP_EVENT_VIDEO_FRAME:
        note_sources(transceiver, now, event->video.frame);
        if (received)
            receive_pipeline_video(received->pipeline, now, &event->video);
        break;
    case RTP_EVENT_AUDIO:
        note_sources(transceiver, now, event->audio.action == RTP_AUDIO_FEC ? NULL : event->audio.frame);
        if (received)
            receive_pipeline_audio(received->pipeline, now, &event->audio);
        break;
    case RTP_EVENT_FORWARD:
        forwarder_packet(transceiver->receiver.forwarder, now, event->forward);
        break;
    case RTP_EVENT_KEYFRAME_REQUEST:
        if (encoding == transceiver->sender.encodings) /* the first one, with which is forwarded; here and below */
            forward_needs_keyframe(transceiver->sender.forward);
        if (encoding && transceiver->sender.pipeline)
            send_pipeline_request_keyframes(transceiver->sender.pipeline, 1u << (encoding - transceiver->sender.encodings));
        break;
    case RTP_EVENT_TARGET_BITRATE:
        if (encoding) {
            encoding->target_bitrate_bps = event->target_bps;
            encoding->target_told = true;
            encoding->loss_percent = event->loss_percent;
            encoding->packet_ms = event->packet_ms;
        }
        sender_heard_of_stream(&transceiver->sender);
        if (encoding == transceiver->sender.encodings)
            forward_target(transceiver->sender.forward, now, event->target_bps);
        if (encoding && transceiver->sender.pipeline)
            send_pipeline_set_bitrate(transceiver->sender.pipeline, (size_t)(encoding - transceiver->sender.encodings), event->target_bps,
                                      event->loss_percent, event->packet_ms);
        break;
    case RTP_EVENT_UNMUTE:
    case RTP_EVENT_MUTE:
        if (received)
            stream_heard(transceiver, received, event->head.type == RTP_EVENT_UNMUTE);
        break;
    case RTP_EVENT_TONE:
        if (received)
            (void)transceiver_tell(transceiver, TRANSCEIVER_TONE,
                                   transceiver_tone_value(event->tone.event, event->tone.ended, event->tone.duration_ms));
        break;
    case RTP_EVENT_CIRCUIT_BREAKER:
        if (encoding)
            sender_circuit_changed(transceiver, encoding, event->circuit.state, event->circuit.reason);
        break;
    default:
        break;
    }
}

/* With which priority media are sent changed. */
static void tell_media_mark(const rtc_peer_connection *pc, struct transport *t)
{
    uint8_t most = DSCP_NOTHING;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *transceiver = link_owner(l, rtc_rtp_transceiver, link);
        if ((transceiver->sender.pipeline || transceiver->sender.forward) && is_of(pc, transceiver, t))
            most = dscp_more(most, sender_dscp(transceiver));
    }
    transport_set_media_mark(t, most);
}

static void tell_media_marks(rtc_peer_connection *pc)
{
    for (size_t i = 0; i < pc->transports.count; i++)
        tell_media_mark(pc, pc->transports.items[i]);
    pc->media_mark_stale = false;
}

/* ---- One event after the other ---- */

/* The application hears once that nothing more is gathered, from all of them (webrtc-pc 4.8.1). */
static void candidates_over(rtc_peer_connection *pc, size_t number, const char *ufrag)
{
    candidates_end(pc, number, ufrag);
    gathering_changed(pc, number, ICE_GATHERING_COMPLETE);
    if (pc->states.gathering == RTC_ICE_GATHERING_COMPLETE)
        candidates_complete(pc);
}

static void take(rtc_peer_connection *pc, size_t number, rtc_time_t now, struct transport_event *event)
{
    struct transport *t = pc->transports.items[number];
    switch (event->type) {
    case TRANSPORT_ICE_STATE:
        transport_objects_tell_pair(pc, number);
        update_states(pc);
        break;
    case TRANSPORT_SELECTED_PAIR:
        transport_objects_tell_pair(pc, number);
        break;
    case TRANSPORT_SCTP_STATE:
        transport_objects_tell_sctp(pc, number, event->association);
        break;
    case TRANSPORT_DTLS_STATE:
        dtls_changed(pc, number, event->dtls);
        break;
    case TRANSPORT_GATHERING:
        gathering_changed(pc, number, event->gathering);
        break;
    case TRANSPORT_CANDIDATE:
        candidates_gathered(pc, number, event->candidate);
        break;
    case TRANSPORT_CANDIDATE_ERROR:
        candidates_error(pc, event->error);
        break;
    case TRANSPORT_CANDIDATES_END:
        candidates_over(pc, number, event->ufrag);
        break;
    case TRANSPORT_CANDIDATES_LOST:
        negotiation_forget_shown(pc->context, &pc->negotiation);
        break;
    case TRANSPORT_CHANNEL:
        channel_event(pc, t, event->sctp);
        break;
    case TRANSPORT_MEDIA:
        media_event(pc, t, now, event->rtp);
        break;
    }
}

/* Of one that leaves, only its channels are anybody's concern. */
static void take_last(rtc_peer_connection *pc, struct transport *t, struct transport_event *event)
{
    if (event->type == TRANSPORT_CHANNEL)
        channel_event(pc, t, event->sctp);
}

static void end_leaving(rtc_peer_connection *pc, struct transport *t, rtc_time_t now)
{
    struct transport_event event;
    if (transport_is_closed(t))
        return;
    transport_objects_leave(pc, t);
    transport_close_channels(t, now);
    while (transport_next_event(t, now, &event)) {
        take_last(pc, t, &event);
        transport_free_event(t, &event);
    }
    transport_leave(t, now);
}

/* Nothing of the connection stands on it any more. */
static void forget_transport(rtc_peer_connection *pc, struct transport *t)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *transceiver = link_owner(l, rtc_rtp_transceiver, link);
        if (transceiver->transport != t)
            continue;
        transceiver->transport = NULL;
        transceiver->rtp_member = 0;
    }
    dtls_transport_drop(t);
}

static void run_leaving(rtc_peer_connection *pc, rtc_time_t now)
{
    for (size_t i = pc->transports.count; i < pc->transports.count + pc->transports.leaving; i++)
        end_leaving(pc, pc->transports.items[i], now);
    update_states(pc); /* what waited for them waits no longer */
    if (update_gathering(pc) && pc->states.gathering == RTC_ICE_GATHERING_COMPLETE)
        candidates_complete(pc);
}

void peer_forget_left(rtc_peer_connection *pc)
{
    struct transport *left;
    while (pc->life == PEER_OPEN && (left = peer_transports_left(&pc->transports)) != NULL)
        forget_transport(pc, left);
}

static bool run_one(rtc_peer_connection *pc, size_t number, rtc_time_t now)
{
    struct transport_event event;
    struct transport *t = pc->transports.items[number];
    bool told = false;
    for (;; told = true) {
        if (pc->media_mark_stale)
            tell_media_marks(pc);
        if (!transport_next_event(t, now, &event))
            return told;
        take(pc, number, now, &event);
        transport_free_event(t, &event);
    }
}

/* What one tells may be work for another that was still: only when nobody told anything all of them are. */
void peer_run_transport(rtc_peer_connection *pc, rtc_time_t now)
{
    bool told = true;
    pc->output_waits = false;
    if (peer_transports_were_rearranged(&pc->transports))
        update_states(pc); /* one that was added is new: not everything is connected (webrtc-pc 4.3.3) */
    if (pc->transports.leaving > 0)
        run_leaving(pc, now);
    while (told) {
        told = false;
        for (size_t i = 0; i < pc->transports.count; i++)
            told |= run_one(pc, i, now) && pc->transports.count > 1;
    }
    if (peer_transports_starved(&pc->transports))
        peer_give_up(pc);
}

void peer_take_result(rtc_peer_connection *pc, const struct io_result *in)
{
    if (!peer_transports_result(&pc->transports, pc->now, in)) {
        log_write(pc->context, RTC_LOG_DEBUG, "peer", "a result for request %u, which nobody made", in->id);
        if (in->type == REQUEST_LISTEN_TCP && in->error == RTC_OK && in->socket) /* the listener was closed meanwhile */
            transport_refuse_socket(peer_first_transport(pc), in->socket);
    }
    peer_run_transport(pc, pc->now);
}

void peer_settle(rtc_peer_connection *pc)
{
    if (peer_is_closed(pc))
        return;
    peer_run_transport(pc, pc->now);
    peer_driver_wake(&pc->driver);
}

void peer_lost_endpoint(void *connection)
{
    rtc_peer_connection *pc = connection;
    (void)peer_now(pc); /* since when its path is lost */
    while (pc->settings.member->alias_count > 0) {
        struct io_result gone = {.type = REQUEST_OPEN_UDP, .id = pc->settings.member->aliases[0].socket, .error = RTC_ERR_NETWORK};
        (void)endpoint_release(pc->settings.member, gone.id);
        if (!peer_is_closed(pc))
            peer_take_result(pc, &gone);
    }
    peer_settle(pc);
}

void peer_end_transport(rtc_peer_connection *pc)
{
    if (peer_transports_closed(&pc->transports))
        return;
    peer_transports_close_channels(&pc->transports, pc->now);
    peer_run_transport(pc, pc->now);
    peer_transports_close(&pc->transports, pc->now);
}
