/* SPDX-License-Identifier: MIT */
/* Offer/answer state (webrtc-pc 4.3.1, 4.4.1.5; RFC 9429 section 3.2, 4.1): creating, setting and showing descriptions. Everything that can
 * be refused is checked before anything changes.
 *
 *   STABLE --set local offer--> HAVE_LOCAL_OFFER --set remote answer--> STABLE
 *   STABLE --set remote offer--> HAVE_REMOTE_OFFER --set local answer--> STABLE
 */
#include "codec_mismatch.h"
#include "peer.h"
#include "transport.h"

const struct description *peer_local(const rtc_peer_connection *pc)
{
    return pc->pending_local.type ? &pc->pending_local : &pc->current_local;
}

const struct description *peer_remote(const rtc_peer_connection *pc)
{
    return pc->pending_remote.type ? &pc->pending_remote : &pc->current_remote;
}

void description_clear(rtc_context *context, struct description *d)
{
    session_description_free(context, d->parsed);
    memory_free(context, d->text);
    *d = (struct description){0};
}

void peer_forget_shown(rtc_peer_connection *pc)
{
    memory_free(pc->context, pc->shown_local);
    pc->shown_local = NULL;
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

static int load(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp, struct description *out)
{
    struct jsep_error why = {0};
    *out = (struct description){.type = type};
    int error = session_description_parse(pc->context, slice_str(sdp), &out->parsed, &why);
    if (error)
        return fail_at(pc, error, sdp, &why);
    out->text = memory_text(pc->context, sdp, strlen(sdp));
    if (!out->text) {
        description_clear(pc->context, out);
        return RTC_ERR_NO_MEMORY;
    }
    return RTC_OK;
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
    if (pc->signaling_state != RTC_SIGNALING_STABLE && pc->signaling_state != RTC_SIGNALING_HAVE_LOCAL_OFFER)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "an offer can not be made in state %s", rtc_signaling_state_name(pc->signaling_state));
    error = peer_need_transport(pc, true);
    struct text text = text_new(pc->context);
    if (!error)
        error = snapshot_offer(pc, &text);
    return peer_end(pc, keep(pc, &pc->last_offer, &text, error, sdp));
}

int rtc_peer_connection_create_answer(rtc_peer_connection *pc, const char **sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_answer: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    if (pc->signaling_state != RTC_SIGNALING_HAVE_REMOTE_OFFER)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "an answer can not be made in state %s", rtc_signaling_state_name(pc->signaling_state));
    struct text text = text_new(pc->context);
    error = snapshot_answer(pc, pc->pending_remote.parsed, &text);
    return peer_end(pc, keep(pc, &pc->last_answer, &text, error, sdp));
}

static void replace(rtc_peer_connection *pc, struct description *slot, struct description *with)
{
    description_clear(pc->context, slot);
    *slot = *with;
    *with = (struct description){0};
}

static void gather(rtc_peer_connection *pc)
{
    struct transport *t = pc->transport;
    int index = negotiation_transport_section(peer_local(pc)->parsed);
    if (index < 0 || !t)
        return;
    memcpy(pc->transport_mid, peer_local(pc)->parsed->sections[index].mid, sizeof pc->transport_mid);
    transport_surface(t, pc->now);
    transport_ice_gather(t, pc->now, transport_ice_latest(t));
}

static int set_local_offer(rtc_peer_connection *pc, const char *sdp)
{
    struct description offer;
    int error = load(pc, RTC_SDP_OFFER, sdp, &offer);
    if (!error)
        error = restart_local_offer(pc, offer.parsed);
    if (!error)
        error = negotiation_local_offer(pc, offer.parsed);
    if (error) {
        description_clear(pc->context, &offer);
        return error;
    }
    if (!pc->current_local.type)
        ice_agent_set_controlling(pc->transport->ice, true);
    replace(pc, &pc->pending_local, &offer);
    peer_set_signaling_state(pc, RTC_SIGNALING_HAVE_LOCAL_OFFER);
    gather(pc);
    return RTC_OK;
}

/* Both sides agreed: the pending descriptions become current ones. */
static void settle_negotiation(rtc_peer_connection *pc, bool local_offered)
{
    replace(pc, &pc->current_local, &pc->pending_local);
    replace(pc, &pc->current_remote, &pc->pending_remote);
    memory_free(pc->context, pc->last_offer);
    memory_free(pc->context, pc->last_answer);
    pc->last_offer = pc->last_answer = NULL;
    restart_settled(pc);
    peer_set_signaling_state(pc, RTC_SIGNALING_STABLE);
    if (local_offered)
        negotiation_follow_tracks(pc, pc->current_remote.parsed);
    else
        negotiation_follow_answer(pc, pc->current_local.parsed);
    pc->negotiation_needed = false;
    peer_update_negotiation_needed(pc);
}

