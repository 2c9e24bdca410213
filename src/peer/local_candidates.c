/* SPDX-License-Identifier: MIT */
/* Candidates of this side on their way to the application (webrtc-pc 4.8.1; RFC 8838, RFC 8840). */
#include "local_candidates.h"

#include "transport.h"

enum { CANDIDATE, CANDIDATE_ERROR };

/* Three texts in one block: candidate, mid, username fragment. */
static char *pack(rtc_context *context, const char *candidate, const char *mid, const char *ufrag)
{
    size_t a = strlen(candidate) + 1, b = strlen(mid) + 1, c = strlen(ufrag) + 1;
    char *block = memory_alloc(context, a + b + c);
    if (!block)
        return NULL;
    memcpy(block, candidate, a);
    memcpy(block + a, mid, b);
    memcpy(block + a + b, ufrag, c);
    return block;
}

static void tell_candidate(rtc_peer_connection *pc, const struct user_event *e)
{
    rtc_ice_candidate candidate = {.size = sizeof candidate, .sdp_m_line_index = e->value};
    negotiation_forget_shown(pc->context, &pc->negotiation); /* it stands there from now on */
    if (!pc->callbacks.on_ice_candidate)
        return;
    if (e->more) {
        candidate.candidate = e->more;
        candidate.sdp_mid = candidate.candidate + strlen(candidate.candidate) + 1;
        candidate.username_fragment = candidate.sdp_mid + strlen(candidate.sdp_mid) + 1;
    }
    pc->callbacks.on_ice_candidate(pc, pc->user, e->more ? &candidate : NULL);
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

static const struct event_teller teller = {.tell = tell};

bool candidates_wait(const rtc_peer_connection *pc, const char *text)
{
    for (const struct user_event *e = pc->events.head; e; e = e->next)
        if (e->teller == &teller && e->type == CANDIDATE && e->more && strcmp(e->more, text) == 0)
            return true;
    return false;
}

static void queue(rtc_peer_connection *pc, size_t number, const char *text, const char *ufrag)
{
    const struct session_description *local = description_says(negotiation_local(&pc->negotiation));
    const char *mid = negotiation_state_transport(negotiation_now(&pc->negotiation), number)->mid;
    if (number > 0 && !mid[0])
        return; /* no section has it */
    int index = local ? session_description_find(local, mid) : 0;
    char *packed = pack(pc->context, text, mid, ufrag);
    if (!packed) {
        peer_give_up(pc);
        return;
    }
    struct user_event *e = peer_tell(pc, &teller, CANDIDATE, index < 0 ? 0 : index, NULL);
    if (e)
        event_queue_carry_more(&pc->events, e, packed);
    else
        memory_free(pc->context, packed);
}

void candidates_gathered(rtc_peer_connection *pc, size_t number, const struct ice_candidate *candidate)
{
    struct text text = text_new(pc->context);
    ice_candidate_print(candidate, &text);
    char *printed = text_take(&text);
    negotiation_forget_shown(pc->context, &pc->negotiation);
    if (printed)
        peer_log(pc, RTC_LOG_INFO, "local %s", printed);
    if (printed)
        queue(pc, number, printed, candidate->ufrag);
    else
        peer_give_up(pc);
    memory_free(pc->context, printed);
}

void candidates_end(rtc_peer_connection *pc, size_t number, const char *ufrag)
{
    negotiation_forget_shown(pc->context, &pc->negotiation);
    queue(pc, number, "", ufrag);
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
