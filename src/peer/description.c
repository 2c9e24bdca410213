/* SPDX-License-Identifier: MIT */
/* Offer/answer state (webrtc-pc 4.3.1, 4.4.1.5; RFC 9429 section 3.2, 4.1): creating, setting and showing descriptions. Everything that can
 * be refused is checked before anything changes. signaling.h has the moves. */
#include "codec_mismatch.h"
#include "peer.h"
#include "signaling.h"
#include "transport.h"

void peer_forget_shown(rtc_peer_connection *pc)
{
    memory_free(pc->context, pc->negotiation.shown_local);
    pc->negotiation.shown_local = NULL;
}

/* Says what is wrong with a description, and quotes the line. */
static int fail_at(rtc_peer_connection *pc, int error, const char *sdp, const struct jsep_error *why)
{
    enum { QUOTED = 80 };
    if (why->line == 0)
        return peer_fail(pc, error, "%s", why->text);
    for (size_t line = 1; line < why->line && sdp; line++) {
        sdp = strchr(sdp, '\n');
        sdp += sdp ? 1 : 0;
    }
    size_t len = sdp ? strcspn(sdp, "\r\n") : 0;
    return peer_fail(pc, error, "line %zu, '%.*s%s': %s", why->line, len < QUOTED ? (int)len : QUOTED, sdp ? sdp : "",
                     len > QUOTED ? "..." : "", why->text);
}

static int load(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp, struct description **out)
{
    struct jsep_error why = {0};
    int error = description_new(pc->context, type, sdp, out, &why);
    return error && why.code ? fail_at(pc, error, sdp, &why) : error;
}

static bool may_set(const rtc_peer_connection *pc, enum signaling_side side, rtc_sdp_type type)
{
    return signaling_move(pc->negotiation.signaling, side, type, NULL);
}

static const char *state_name(const rtc_peer_connection *pc)
{
    return rtc_signaling_state_name(pc->negotiation.signaling);
}

/* Keeps `text` as the last created description. */
static int keep(rtc_peer_connection *pc, char **slot, struct text *text, int error, const char **sdp)
{
    char *made = error ? NULL : text_take(text);
    if (!made) {
        text_fini(text);
        return error ? error : RTC_ERR_NO_MEMORY;
    }
    memory_free(pc->context, *slot);
    *slot = made;
    *sdp = made;
    return RTC_OK;
}

int rtc_peer_connection_create_offer(rtc_peer_connection *pc, const char **sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_offer: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    if (!may_set(pc, SIGNALING_LOCAL, RTC_SDP_OFFER))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "an offer can not be made in state %s", state_name(pc));
    error = peer_need_transport(pc, true);
    struct text text = text_new(pc->context);
    if (!error)
        error = snapshot_offer(pc, &text);
    return peer_end(pc, keep(pc, &pc->negotiation.last_offer, &text, error, sdp));
}

int rtc_peer_connection_create_answer(rtc_peer_connection *pc, const char **sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_answer: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    if (!may_set(pc, SIGNALING_LOCAL, RTC_SDP_ANSWER))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "an answer can not be made in state %s", state_name(pc));
    struct text text = text_new(pc->context);
    error = snapshot_answer(pc, description_says(pc->negotiation.pending.remote), &text);
    return peer_end(pc, keep(pc, &pc->negotiation.last_answer, &text, error, sdp));
}

/* Takes the reference `with`. */
static void replace(rtc_peer_connection *pc, struct description **slot, struct description *with)
{
    description_unref(pc->context, *slot);
    *slot = with;
}

static void gather(rtc_peer_connection *pc)
{
    struct transport *t = pc->transport;
    int index = negotiation_transport_section(description_says(negotiation_local(&pc->negotiation)));
    if (index < 0 || !t)
        return;
    memcpy(pc->negotiation.transport_mid, description_says(negotiation_local(&pc->negotiation))->sections[index].mid,
           sizeof pc->negotiation.transport_mid);
    transport_surface(t, pc->now);
    transport_ice_gather(t, pc->now, transport_ice_latest(t));
}

/* Takes `offer` when it succeeds. */
static int set_local_offer(rtc_peer_connection *pc, struct description *offer)
{
    int error = restart_local_offer(pc, offer->parsed);
    if (!error)
        error = negotiation_local_offer(pc, offer->parsed);
    if (error)
        return error;
    if (!pc->negotiation.stable.local)
        ice_agent_set_controlling(pc->transport->ice, true);
    replace(pc, &pc->negotiation.pending.local, offer);
    peer_set_signaling_state(pc, RTC_SIGNALING_HAVE_LOCAL_OFFER);
    gather(pc);
    return RTC_OK;
}

