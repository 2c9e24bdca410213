/* SPDX-License-Identifier: MIT */
/* Offer/answer state (webrtc-pc 4.3.1, 4.4.1.5; RFC 9429 section 3.2, 4.1): creating and setting descriptions, and
 * asking for other credentials; shown_descriptions.c reads them. Everything that can be refused is checked before anything changes.
 * signaling.h has the moves. */
#include "candidate_pool.h"
#include "created_descriptions.h"
#include "negotiation.h"
#include "negotiation_needed.h"
#include "peer_record.h"
#include "peer_transport.h"
#include "restart.h"
#include "transport.h"

static int load(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp, struct description **out)
{
    struct sdp_error why = {0};
    int error = description_new(pc->context, type, sdp, out, &why);
    return error && why.code ? peer_fail_at(pc, error, sdp, &why) : error;
}

static bool may_set(const rtc_peer_connection *pc, enum signaling_side side, rtc_sdp_type type)
{
    return signaling_move(pc->negotiation.signaling, side, type, NULL);
}

static const char *state_name(const rtc_peer_connection *pc)
{
    return rtc_signaling_state_name(pc->negotiation.signaling);
}

static int create_offer(rtc_peer_connection *pc, const rtc_offer_options *given, const char **sdp)
{
    rtc_offer_options o;
    int error = peer_options(pc, &o, sizeof o, given, "rtc_offer_options");
    if (error)
        return error;
    if (!may_set(pc, SIGNALING_LOCAL, RTC_SDP_OFFER))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "an offer can not be made in state %s", state_name(pc));
    error = created_offer_receives(pc, &o);
    return error ? error : created_offer(pc, o.ice_restart, sdp);
}

/* `sdp` NULL: it failed. */
static void record_created(rtc_peer_connection *pc, bool offer, const char *sdp)
{
    peer_record(pc, offer ? "createOffer" : "createAnswer", "");
    if (sdp)
        peer_record(pc, offer ? "createOfferOnSuccess" : "createAnswerOnSuccess", "type:s sdp:s", offer ? "offer" : "answer", sdp);
    else
        peer_record(pc, offer ? "createOfferOnFailure" : "createAnswerOnFailure", "message:s", pc->last_error);
}

static void record_set(rtc_peer_connection *pc, const char *call, rtc_sdp_type type, const char *sdp)
{
    if (type == RTC_SDP_NONE)
        peer_record(pc, call, "");
    else
        peer_record(pc, call, "type:s sdp:s", rtc_sdp_type_name(type), sdp ? sdp : "");
}

int rtc_peer_connection_create_offer_with(rtc_peer_connection *pc, const rtc_offer_options *options, const char **sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_offer_with: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    error = peer_end(pc, create_offer(pc, options, sdp));
    record_created(pc, true, error ? NULL : *sdp);
    return error;
}

int rtc_peer_connection_create_offer(rtc_peer_connection *pc, const char **sdp)
{
    if (!pc || !sdp)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_create_offer: %s is NULL", pc ? "sdp" : "connection");
    return rtc_peer_connection_create_offer_with(pc, NULL, sdp);
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
    error = peer_end(pc, created_answer(pc, sdp));
    record_created(pc, false, error ? NULL : *sdp);
    return error;
}

/* The description set must be the one that was created last. */
static int check_created(rtc_peer_connection *pc, const char *created, const char *sdp)
{
    if (sdp && sdp[0] && (!created || strcmp(created, sdp) != 0))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "a local description must be the text that was created last");
    return RTC_OK;
}

/* Whether there are such descriptions, and the state lets one be set. */
static int check_state(rtc_peer_connection *pc, enum signaling_side side, rtc_sdp_type type)
{
    if (type <= RTC_SDP_NONE || type > RTC_SDP_ROLLBACK)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown description type %d", (int)type);
    if (!may_set(pc, side, type))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "a %s %s can not be set in state %s", side == SIGNALING_LOCAL ? "local" : "remote",
                         rtc_sdp_type_name(type), state_name(pc));
    return RTC_OK;
}

