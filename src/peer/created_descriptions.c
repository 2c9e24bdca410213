/* SPDX-License-Identifier: MIT */
/* createOffer and createAnswer (webrtc-pc 4.4.2; RFC 9429 sections 5.2 and 5.3): what was created last is kept, for it is all that may be
 * set. See created_descriptions.h. */
#include "created_descriptions.h"

#include "peer_transport.h"
#include "snapshot.h"
#include "transceiver_life.h"

/* ---- Texts ---- */

/* Behind "o=NAME ID ", where the version begins. */
static const char *version_of(const char *sdp)
{
    const char *at = strstr(sdp, "\no=");
    for (int words = 0; at && words < 2; words++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : sdp;
}

static bool same_but_version(const char *a, const char *b)
{
    const char *va = version_of(a), *vb = version_of(b);
    return va - a == vb - b && memcmp(a, b, (size_t)(va - a)) == 0 &&
           strcmp(va + strspn(va, "0123456789"), vb + strspn(vb, "0123456789")) == 0;
}

/* Keeps `text` as the last created description, unless it says what that said: then the version that it was given is given back, so that
 * it counts changes (RFC 3264 section 8). */
static int keep(rtc_peer_connection *pc, struct created_description *slot, struct text *text, int error, const char **sdp)
{
    char *made = error ? NULL : text_take(text);
    if (!made) {
        text_fini(text);
        return error ? error : RTC_ERR_NO_MEMORY;
    }
    if (slot->counts && same_but_version(slot->text, made)) {
        pc->negotiation.session_version--;
        memory_free(pc->context, made);
    } else {
        memory_free(pc->context, slot->text);
        *slot = (struct created_description){.text = made, .counts = true};
    }
    *sdp = slot->text;
    return RTC_OK;
}

int created_offer(rtc_peer_connection *pc, bool ice_restart, const char **sdp)
{
    struct text text = text_new(pc->context);
    int error = peer_need_transport(pc, true);
    if (!error)
        error = snapshot_offer(pc, ice_restart, &text);
    error = keep(pc, &pc->negotiation.last_offer, &text, error, sdp);
    if (!error)
        pc->negotiation.last_offer.restarts = ice_restart;
    return error;
}

int created_answer(rtc_peer_connection *pc, const char **sdp)
{
    struct text text = text_new(pc->context);
    int error = snapshot_answer(pc, description_says(pc->negotiation.pending.remote), &text);
    return keep(pc, &pc->negotiation.last_answer, &text, error, sdp);
}

/* ---- offerToReceive ---- */

enum { KINDS = 2 };

static bool receives(const rtc_peer_connection *pc, rtc_media_kind kind)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        const rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->kind == kind && t->state == TRANSCEIVER_LIVE && direction_receives(t->direction))
            return true;
    }
    return false;
}

static void receive_no_more(const rtc_peer_connection *pc, rtc_media_kind kind)
{
    for (struct link *l = pc->transceivers.next; l != &pc->transceivers; l = l->next) {
        rtc_rtp_transceiver *t = link_owner(l, rtc_rtp_transceiver, link);
        if (t->kind == kind && t->state == TRANSCEIVER_LIVE)
            t->direction = direction_and(t->direction, RTC_DIRECTION_SENDONLY);
    }
}

int created_offer_receives(rtc_peer_connection *pc, const rtc_offer_options *o)
{
    const struct {
        rtc_media_kind kind;
        bool said, wanted;
    } asked[KINDS] = {
        {RTC_MEDIA_AUDIO, o->has_offer_to_receive_audio || o->offer_to_receive_audio, o->offer_to_receive_audio},
        {RTC_MEDIA_VIDEO, o->has_offer_to_receive_video || o->offer_to_receive_video, o->offer_to_receive_video},
    };
    rtc_rtp_transceiver *made[KINDS] = {NULL, NULL};
    uint32_t last = pc->negotiation.transceivers_made;
    int error = RTC_OK;
    for (int i = 0; i < KINDS && !error; i++)
        if (asked[i].wanted && !receives(pc, asked[i].kind))
            error = transceiver_make(pc, asked[i].kind, RTC_DIRECTION_RECVONLY, &made[i]);
    for (int i = 0; i < KINDS; i++) {
        if (made[i] && error)
            transceiver_discard(made[i]);
        else if (made[i])
            transceiver_join(made[i]); /* that another negotiation is needed is not told: this is one */
        else if (asked[i].said && !asked[i].wanted && !error)
            receive_no_more(pc, asked[i].kind);
    }
    transceiver_record_added(pc, last);
    return error;
}
