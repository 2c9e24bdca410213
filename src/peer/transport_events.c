/* SPDX-License-Identifier: MIT */
/* What the cores say, told to the connection. */
#include "data_channel_object.h"
#include "receive_pipeline.h"
#include "send_pipeline.h"
#include "transceiver.h"
#include "transport.h"

#include <stdio.h>

enum { SHOWN_MAX = sizeof(struct ice_candidate) };

/* A name stands for an address that is not to be shown; of a peer-reflexive candidate there may be neither. */
static const char *shown(const struct ice_candidate *c, char text[SHOWN_MAX])
{
    if (c->name[0] || c->address.family == ADDRESS_NONE)
        (void)snprintf(text, SHOWN_MAX, "%s:%u", c->name[0] ? c->name : "hidden", c->address.port);
    else
        (void)address_text(&c->address, text);
    return text;
}

/* Only told: the pair is looked up whenever something is sent. */
static void log_selected_pair(const struct transport *t)
{
    char local[SHOWN_MAX], remote[SHOWN_MAX];
    struct ice_selected s;
    if (ice_agent_selected_info(t->ice, &s))
        peer_log(t->pc, RTC_LOG_INFO, "ICE: selected %s %s -> %s %s", ice_candidate_type_name((enum ice_candidate_type)s.local.type),
                 shown(&s.local, local), ice_candidate_type_name((enum ice_candidate_type)s.remote.type), shown(&s.remote, remote));
}

/* Of a pool; beyond the limit they are only in the log. */
static void keep_error(struct transport *t, struct ice_event *event)
{
    struct ice_candidate_error *error = event->error;
    peer_log(t->pc, RTC_LOG_INFO, "pool: the server %s gave no address: %u %s", error->url, error->code, error->text);
    if (t->errors_kept_count == TRANSPORT_ERRORS_KEPT_MAX)
        return;
    t->errors_kept[t->errors_kept_count++] = error;
    event->error = NULL;
}

void transport_forget_errors(struct transport *t)
{
    for (size_t i = 0; i < t->errors_kept_count; i++)
        ice_candidate_error_free(t->errors_kept[i]);
    t->errors_kept_count = 0;
}

void transport_surface(struct transport *t, rtc_time_t now)
{
    const struct ice_candidate *candidates;
    if (!t->withheld)
        return;
    transport_settle(t, now); /* what is still queued is among the agent's candidates already */
    t->withheld = false;
    if (t->pending) { /* gathered with other servers, and there was no memory to do it anew: the description is not of it */
        transport_forget_errors(t);
        return;
    }
    size_t count = ice_agent_local_candidates(t->ice, &candidates);
    peer_set_gathering_state(t->pc, RTC_ICE_GATHERING_GATHERING);
    for (size_t i = 0; i < count; i++)
        candidates_gathered(t->pc, &candidates[i]);
    for (size_t i = 0; i < t->errors_kept_count; i++)
        candidates_error(t->pc, t->errors_kept[i]);
    transport_forget_errors(t);
    if (ice_agent_gathering_state(t->ice) == ICE_GATHERING_COMPLETE)
        candidates_complete(t->pc, ice_agent_local_ufrag(t->ice));
}

static const char *ufrag_of(const struct transport *t, uint32_t generation)
{
    struct ice_agent *agents[TRANSPORT_AGENTS_MAX];
    size_t count = transport_ice_agents(t, agents);
    for (size_t i = 0; i < count; i++)
        if (ice_agent_generation(agents[i]) == generation)
            return ice_agent_local_ufrag(agents[i]);
    return "";
}

/* Of a generation that a newer one has begun to gather after, the peer can not use candidates any more. */
static void gathering_event(struct transport *t, struct ice_event *event)
{
    if (event->generation != t->gatherer)
        return;
    if (t->withheld && event->head.type == ICE_EVENT_CANDIDATE_ERROR)
        keep_error(t, event);
    if (t->withheld)
        return;
    if (event->head.type == ICE_EVENT_CANDIDATE)
        candidates_gathered(t->pc, event->candidate);
    else if (event->head.type == ICE_EVENT_CANDIDATE_ERROR)
        candidates_error(t->pc, event->error);
    else if (event->gathering == ICE_GATHERING_COMPLETE)
        candidates_complete(t->pc, ufrag_of(t, event->generation));
    else
        peer_set_gathering_state(t->pc, (rtc_ice_gathering_state)event->gathering);
}

