/* SPDX-License-Identifier: MIT */
/* See transport_upper.h. */
#include "transport_upper.h"

#include "memory.h"
#include "sizes.h"
#include "transport_internal.h"
#include "transport_log.h"

static const rtc_time_t offer_takes = 3000000; /* from what its maker does to it to the offer or answer that says why */

void transport_take_keys(struct transport *t)
{
    struct dtls_srtp_keys keys;
    uint8_t local[sizeof keys.local_key + sizeof keys.local_salt], remote[sizeof local];
    if (!t->rtp)
        return;
    if (dtls_export_srtp_keys(t->dtls, &keys)) {
        transport_log(t, RTC_LOG_WARNING, "the peer negotiated no SRTP profile: media can not flow");
        return;
    }
    size_t len = (size_t)keys.key_len + keys.salt_len;
    memcpy(local, keys.local_key, keys.key_len);
    memcpy(local + keys.key_len, keys.local_salt, keys.salt_len);
    memcpy(remote, keys.remote_key, keys.key_len);
    memcpy(remote + keys.key_len, keys.remote_salt, keys.salt_len);
    if (rtp_session_set_keys(t->rtp, keys.profile, slice_of(local, len), slice_of(remote, len)))
        t->starved = true;
    memory_wipe(&keys, sizeof keys);
    memory_wipe(local, sizeof local);
    memory_wipe(remote, sizeof remote);
}

int transport_make_dtls(const struct transport *t, struct dtls **out)
{
    const struct dtls_options options = {
        .certificate = t->settings->certificate, .mtu = SIZE_DATAGRAM, .handshake_mtu = SIZE_DATAGRAM - SIZE_RELAY_INDICATION};
    return dtls_new(t->context, &options, out);
}

int transport_make_channels(const struct transport *t, struct data_channels **out)
{
    struct data_channels_options options = {
        .max_channels = t->settings->max_channels,
        .max_message_bytes = t->settings->max_message_size,
        .mtu = size_sctp_packet(t->overhead),
    };
    return data_channels_new(t->context, &options, out);
}

int transport_need_channels(struct transport *t)
{
    struct data_channels *made;
    if (t->channels)
        return RTC_OK;
    int error = transport_make_channels(t, &made);
    if (!error)
        transport_replace_channels(t, made);
    return error;
}

void transport_replace_channels(struct transport *t, struct data_channels *channels)
{
    if (t->channels)
        data_channels_set_wake(t->channels, NULL, NULL);
    data_channels_free(t->channels);
    t->channels = channels;
    if (channels)
        data_channels_set_wake(channels, t->settings->wake, t->settings->wake_user);
}

int transport_need_rtp(struct transport *t, rtc_time_t now)
{
    if (t->rtp)
        return RTC_OK;
    struct rtp_session_options options = {
        .cname = t->settings->cname,
        .max_packet_bytes = SIZE_DATAGRAM - t->overhead,
        .max_bitrate_bps = t->settings->max_bitrate_bps,
        .start_bitrate_bps = t->settings->start_bitrate_bps,
        .controller = t->settings->controller,
    };
    int error = rtp_session_new(t->context, &options, &t->rtp);
    if (error)
        return error;
    rtp_session_set_writable(t->rtp, now, t->writable, &t->rtp_out);
    if (dtls_state(t->dtls) == DTLS_CONNECTED)
        transport_take_keys(t); /* media was added to a connected transport */
    return RTC_OK;
}

const struct moves transport_sctp_moves = {
    .module = "transport",
    .what = "association",
    .count = ASSOCIATION_ENDED + 1,
    .names = {"none", "agreed", "started", "ending", "ended"},
    .allowed =
        {
            [ASSOCIATION_NONE] = MOVE_TO(ASSOCIATION_AGREED) | MOVE_TO(ASSOCIATION_ENDING),
            [ASSOCIATION_AGREED] = MOVE_TO(ASSOCIATION_STARTED) | MOVE_TO(ASSOCIATION_ENDING),
            [ASSOCIATION_STARTED] = MOVE_TO(ASSOCIATION_ENDING),
            [ASSOCIATION_ENDING] = MOVE_TO(ASSOCIATION_ENDED),
            [ASSOCIATION_ENDED] = MOVE_TO(ASSOCIATION_NONE) | MOVE_TO(ASSOCIATION_AGREED) | MOVE_TO(ASSOCIATION_ENDING),
        },
};

void transport_sctp_set_state(struct transport *t, enum association_state state)
{
    if (state != t->sctp.state && moves_take(&transport_sctp_moves, t->context, t->sctp.state, state))
        t->sctp.state = state;
}

