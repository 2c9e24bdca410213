/* SPDX-License-Identifier: MIT */
/* Candidates of this side on their way to the application (webrtc-pc 4.8.1; RFC 8838, RFC 8840). */
#include "local_candidates.h"

#include "transport.h"

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

static void tell(rtc_peer_connection *pc, const char *text, const char *ufrag)
{
    const struct session_description *local = description_says(negotiation_local(&pc->negotiation));
    int index = local ? session_description_find(local, negotiation_now(&pc->negotiation)->transport.mid) : 0;
    char *packed = pack(pc->context, text, negotiation_now(&pc->negotiation)->transport.mid, ufrag);
    if (!packed) {
        peer_give_up(pc);
        return;
    }
    struct user_event *e = event_queue_add(pc, USER_ICE_CANDIDATE, index < 0 ? 0 : index, NULL, NULL);
    if (e)
        e->object = packed;
    else
        memory_free(pc->context, packed);
}

void candidates_gathered(rtc_peer_connection *pc, const struct ice_candidate *candidate)
{
    struct text text = text_new(pc->context);
    ice_candidate_print(candidate, &text);
    char *printed = text_take(&text);
    negotiation_forget_shown(pc->context, &pc->negotiation);
    if (printed)
        peer_log(pc, RTC_LOG_INFO, "local %s", printed);
    if (printed)
        tell(pc, printed, candidate->ufrag);
    else
        peer_give_up(pc);
    memory_free(pc->context, printed);
}

void candidates_end(rtc_peer_connection *pc, const char *ufrag)
{
    negotiation_forget_shown(pc->context, &pc->negotiation);
    tell(pc, "", ufrag);
}

void candidates_complete(rtc_peer_connection *pc)
{
    (void)event_queue_add(pc, USER_ICE_CANDIDATE, 0, NULL, NULL);
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
    struct user_event *e = event_queue_add(pc, USER_ICE_CANDIDATE_ERROR, 0, NULL, NULL);
    if (e)
        e->object = copy;
    else
        memory_free(pc->context, copy);
}
