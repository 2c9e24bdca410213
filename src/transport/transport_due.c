/* SPDX-License-Identifier: MIT */
/* See transport_due.h. */
#include "transport_due.h"

#include "memory.h"
#include "sizes.h"
#include "snap.h"
#include "transport_ice.h"
#include "transport_internal.h"
#include "transport_pool.h"
#include "transport_upper.h"

/* ---- Made ready ---- */

struct transport_remote *transport_remote_new(rtc_context *context, size_t candidates)
{
    struct transport_remote *remote = memory_zeroed(context, sizeof *remote + candidates * sizeof remote->candidates[0]);
    if (remote)
        remote->context = context;
    return remote;
}

void transport_remote_free(struct transport_remote *remote)
{
    if (!remote)
        return;
    memory_wipe(remote->password, sizeof remote->password);
    memory_free(remote->context, remote);
}

static int prepare_handshake(struct transport *t, bool anew, struct transport_identity *identity)
{
    if (!anew)
        return t->dtls_started ? RTC_OK : dtls_prepare(t->dtls, identity->role);
    int error = transport_make_dtls(t, &identity->anew);
    return error ? error : dtls_prepare(identity->anew, identity->role);
}

int transport_prepare_dtls(struct transport *t, enum dtls_role role, bool anew, struct transport_identity **out)
{
    struct transport_identity *identity = memory_zeroed(t->context, sizeof *identity);
    if (!identity)
        return RTC_ERR_NO_MEMORY;
    identity->context = t->context;
    identity->role = role;
    int error = prepare_handshake(t, anew, identity);
    if (error == RTC_ERR_NO_MEMORY) {
        transport_identity_free(identity);
        return error;
    }
    *out = identity; /* any other error makes DTLS fail, which is told */
    return RTC_OK;
}

void transport_identity_free(struct transport_identity *identity)
{
    if (!identity)
        return;
    dtls_free(identity->anew);
    memory_free(identity->context, identity);
}

int transport_prepare_sctp(struct transport *t, uint16_t remote_port, bool anew, struct data_channels **out)
{
    *out = NULL;
    bool over = t->channels && data_channels_state(t->channels) == SCTP_CLOSED && t->sctp.state == ASSOCIATION_NONE;
    bool another = over || (t->sctp.state != ASSOCIATION_NONE && (anew || t->sctp.remote_port != remote_port));
    int error = another ? transport_make_channels(t, out) : transport_need_channels(t);
    if (!error)
        error = data_channels_reserve_ids(another ? *out : t->channels);
    if (error) {
        data_channels_free(*out);
        *out = NULL;
    }
    return error;
}

/* ---- Given ---- */

/* The pending generation gathered with other servers than the pool, and there was no memory to pool anew: the description is not of it. */
void transport_surface(struct transport *t)
{
    if (t->pool.state == POOL_WITHHELD && t->ice.pending)
        transport_abandon_pool(t);
    t->due.surface = t->pool.state == POOL_WITHHELD;
}

void transport_set_remote(struct transport *t, struct transport_remote *remote)
{
    transport_remote_free(t->due.remote); /* never: what is due was carried out since */
    t->due.remote = remote;
}

void transport_start_dtls(struct transport *t, struct transport_identity *identity)
{
    if (identity->anew) {
        dtls_free(t->dtls);
        t->dtls = identity->anew;
        identity->anew = NULL;
        t->dtls_started = false;
        t->sctp.ends_at = 0;
        if (t->channels)
            data_channels_expect_restart(t->channels);
        if (t->rtp)
            rtp_session_forget_keys(t->rtp);
    }
    transport_identity_free(t->due.identity);
    t->due.identity = identity;
}

void transport_start_sctp(struct transport *t, uint16_t remote_port, uint64_t remote_max_message, struct data_channels *next,
                          struct snap *snap)
{
    if (next || t->sctp.state == ASSOCIATION_NONE)
        data_channels_set_snap(next ? next : t->channels, snap);
    else
        snap_free(snap);
    if (!next) /* the role goes with the description; of another association, when it begins */
        data_channels_set_role(t->channels, t->due.identity ? t->due.identity->role == DTLS_CLIENT : dtls_role(t->dtls) == DTLS_CLIENT);
    if (next)
        transport_sctp_set_state(t, ASSOCIATION_ENDING);
    else if (t->sctp.state == ASSOCIATION_NONE)
        transport_sctp_set_state(t, ASSOCIATION_AGREED);
    else {
        t->sctp.remote_max_message = remote_max_message;
        data_channels_set_remote_max(t->channels, remote_max_message);
        return;
    }
    data_channels_free(t->due.channels);
    t->due.channels = next;
    t->sctp.remote_port = remote_port;
    t->sctp.remote_max_message = remote_max_message;
}

