/* SPDX-License-Identifier: MIT */
/* Whether another negotiation is needed (webrtc-pc 4.7.3). */
#include "negotiation_needed.h"

#include "peer_record.h"
#include "restart.h"
#include "transceiver.h"

/* Our section has the streams that the sender is in, in any order. */
static bool says_streams(const struct jsep_section *section, const struct rtc_rtp_sender *sender)
{
    if (section->rtp.stream_count != sender->stream_count)
        return false;
    for (size_t i = 0; i < sender->stream_count; i++) {
        size_t k = 0;
        while (k < section->rtp.stream_count && strcmp(section->rtp.stream_ids[k], sender->stream_ids[i]) != 0)
            k++;
        if (k == section->rtp.stream_count)
            return false;
    }
    return true;
}

/* webrtc-pc 4.7.3, "check if negotiation is needed". A section that does not send has no a=msid of ours: its direction is what counts. */
static bool transceiver_needs(const rtc_peer_connection *pc, const rtc_rtp_transceiver *t)
{
    const struct session_description *local = description_says(pc->negotiation.stable.local),
                                     *remote = description_says(pc->negotiation.stable.remote);
    int l = t->mid[0] && local ? session_description_find(local, t->mid) : -1;
    int r = t->mid[0] && remote ? session_description_find(remote, t->mid) : -1;
    if (t->state == TRANSCEIVER_STOPPING)
        return true;
    if (t->state != TRANSCEIVER_LIVE)
        return l >= 0 && r >= 0 && !local->sections[l].rejected && !remote->sections[r].rejected;
    if (l < 0 || r < 0)
        return true;
    rtc_rtp_direction ours = local->sections[l].direction, reversed = direction_reverse(remote->sections[r].direction);
    if (direction_sends(t->direction) && direction_sends(ours) && !says_streams(&local->sections[l], &t->sender))
        return true;
    if (pc->negotiation.stable.local->type == RTC_SDP_OFFER)
        return t->direction != ours && t->direction != reversed;
    return direction_and(t->direction, reversed) != ours;
}

static bool is_needed(rtc_peer_connection *pc)
{
    if (restart_is_wished(pc))
        return true;
    if (pc->negotiation.wants_data && !negotiation_state_has_data(&pc->negotiation.stable))
        return true;
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next)
        if (transceiver_needs(pc, link_owner(l, rtc_rtp_transceiver, link)))
            return true;
    return false;
}

static void tell(rtc_peer_connection *pc, struct user_event *e)
{
    /* By now it may be settled, or be asked again when the state is stable; a newer event may be on its way. */
    if (pc->negotiation.signaling != RTC_SIGNALING_STABLE || !pc->negotiation.needed || e->value != pc->negotiation.asked)
        return;
    if (pc->callbacks.on_negotiation_needed)
        pc->callbacks.on_negotiation_needed(pc, pc->user);
}

static const struct event_teller teller = {.tell = tell};

void negotiation_follow_needed(rtc_peer_connection *pc)
{
    if (peer_is_closed(pc) || pc->negotiation.signaling != RTC_SIGNALING_STABLE)
        return;
    bool needed = is_needed(pc);
    bool news = needed && !pc->negotiation.needed;
    pc->negotiation.needed = needed;
    if (news)
        (void)peer_tell(pc, &teller, 0, ++pc->negotiation.asked, NULL);
}

void negotiation_record_needed(rtc_peer_connection *pc, int asked)
{
    if (pc->negotiation.asked != asked)
        peer_record(pc, "onnegotiationneeded", "");
}

void negotiation_update_needed(rtc_peer_connection *pc)
{
    int asked = pc->negotiation.asked;
    negotiation_follow_needed(pc);
    negotiation_record_needed(pc, asked);
}