void transport_go_on_sctp(struct transport *t, rtc_time_t now)
{
    t->sctp.ends_at = 0;
    if (t->sctp.state == ASSOCIATION_STARTED)
        data_channels_go_on(t->channels, now, &t->sctp_out);
}

bool transport_run_sctp(struct transport *t, rtc_time_t now)
{
    if (t->sctp.state != ASSOCIATION_AGREED || dtls_state(t->dtls) != DTLS_CONNECTED)
        return false;
    transport_sctp_set_state(t, ASSOCIATION_STARTED);
    data_channels_set_remote_port(t->channels, t->sctp.remote_port);
    if (data_channels_start(t->channels, now, dtls_role(t->dtls) == DTLS_CLIENT, t->sctp.remote_max_message,
                            ice_agent_rtt_us(t->ice.current.agent), &t->sctp_out))
        t->starved = true;
    return true;
}

void transport_close_channels(struct transport *t, rtc_time_t now)
{
    if (t->channels)
        data_channels_close(t->channels, now, &t->sctp_out);
}

void transport_lose_channels(struct transport *t, rtc_time_t now)
{
    if (t->channels)
        data_channels_lose(t->channels, now, &t->sctp_out);
}

void transport_set_shared(struct transport *t, bool shared)
{
    t->sctp.outlives = shared;
}

void transport_set_handed_over(struct transport *t, bool handed_over)
{
    if (t->channels)
        data_channels_set_survives(t->channels, handed_over);
}

/* What the channels stand on is gone, and a description may give them another: the association was lost while an offer has the transport
 * handed over, or they were made when the peer had closed DTLS already. */
static bool stands_on_nothing(const struct transport *t)
{
    if (!t->channels || data_channels_state(t->channels) == SCTP_CLOSED)
        return false;
    return transport_is_over(t) || (data_channels_are_adrift(t->channels) && dtls_state(t->dtls) == DTLS_CONNECTED);
}

static void await_description(struct transport *t, rtc_time_t now)
{
    if (t->sctp.ends_at == 0 && stands_on_nothing(t))
        t->sctp.ends_at = dtls_state(t->dtls) == DTLS_FAILED ? now : now + offer_takes;
}

void transport_receive_sctp(struct transport *t, rtc_time_t now, struct slice packet)
{
    if (!t->channels || t->sctp.state != ASSOCIATION_STARTED)
        return;
    data_channels_input(t->channels, now, packet, &t->sctp_out);
    await_description(t, now);
}

/* What stands on DTLS goes with it: the channels (RFC 8831 6.7) and the media whose keys it gave. ICE goes on by itself: it is not the
 * peer's word that ends it. Browsers end DTLS when they stop the section that has the transport, before their offer says so; whoever hangs
 * up ends the association first. */
void transport_end_upper(struct transport *t, rtc_time_t now)
{
    bool waits = t->sctp.outlives && dtls_state(t->dtls) == DTLS_CLOSED && t->sctp.state == ASSOCIATION_STARTED;
    if (waits)
        t->sctp.ends_at = now + offer_takes;
    else
        transport_lose_channels(t, now);
    if (t->rtp)
        rtp_session_close(t->rtp, now, &t->rtp_out);
}

void transport_tick_upper(struct transport *t, rtc_time_t now)
{
    if (t->channels)
        data_channels_tick(t->channels, now, &t->sctp_out);
    await_description(t, now);
    if (t->sctp.ends_at == 0 || now < t->sctp.ends_at)
        return;
    t->sctp.ends_at = 0;
    transport_lose_channels(t, now);
}

rtc_time_t transport_upper_deadline(const struct transport *t)
{
    rtc_time_t at = t->channels ? data_channels_deadline(t->channels, &(enum timer_reason){TIMER_NONE}) : RTC_TIME_NEVER;
    if (t->sctp.ends_at > 0)
        deadline_min(&at, NULL, t->sctp.ends_at, TIMER_SCTP);
    else if (stands_on_nothing(t))
        at = 0; /* at once: it is to be waited for */
    return at;
}

bool transport_is_over(const struct transport *t)
{
    enum dtls_state state = dtls_state(t->dtls);
    return state == DTLS_CLOSED || state == DTLS_FAILED;
}

const struct dtls *transport_dtls(const struct transport *t)
{
    return t->dtls;
}

bool transport_has_role(const struct transport *t)
{
    return t->dtls_started;
}

struct data_channels *transport_channels(const struct transport *t)
{
    return t->channels;
}

struct out *transport_channels_out(struct transport *t)
{
    return &t->sctp_out;
}

struct rtp_session *transport_media(const struct transport *t)
{
    return t->rtp;
}

struct out *transport_media_out(struct transport *t)
{
    return &t->rtp_out;
}