/* Both sides agreed: the pending descriptions become current ones. */
static void settle_negotiation(rtc_peer_connection *pc, bool local_offered)
{
    struct negotiation *n = &pc->negotiation;
    negotiation_state_fini(pc->context, &n->stable);
    n->stable = n->pending;
    n->pending = (struct negotiation_state){0};
    memory_free(pc->context, n->last_offer);
    memory_free(pc->context, n->last_answer);
    n->last_offer = n->last_answer = NULL;
    restart_settled(pc);
    peer_set_signaling_state(pc, RTC_SIGNALING_STABLE);
    if (local_offered)
        negotiation_follow_tracks(pc, n->stable.remote->parsed);
    else
        negotiation_follow_answer(pc, n->stable.local->parsed);
    n->needed = false;
    peer_update_negotiation_needed(pc);
}

static int set_local_answer(rtc_peer_connection *pc, struct description *answer)
{
    struct agreement *agreement;
    struct jsep_error why = {0};
    const struct session_description *offer = pc->negotiation.pending.remote->parsed;
    int error = jsep_check_answer(offer, answer->parsed, &why);
    if (error)
        (void)peer_fail(pc, error, "%s", why.text);
    else
        error = negotiation_prepare(pc, answer->parsed, offer, false, &agreement);
    if (error)
        return error;
    replace(pc, &pc->negotiation.pending.local, answer);
    gather(pc);
    negotiation_carry_out(pc, agreement);
    settle_negotiation(pc, false);
    return RTC_OK;
}

/* The description set must be the one that was created last. */
static int check_created(rtc_peer_connection *pc, const char *created, const char *sdp)
{
    if (sdp && sdp[0] && (!created || strcmp(created, sdp) != 0))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "a local description must be the text that was created last");
    return RTC_OK;
}

/* Whether this version has such descriptions, and the state lets one be set. */
static int check_state(rtc_peer_connection *pc, enum signaling_side side, rtc_sdp_type type)
{
    if (type == RTC_SDP_PRANSWER || type == RTC_SDP_ROLLBACK)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "%s is not part of this version", rtc_sdp_type_name(type));
    if (type != RTC_SDP_OFFER && type != RTC_SDP_ANSWER)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown description type %d", (int)type);
    if (!may_set(pc, side, type))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "a %s %s can not be set in state %s", side == SIGNALING_LOCAL ? "local" : "remote",
                         rtc_sdp_type_name(type), state_name(pc));
    return RTC_OK;
}

static int set_local(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    struct description *d = NULL;
    if (type == RTC_SDP_NONE)
        type = may_set(pc, SIGNALING_LOCAL, RTC_SDP_ANSWER) ? RTC_SDP_ANSWER : RTC_SDP_OFFER;
    int error = check_state(pc, SIGNALING_LOCAL, type);
    if (error)
        return error;
    bool answering = type == RTC_SDP_ANSWER;
    char *const *slot = answering ? &pc->negotiation.last_answer : &pc->negotiation.last_offer;
    error = check_created(pc, *slot, sdp);
    const char *text = *slot;
    if (!error && (!text || !sdp || !sdp[0]))
        error = answering ? rtc_peer_connection_create_answer(pc, &text) : rtc_peer_connection_create_offer(pc, &text);
    if (!error)
        error = load(pc, type, text, &d);
    if (error)
        return error;
    error = answering ? set_local_answer(pc, d) : set_local_offer(pc, d);
    if (error)
        description_unref(pc->context, d);
    return error;
}

/* After a description was set or refused. Memory that ran out where nothing could be refused any more has ended the connection. */
static int finish(rtc_peer_connection *pc, int error)
{
    peer_settle(pc);
    if (!error && pc->given_up)
        return peer_fail(pc, RTC_ERR_NO_MEMORY, "the connection failed when memory ran out");
    return peer_end(pc, error);
}

int rtc_peer_connection_set_local_description(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_set_local_description: connection is NULL");
    int error = peer_begin(pc);
    if (error)
        return error;
    error = set_local(pc, type, sdp);
    peer_forget_shown(pc);
    return finish(pc, error);
}

static bool same_identity(const struct jsep_section *a, const struct jsep_section *b)
{
    for (size_t i = 0; i < a->fingerprint_count; i++)
        for (size_t k = 0; k < b->fingerprint_count; k++)
            if (memcmp(&a->fingerprints[i], &b->fingerprints[k], sizeof a->fingerprints[i]) == 0)
                return true;
    return false;
}

/* RFC 9429 5.8: the transport that there is must be able to go on with the description. */
static int check_transport(rtc_peer_connection *pc, rtc_sdp_type type, const struct session_description *before,
                           const struct session_description *d)
{
    int i = before ? negotiation_agreed_section(pc, before) : -1;
    int k = type == RTC_SDP_OFFER ? negotiation_agreed_section(pc, d) : negotiation_transport_section(d);
    if (k >= 0 && !ice_credentials_are_valid(d->sections[k].ice_ufrag, d->sections[k].ice_pwd))
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS,
                         "section %d: the ICE credentials are too short, too long or have characters that are not allowed", k);
    if (i < 0 || k < 0)
        return RTC_OK;
    if (!same_identity(&before->sections[i], &d->sections[k]))
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "the description changes the certificate, which this version can not do");
    return restart_check_remote(pc, type, &d->sections[k]);
}