void transport_end_sctp(struct transport *t)
{
    if (!t->channels)
        return;
    transport_sctp_set_state(t, ASSOCIATION_ENDING);
    t->sctp.remote_port = 0;
    data_channels_free(t->due.channels);
    t->due.channels = NULL;
}

void transport_move_sctp(struct transport *from, struct transport *to)
{
    struct out of_none = to->sctp_out;
    transport_replace_channels(to, NULL);
    to->channels = from->channels;
    to->sctp = from->sctp;
    to->sctp_out = from->sctp_out;
    to->due.channels = from->due.channels;
    from->channels = from->due.channels = NULL;
    from->sctp = (struct transport_sctp){.state = ASSOCIATION_NONE};
    from->sctp_out = of_none;
    from->marks.stale = to->marks.stale = true;
    if (to->channels)
        data_channels_set_mtu(to->channels, size_sctp_packet(to->overhead));
}

/* ---- Carried out ---- */

static void gather(struct transport *t, rtc_time_t now)
{
    struct ice_agent *alive[] = {t->ice.current.agent, t->ice.next.agent, t->ice.pending};
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        if (alive[i] && ice_agent_generation(alive[i]) == t->ice.gatherer)
            ice_agent_gather(alive[i], now, &t->out);
}

static void hear(struct transport *t, rtc_time_t now, const struct transport_remote *remote)
{
    struct ice_agent *agent = transport_ice_negotiated(t);
    if (remote->lite)
        ice_agent_set_remote_lite(agent);
    (void)ice_agent_set_remote_credentials(agent, now, slice_str(remote->ufrag), slice_str(remote->password), &t->out);
    for (size_t i = 0; i < remote->candidate_count; i++) /* beyond the limit: dropped and counted */
        t->starved |= ice_agent_add_remote_candidate(agent, now, &remote->candidates[i], &t->out) == RTC_ERR_NO_MEMORY;
    if (remote->end_of_candidates)
        ice_agent_end_of_remote_candidates(agent, now, &t->out);
}

static void begin_dtls(struct transport *t, rtc_time_t now, const struct transport_identity *identity)
{
    if (t->dtls_started)
        return;
    dtls_set_remote_fingerprints(t->dtls, now, identity->fingerprints, identity->fingerprint_count, &t->out);
    int error = dtls_start(t->dtls, now, identity->role, &t->out);
    t->starved |= error == RTC_ERR_NO_MEMORY;
    t->dtls_started = error == RTC_OK;
    if (t->writable && !error)
        dtls_set_writable(t->dtls, now, &t->out);
}

/* What follows a word from above; false: nothing was said. */
static bool carry_out_ice_and_dtls(struct transport *t, rtc_time_t now)
{
    struct transport_due *due = &t->due;
    struct transport_remote *remote = due->remote;
    struct transport_identity *identity = due->identity;
    if (due->surface) {
        due->surface = false;
        transport_begin_surfacing(t);
    } else if (due->gather) {
        due->gather = false;
        gather(t, now);
    } else if (remote) {
        due->remote = NULL;
        hear(t, now, remote);
        transport_remote_free(remote);
    } else if (identity) {
        due->identity = NULL;
        begin_dtls(t, now, identity);
        transport_identity_free(identity);
    } else {
        return false;
    }
    return true;
}

/* Its channels are told of the end before they are forgotten. */
static bool carry_out_sctp(struct transport *t, rtc_time_t now)
{
    if (t->sctp.state == ASSOCIATION_ENDING) {
        transport_close_channels(t, now);
        transport_sctp_set_state(t, ASSOCIATION_ENDED);
    } else if (t->sctp.state == ASSOCIATION_ENDED && !t->sctp_out.failed) {
        transport_replace_channels(t, t->due.channels);
        transport_sctp_set_state(t, t->due.channels ? ASSOCIATION_AGREED : ASSOCIATION_NONE);
        t->due.channels = NULL;
    } else {
        return transport_run_sctp(t, now);
    }
    return true;
}

bool transport_carry_out(struct transport *t, rtc_time_t now)
{
    if (t->ended)
        return false;
    return transport_ice_part(t, now) || carry_out_ice_and_dtls(t, now) || carry_out_sctp(t, now);
}

void transport_forget_due(struct transport *t)
{
    transport_remote_free(t->due.remote);
    transport_identity_free(t->due.identity);
    data_channels_free(t->due.channels);
    t->due = (struct transport_due){.surface = false};
}