void transport_ice_event(struct transport *t, rtc_time_t now, struct ice_event *event)
{
    bool current = event->generation == ice_agent_generation(t->ice);
    (void)now;
    switch (event->head.type) {
    case ICE_EVENT_SELECTED_PAIR:
        t->counters.selected_pair_changes += current;
        if (current)
            log_selected_pair(t);
        break;
    case ICE_EVENT_STATE:
        transport_ice_tell_state(t, event->generation, event->state);
        break;
    case ICE_EVENT_GATHERING_STATE:
    case ICE_EVENT_CANDIDATE:
    case ICE_EVENT_CANDIDATE_ERROR:
        gathering_event(t, event);
        break;
    case ICE_EVENT_CANDIDATES_LOST:
        peer_forget_shown(t->pc);
        break;
    default:
        break;
    }
}

void transport_take_keys(struct transport *t)
{
    struct dtls_srtp_keys keys;
    uint8_t local[sizeof keys.local_key + sizeof keys.local_salt], remote[sizeof local];
    if (!t->rtp)
        return;
    if (dtls_srtp_keys(t->dtls, &keys)) {
        peer_log(t->pc, RTC_LOG_WARNING, "the peer negotiated no SRTP profile: media can not flow");
        return;
    }
    size_t len = (size_t)keys.key_len + keys.salt_len;
    memcpy(local, keys.local_key, keys.key_len);
    memcpy(local + keys.key_len, keys.local_salt, keys.salt_len);
    memcpy(remote, keys.remote_key, keys.key_len);
    memcpy(remote + keys.key_len, keys.remote_salt, keys.salt_len);
    if (rtp_session_set_keys(t->rtp, keys.profile, slice_of(local, len), slice_of(remote, len)))
        peer_give_up(t->pc);
    memory_wipe(&keys, sizeof keys);
    memory_wipe(local, sizeof local);
    memory_wipe(remote, sizeof remote);
}

_Static_assert((int)RTC_DTLS_TRANSPORT_CLOSED == (int)DTLS_CLOSED && (int)RTC_DTLS_TRANSPORT_FAILED == (int)DTLS_FAILED, "the same states");

/* What stands on DTLS goes with it, at once: the channels (RFC 8831 6.7), the media whose keys it gave, and encoders that nobody would
 * hear. ICE goes on by itself: it is not the peer's word that ends it. */
static void end_upper(struct transport *t, rtc_time_t now)
{
    if (t->channels)
        data_channels_close(t->channels, now, &t->sctp_out);
    if (t->rtp)
        rtp_session_close(t->rtp, now, &t->rtp_out);
    for (struct link *l = t->pc->transceivers.next; l != &t->pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *transceiver = link_owner(l, rtc_rtp_transceiver, link);
        transceiver_update_sending(transceiver);
        media_track_set_muted(transceiver->receiver.track, true);
    }
}

bool transport_is_over(const struct transport *t)
{
    enum dtls_state state = dtls_state(t->dtls);
    return state == DTLS_CLOSED || state == DTLS_FAILED;
}

void transport_dtls_event(struct transport *t, rtc_time_t now, struct dtls_event *event)
{
    if (event->head.type == DTLS_EVENT_DATA) {
        if (t->channels && t->sctp_started)
            data_channels_input(t->channels, now, packet_slice(event->data), &t->sctp_out);
        return;
    }
    if (event->state == DTLS_CONNECTED) {
        peer_log(t->pc, RTC_LOG_INFO, "DTLS: connected as %s, %s", dtls_role(t->dtls) == DTLS_CLIENT ? "client" : "server",
                 dtls_cipher(t->dtls));
        transport_take_keys(t);
        transport_run_sctp(t, now); /* data that overtook the peer's last flight comes next */
    }
    if (event->state == DTLS_CLOSED)
        peer_log(t->pc, RTC_LOG_INFO, "DTLS: the peer closed it");
    if (event->state == DTLS_FAILED)
        peer_log(t->pc, RTC_LOG_ERROR, "DTLS failed: %s", dtls_failure(t->dtls));
    (void)event_queue_add(t->pc, USER_DTLS_STATE, (int)event->state, NULL, NULL);
    if (event->state == DTLS_CLOSED || event->state == DTLS_FAILED)
        end_upper(t, now);
    peer_update_connection_state(t->pc);
}