/* webrtc-pc 4.4.1.5, rollback. A pool begins anew with the transport. */
static int roll_back(rtc_peer_connection *pc)
{
    int error = negotiation_undo(pc);
    return error ? error : candidate_pool_start(pc);
}

static int set_local(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    struct description *d = NULL;
    if (type == RTC_SDP_NONE)
        type = may_set(pc, SIGNALING_LOCAL, RTC_SDP_ANSWER) ? RTC_SDP_ANSWER : RTC_SDP_OFFER;
    int error = check_state(pc, SIGNALING_LOCAL, type);
    if (error || type == RTC_SDP_ROLLBACK)
        return error ? error : roll_back(pc);
    bool answering = type != RTC_SDP_OFFER;
    struct created_description *last = answering ? &pc->negotiation.last_answer : &pc->negotiation.last_offer;
    const char *text = last->counts ? last->text : NULL;
    error = check_created(pc, text, sdp);
    if (!error && (!text || !sdp || !sdp[0])) /* the last one, if it still says what there is */
        error = answering ? created_answer(pc, &text) : created_offer(pc, last->counts && last->restarts, &text);
    if (!error)
        error = load(pc, type, text, &d);
    if (error)
        return error;
    error = negotiation_set(pc, SIGNALING_LOCAL, d);
    if (!error)
        last->restarts = false;
    description_unref(pc->context, d);
    return error;
}

/* After a description was set or refused. Memory that ran out where nothing could be refused any more has ended the connection. */
static int finish(rtc_peer_connection *pc, int error)
{
    peer_settle(pc);
    if (!error && peer_gave_up(pc))
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
    record_set(pc, "setLocalDescription", type, sdp);
    error = finish(pc, set_local(pc, type, sdp));
    peer_record_end(pc, "setLocalDescriptionOnSuccess", "setLocalDescriptionOnFailure", error);
    return error;
}

static int set_remote(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    struct description *d = NULL;
    int error = RTC_OK;
    if (type == RTC_SDP_OFFER && pc->negotiation.signaling == RTC_SIGNALING_HAVE_LOCAL_OFFER)
        error = roll_back(pc); /* whatever comes of the offer (webrtc-pc 4.4.2, setRemoteDescription) */
    if (!error)
        error = check_state(pc, SIGNALING_REMOTE, type);
    if (error || type == RTC_SDP_ROLLBACK)
        return error ? error : roll_back(pc);
    error = load(pc, type, sdp, &d);
    if (error)
        return error;
    error = negotiation_set(pc, SIGNALING_REMOTE, d);
    description_unref(pc->context, d);
    return error;
}

int rtc_peer_connection_set_remote_description(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    if (!pc || (!sdp && type != RTC_SDP_ROLLBACK))
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_peer_connection_set_remote_description: %s is NULL", pc ? "sdp" : "connection");
    int error = peer_begin(pc);
    if (error)
        return error;
    record_set(pc, "setRemoteDescription", type, sdp);
    error = finish(pc, set_remote(pc, type, sdp));
    peer_record_end(pc, "setRemoteDescriptionOnSuccess", "setRemoteDescriptionOnFailure", error);
    return error;
}

rtc_trickle rtc_peer_connection_can_trickle_ice_candidates(const rtc_peer_connection *pc)
{
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation));
    if (!remote)
        return RTC_TRICKLE_UNKNOWN;
    return session_description_trickles(remote) ? RTC_TRICKLE_SUPPORTED : RTC_TRICKLE_UNSUPPORTED;
}

int rtc_peer_connection_restart_ice(rtc_peer_connection *pc)
{
    if (!pc)
        return error_say(RTC_ERR_TYPE, "rtc_peer_connection_restart_ice: connection is NULL");
    if (peer_is_closed(pc))
        return RTC_OK; /* there is nothing left to restart, and nobody to tell (webrtc-pc 4.7.3) */
    int error = peer_begin(pc);
    if (error)
        return error;
    peer_record(pc, "restartIce", "");
    restart_wish(pc);
    negotiation_update_needed(pc);
    peer_settle(pc);
    return RTC_OK;
}