static int set_local_answer(rtc_peer_connection *pc, const char *sdp)
{
    struct description answer;
    struct negotiation *negotiation;
    struct jsep_error why = {0};
    int error = load(pc, RTC_SDP_ANSWER, sdp, &answer);
    if (error)
        return error;
    error = jsep_check_answer(pc->pending_remote.parsed, answer.parsed, &why);
    if (error)
        (void)peer_fail(pc, error, "%s", why.text);
    else
        error = negotiation_prepare(pc, answer.parsed, pc->pending_remote.parsed, false, &negotiation);
    if (error) {
        description_clear(pc->context, &answer);
        return error;
    }
    replace(pc, &pc->pending_local, &answer);
    gather(pc);
    negotiation_carry_out(pc, negotiation);
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

static int set_local(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    bool answering = pc->signaling_state == RTC_SIGNALING_HAVE_REMOTE_OFFER;
    if (type == RTC_SDP_NONE)
        type = answering ? RTC_SDP_ANSWER : RTC_SDP_OFFER;
    if (type == RTC_SDP_PRANSWER || type == RTC_SDP_ROLLBACK)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "%s is not part of this version", rtc_sdp_type_name(type));
    if (type != RTC_SDP_OFFER && type != RTC_SDP_ANSWER)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown description type %d", (int)type);
    if ((type == RTC_SDP_ANSWER) != answering)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "a local %s can not be set in state %s", rtc_sdp_type_name(type),
                         rtc_signaling_state_name(pc->signaling_state));
    char *const *slot = answering ? &pc->last_answer : &pc->last_offer;
    int error = check_created(pc, *slot, sdp);
    const char *text = *slot;
    if (!error && (!text || !sdp || !sdp[0]))
        error = answering ? rtc_peer_connection_create_answer(pc, &text) : rtc_peer_connection_create_offer(pc, &text);
    if (error)
        return error;
    return answering ? set_local_answer(pc, text) : set_local_offer(pc, text);
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
        error = jsep_check_answer(pc->pending_local.parsed, d->parsed, &why);
    else if (pc->current_remote.parsed)
        error = jsep_check_offer(pc->current_remote.parsed, d->parsed, &why);
    if (error)
        return peer_fail(pc, error, "%s", why.text);
    return check_transport(pc, d->type, pc->current_remote.parsed, d->parsed);
}

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
    if (!pc->current_local.type)
        ice_agent_set_controlling(pc->transport->ice, false); /* RFC 8445 6.1.1: the offerer controls, whoever made an agent first */
    replace(pc, &pc->pending_remote, offer);
    peer_set_signaling_state(pc, RTC_SIGNALING_HAVE_REMOTE_OFFER);
    negotiation_follow_tracks(pc, pc->pending_remote.parsed);
    codec_mismatch_log(pc);
    return RTC_OK; /* its credentials wait for our answer, which says which section stands for the transport */
}

static int set_remote_answer(rtc_peer_connection *pc, struct description *answer)
{
    struct negotiation *negotiation;
    int error = negotiation_prepare(pc, pc->pending_local.parsed, answer->parsed, true, &negotiation);
    if (error)
        return error;
    replace(pc, &pc->pending_remote, answer);
    codec_mismatch_log(pc);
    negotiation_carry_out(pc, negotiation);
    settle_negotiation(pc, true);
    return RTC_OK;
}

static int check_remote_state(rtc_peer_connection *pc, rtc_sdp_type type)
{
    if (type == RTC_SDP_PRANSWER || type == RTC_SDP_ROLLBACK)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "%s is not part of this version", rtc_sdp_type_name(type));
    if (type != RTC_SDP_OFFER && type != RTC_SDP_ANSWER)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown description type %d", (int)type);
    bool allowed = type == RTC_SDP_ANSWER
                       ? pc->signaling_state == RTC_SIGNALING_HAVE_LOCAL_OFFER
                       : pc->signaling_state == RTC_SIGNALING_STABLE || pc->signaling_state == RTC_SIGNALING_HAVE_REMOTE_OFFER;
    if (!allowed)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "a remote %s can not be set in state %s", rtc_sdp_type_name(type),
                         rtc_signaling_state_name(pc->signaling_state));
    return RTC_OK;
}

static int set_remote(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    struct description d;
    int error = check_remote_state(pc, type);
    if (!error)
        error = load(pc, type, sdp, &d);
    if (error)
        return error;
    error = check_remote(pc, &d);
    if (!error)
        error = type == RTC_SDP_OFFER ? set_remote_offer(pc, &d) : set_remote_answer(pc, &d);
    description_clear(pc->context, &d);
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
    const struct ice_agent *agent = !t ? NULL : d == &pc->pending_local ? transport_ice_latest(t) : transport_ice_negotiated(t);
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
        error = jsep_with_candidates(pc->context, slice_str(d->text), pc->transport_mid, lines, count, complete, &out);
    for (size_t i = 0; lines && i < count; i++)
        memory_free(pc->context, (void *)(uintptr_t)lines[i].data);
    memory_free(pc->context, lines);
    if (error)
        text_fini(&out);
    return error ? NULL : text_take(&out);
}

const char *rtc_peer_connection_local_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    const struct description *d = peer_local(pc);
    if (type)
        *type = d->type;
    if (!d->type)
        return NULL;
    if (!pc->shown_local)
        pc->shown_local = pc->transport_mid[0] ? show(pc, d) : NULL;
    return pc->shown_local ? pc->shown_local : d->text;
}

const char *rtc_peer_connection_remote_description(rtc_peer_connection *pc, rtc_sdp_type *type)
{
    const struct description *d = peer_remote(pc);
    if (type)
        *type = d->type;
    return d->text;
}