static int check_remote(rtc_peer_connection *pc, const struct description *d)
{
    struct jsep_error why = {0};
    int error = RTC_OK;
    if (d->type == RTC_SDP_ANSWER)
        error = jsep_check_answer(description_says(pc->negotiation.pending.local), d->parsed, &why);
    else if (description_says(pc->negotiation.stable.remote))
        error = jsep_check_offer(description_says(pc->negotiation.stable.remote), d->parsed, &why);
    if (error)
        return peer_fail(pc, error, "%s", why.text);
    return check_transport(pc, d->type, description_says(pc->negotiation.stable.remote), d->parsed);
}

/* Takes `offer` when it succeeds. */
static int set_remote_offer(rtc_peer_connection *pc, struct description *offer)
{
    struct ice_agent *made = NULL;
    int error = peer_need_transport(pc, false);
    if (!error)
        error = restart_prepare_remote_offer(pc, offer->parsed, &made);
    if (!error)
        error = negotiation_remote_offer(pc, offer->parsed);
    if (error) {
        ice_agent_free(made);
        return error;
    }
    restart_remote_offer(pc, offer->parsed, made);
    if (!pc->negotiation.stable.local)
        ice_agent_set_controlling(pc->transport->ice, false); /* RFC 8445 6.1.1: the offerer controls, whoever made an agent first */
    replace(pc, &pc->negotiation.pending.remote, offer);
    peer_set_signaling_state(pc, RTC_SIGNALING_HAVE_REMOTE_OFFER);
    negotiation_follow_tracks(pc, offer->parsed);
    codec_mismatch_log(pc);
    return RTC_OK; /* its credentials wait for our answer, which says which section stands for the transport */
}

static int set_remote_answer(rtc_peer_connection *pc, struct description *answer)
{
    struct agreement *agreement;
    int error = negotiation_prepare(pc, pc->negotiation.pending.local->parsed, answer->parsed, true, &agreement);
    if (error)
        return error;
    replace(pc, &pc->negotiation.pending.remote, answer);
    codec_mismatch_log(pc);
    negotiation_carry_out(pc, agreement);
    settle_negotiation(pc, true);
    return RTC_OK;
}

static int set_remote(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    struct description *d = NULL;
    int error = check_state(pc, SIGNALING_REMOTE, type);
    if (!error)
        error = load(pc, type, sdp, &d);
    if (error)
        return error;
    error = check_remote(pc, d);
    if (!error)
        error = type == RTC_SDP_OFFER ? set_remote_offer(pc, d) : set_remote_answer(pc, d);
    if (error)
        description_unref(pc->context, d);
    return error;
}

int rtc_peer_connection_set_remote_description(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_set_remote_description: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    error = set_remote(pc, type, sdp);
    return finish(pc, error);
}

/* The local description's text with the candidates gathered so far. */
static char *show(rtc_peer_connection *pc, const struct description *d)
{
    const struct ice_candidate *candidates;
    const struct transport *t = pc->transport;
    const struct ice_agent *agent = !t ? NULL : d == pc->negotiation.pending.local ? transport_ice_latest(t) : transport_ice_negotiated(t);
    size_t count = agent ? ice_agent_local_candidates(agent, &candidates) : 0;
    bool complete = agent && ice_agent_gathering_state(agent) == ICE_GATHERING_COMPLETE;
    struct text out = text_new(pc->context);
    struct slice *lines = memory_zeroed(pc->context, (count + 1) * sizeof *lines);
    int error = lines ? RTC_OK : RTC_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && !error; i++) {
        struct text line = text_new(pc->context);
        ice_candidate_print(&candidates[i], &line);
        char *text = text_take(&line);
        lines[i] = slice_str(text);
        error = text ? RTC_OK : RTC_ERR_NO_MEMORY;
    }
    if (!error)
        error = jsep_with_candidates(pc->context, slice_str(d->text), pc->negotiation.transport_mid, lines, count, complete, &out);
    for (size_t i = 0; lines && i < count; i++)
        memory_free(pc->context, (void *)(uintptr_t)lines[i].data);
    memory_free(pc->context, lines);
    if (error)
        text_fini(&out);
    return error ? NULL : text_take(&out);
}

const char *rtc_peer_connection_local_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    const struct description *d = negotiation_local(&pc->negotiation);
    if (type)
        *type = d ? d->type : RTC_SDP_NONE;
    if (!d)
        return NULL;
    if (!pc->negotiation.shown_local)
        pc->negotiation.shown_local = pc->negotiation.transport_mid[0] ? show(pc, d) : NULL;
    return pc->negotiation.shown_local ? pc->negotiation.shown_local : d->text;
}

const char *rtc_peer_connection_remote_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    const struct description *d = negotiation_remote(&pc->negotiation);
    if (type)
        *type = d ? d->type : RTC_SDP_NONE;
    return d ? d->text : NULL;
}
