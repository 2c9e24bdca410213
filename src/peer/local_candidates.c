/* SPDX-License-Identifier: MIT */
/* Candidates of this side on their way to the application (webrtc-pc 4.8.1; RFC 8838, RFC 8840). */
#include "local_candidates.h"

#include "candidate_object.h"
#include "ice_report.h"
#include "peer_record.h"
#include "transport.h"
#include "transport_objects.h"

enum { CANDIDATE, CANDIDATE_ERROR };

/* What the event of a candidate carries. */
struct target {
    rtc_ice_transport *ice; /* whose it is; a reference */
};

/* webrtc-pc 5.6: one of a generation that is no more, because the offer that it was for was undone meanwhile, is not told: the peer, which
 * ignored that offer, could not know whose it is. */
static bool is_forsaken(const rtc_ice_transport *ice, const rtc_ice_candidate *candidate)
{
    const char *ufrag = candidate->username_fragment;
    return !ice->transport || (strcmp(ufrag, ice_agent_local_ufrag(transport_ice_latest(ice->transport))) != 0 &&
                               strcmp(ufrag, ice_agent_local_ufrag(transport_ice_negotiated(ice->transport))) != 0);
}

static void tell_candidate(rtc_peer_connection *pc, const struct user_event *e)
{
    const struct target *target = e->more;
    if (target && is_forsaken(target->ice, e->object))
        return;
    negotiation_forget_shown(pc->context, &pc->negotiation); /* it stands there from now on */
    if (target)
        transport_objects_add_local(pc, target->ice, e->object);
    if (pc->callbacks.on_ice_candidate)
        pc->callbacks.on_ice_candidate(pc, pc->user, e->object);
}

static void tell_error(rtc_peer_connection *pc, const struct user_event *e)
{
    const struct ice_candidate_error *from = e->more;
    char ip[ADDRESS_TEXT_MAX];
    if (!pc->callbacks.on_ice_candidate_error)
        return;
    rtc_ice_candidate_error error = {
        .size = sizeof error,
        .address = from->local.family ? address_ip_text(&from->local, ip) : "",
        .port = from->local.port,
        .url = from->url,
        .error_code = from->code,
        .error_text = from->text,
    };
    pc->callbacks.on_ice_candidate_error(pc, pc->user, &error);
}

static void tell(rtc_peer_connection *pc, struct user_event *e)
{
    if (e->type == CANDIDATE)
        tell_candidate(pc, e);
    else
        tell_error(pc, e);
}

static void release(rtc_peer_connection *pc, struct user_event *e)
{
    struct target *target = e->type == CANDIDATE ? e->more : NULL;
    (void)pc;
    if (target)
        rtc_ice_transport_unref(target->ice);
    rtc_ice_candidate_unref(e->object);
}

static const struct event_teller teller = {.tell = tell, .hold = candidate_object_hold, .release = release};

enum { CANDIDATE_COST = 512 }; /* what one takes, with its texts */

bool candidates_wait(const rtc_peer_connection *pc, const char *text)
{
    for (const struct user_event *e = pc->events.head; e; e = e->next)
        if (e->teller == &teller && e->type == CANDIDATE && e->object &&
            strcmp(((const rtc_ice_candidate *)e->object)->candidate, text) == 0)
            return true;
    return false;
}

/* `init` says all but the section. */
static void queue(rtc_peer_connection *pc, size_t number, rtc_ice_candidate_init *init)
{
    const struct session_description *local = description_says(negotiation_local(&pc->negotiation));
    const char *mid = negotiation_state_transport(negotiation_now(&pc->negotiation), number)->mid;
    if (number > 0 && !mid[0])
        return; /* no section has it */
    int index = local ? session_description_find(local, mid) : 0;
    init->sdp_mid = mid;
    init->has_sdp_m_line_index = true;
    init->sdp_m_line_index = (uint16_t)(index < 0 ? 0 : index);
    const rtc_ice_candidate *candidate = candidate_object_new(pc->context, init);
    struct target *target = memory_alloc(pc->context, sizeof *target);
    if (candidate)
        peer_record(pc, "onicecandidate", "sdpMid:s sdpMLineIndex:d candidate:s", init->sdp_mid, (int)init->sdp_m_line_index,
                    init->candidate);
    struct user_event *e = candidate && target ? peer_tell(pc, &teller, CANDIDATE, 0, (void *)(uintptr_t)candidate) : NULL;
    if (e) {
        target->ice = rtc_ice_transport_ref(rtc_dtls_transport_ice_transport(dtls_transport_of(pc->transports.items[number])));
        e->more = target;
        event_queue_charge(&pc->events, e, CANDIDATE_COST);
    } else {
        memory_free(pc->context, target);
        peer_give_up(pc);
    }
    rtc_ice_candidate_unref(candidate);
}

/* webrtc-pc 4.8.1.1: from which server it came, and how that one is spoken to. */
static void name_server(const rtc_peer_connection *pc, size_t number, const struct ice_candidate *candidate,
                        struct ice_server_report *server, rtc_ice_candidate_init *init)
{
    const struct ice_agent *agent = transport_ice_latest(pc->transports.items[number]);
    if (candidate->server == 0 || !ice_agent_server_report(agent, candidate->server - 1u, server))
        return;
    init->url = server->url;
    init->relay_protocol = candidate->type == ICE_RELAYED ? ice_relay_protocol_name(server->url) : NULL;
}

void candidates_gathered(rtc_peer_connection *pc, size_t number, const struct ice_candidate *candidate)
{
    struct text text = text_new(pc->context);
    struct ice_server_report server;
    ice_candidate_print(candidate, &text);
    char *printed = text_take(&text);
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = printed, .username_fragment = candidate->ufrag};
    negotiation_forget_shown(pc->context, &pc->negotiation);
    if (printed)
        peer_log(pc, RTC_LOG_INFO, "local %s", printed);
    name_server(pc, number, candidate, &server, &init);
    if (printed)
        queue(pc, number, &init);
    else
        peer_give_up(pc);
    memory_free(pc->context, printed);
}

void candidates_end(rtc_peer_connection *pc, size_t number, const char *ufrag)
{
    rtc_ice_candidate_init init = {.size = sizeof init, .candidate = "", .username_fragment = ufrag};
    negotiation_forget_shown(pc->context, &pc->negotiation);
    queue(pc, number, &init);
}

void candidates_complete(rtc_peer_connection *pc)
{
    (void)peer_tell(pc, &teller, CANDIDATE, 0, NULL);
}

void candidates_error(rtc_peer_connection *pc, const struct ice_candidate_error *error)
{
    struct ice_candidate_error *copy = memory_alloc(pc->context, sizeof *copy);
    if (!copy) {
        peer_give_up(pc);
        return;
    }
    *copy = *error;
    peer_log(pc, RTC_LOG_INFO, "the server %s gave no address: %u %s", error->url, error->code, error->text);
    struct user_event *e = peer_tell(pc, &teller, CANDIDATE_ERROR, 0, NULL);
    if (e)
        event_queue_carry_more(&pc->events, e, copy);
    else
        memory_free(pc->context, copy);
}