static void channel_opened_by_peer(struct transport *t, uint32_t handle)
{
    rtc_data_channel *channel = data_channel_new_remote(t->pc, handle);
    if (!channel) {
        peer_give_up(t->pc);
        return;
    }
    struct user_event *told = event_queue_add(t->pc, USER_DATA_CHANNEL, 0, channel, NULL);
    if (told)
        event_queue_charge(t->pc, told, CHANNEL_NEW_COST + 2 * (channel->label_len + channel->protocol_len));
    (void)event_queue_add(t->pc, USER_CHANNEL_OPEN, 0, channel, NULL);
}

void transport_sctp_event(struct transport *t, rtc_time_t now, struct sctp_event *event)
{
    rtc_data_channel *channel = event->head.type >= CHANNEL_EVENT_STATE ? data_channel_by_handle(t->pc, event->channel) : NULL;
    struct user_event *told;
    static const char *const names[] = {"new", "connecting", "connected", "closed"};
    (void)now;
    if (event->head.type == SCTP_EVENT_STATE)
        peer_log(t->pc, RTC_LOG_INFO, "SCTP: %s", names[event->state]);
    if (event->head.type == CHANNEL_EVENT_NEW) {
        t->dscp_stale = true;
        channel_opened_by_peer(t, event->channel);
        return;
    }
    if (!channel)
        return;
    switch (event->head.type) {
    case CHANNEL_EVENT_STATE:
        t->dscp_stale = true;
        data_channel_set_state(channel, (rtc_data_channel_state)event->channel_state);
        break;
    case CHANNEL_EVENT_MESSAGE:
        told = event_queue_add(t->pc, USER_CHANNEL_MESSAGE, 0, channel, NULL);
        if (told)
            event_queue_carry(t->pc, told, event->message, NULL);
        event->message = told ? NULL : event->message;
        break;
    case CHANNEL_EVENT_BUFFERED_LOW:
        (void)event_queue_add(t->pc, USER_CHANNEL_LOW, 0, channel, NULL);
        break;
    case CHANNEL_EVENT_ERROR:
        (void)event_queue_add(t->pc, USER_CHANNEL_ERROR, event->error, channel, NULL);
        break;
    default:
        break;
    }
}

void transport_rtp_event(struct transport *t, rtc_time_t now, struct rtp_event *event)
{
    rtc_rtp_transceiver *transceiver = transceiver_by_section(t->pc, event->section);
    if (!transceiver)
        return;
    switch (event->head.type) {
    case RTP_EVENT_VIDEO_FRAME:
        receive_pipeline_video(transceiver->receiver.pipeline, now, event->video.frame, event->video.play_time);
        break;
    case RTP_EVENT_AUDIO:
        receive_pipeline_audio(transceiver->receiver.pipeline, now, (int)event->audio.action, event->audio.frame, event->audio.samples);
        break;
    case RTP_EVENT_KEYFRAME_REQUEST:
        if (transceiver->sender.pipeline)
            send_pipeline_request_keyframe(transceiver->sender.pipeline);
        break;
    case RTP_EVENT_TARGET_BITRATE:
        transceiver->sender.target_bitrate_bps = event->target_bps;
        if (transceiver->sender.pipeline)
            send_pipeline_set_bitrate(transceiver->sender.pipeline, event->target_bps);
        break;
    case RTP_EVENT_UNMUTE:
    case RTP_EVENT_MUTE:
        media_track_set_muted(transceiver->receiver.track, event->head.type == RTP_EVENT_MUTE);
        break;
    case RTP_EVENT_CIRCUIT_BREAKER:
        transceiver_circuit_changed(transceiver, event->circuit.state, event->circuit.reason);
        break;
    default:
        break;
    }
}
