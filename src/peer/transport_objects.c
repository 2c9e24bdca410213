/* SPDX-License-Identifier: MIT */
/* See transport_objects.h. */
#include "transport_objects.h"

#include "candidate_object.h"
#include "context.h"
#include "text.h"
#include "transceiver.h"

_Static_assert((int)RTC_ICE_TRANSPORT_CLOSED == (int)ICE_CLOSED && (int)RTC_ICE_TRANSPORT_FAILED == (int)ICE_FAILED &&
                   (int)RTC_ICE_GATHERING_COMPLETE == (int)ICE_GATHERING_COMPLETE && (int)RTC_DTLS_TRANSPORT_FAILED == (int)DTLS_FAILED,
               "the same states");

/* ---- ICE ---- */

enum ice_transport_event { ICE_TRANSPORT_STATE, ICE_TRANSPORT_GATHERING, ICE_TRANSPORT_PAIR };

/* What the event of a pair carries. */
struct pair_ends {
    struct ice_candidate ends[2]; /* local and remote */
};

/* The same candidate. A peer-reflexive one is the one that was signalled with its address (RFC 8445 section 7.3.1.3). */
static bool is_candidate(const rtc_ice_candidate *known, const struct ice_candidate *c)
{
    struct ice_candidate other;
    return ice_candidate_parse(slice_str(known->candidate), &other) == RTC_OK && other.protocol == c->protocol &&
           (other.type == c->type || c->type == ICE_PEER_REFLEXIVE) && address_eq(&other.address, &c->address) &&
           strcmp(other.name, c->name) == 0;
}

/* The candidate that the application knows of, so that both are the same text; another one for one that only checks revealed. A reference.
 */
static const rtc_ice_candidate *candidate_of(rtc_context *context, const struct candidate_list *known, const struct ice_candidate *c)
{
    for (size_t i = 0; i < known->count; i++)
        if (is_candidate(known->items[i], c))
            return rtc_ice_candidate_ref(known->items[i]);
    struct text text = text_new(context);
    ice_candidate_print(c, &text);
    char *printed = text_take(&text);
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = printed};
    const rtc_ice_candidate *made = printed ? candidate_object_new(context, &init) : NULL;
    memory_free(context, printed);
    return made;
}

static void tell_pair(rtc_peer_connection *pc, rtc_ice_transport *ice, const struct pair_ends *pair)
{
    const rtc_ice_candidate *local = candidate_of(pc->context, &ice->locals, &pair->ends[0]);
    const rtc_ice_candidate *remote = candidate_of(pc->context, &ice->remotes, &pair->ends[1]);
    if (!local || !remote) {
        rtc_ice_candidate_unref(local);
        rtc_ice_candidate_unref(remote);
        peer_give_up(pc);
        return;
    }
    rtc_ice_candidate_unref(ice->selected[0]);
    rtc_ice_candidate_unref(ice->selected[1]);
    ice->selected[0] = local;
    ice->selected[1] = remote;
    if (ice->callbacks.on_selected_candidate_pair_change)
        ice->callbacks.on_selected_candidate_pair_change(ice, ice->user);
}

static void tell_ice(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_ice_transport *ice = e->object;
    switch ((enum ice_transport_event)e->type) {
    case ICE_TRANSPORT_STATE:
        ice->state = (rtc_ice_transport_state)e->value;
        if (ice->callbacks.on_state_change)
            ice->callbacks.on_state_change(ice, ice->user, ice->state);
        break;
    case ICE_TRANSPORT_GATHERING:
        ice->gathering = (rtc_ice_gathering_state)e->value;
        if (ice->callbacks.on_gathering_state_change)
            ice->callbacks.on_gathering_state_change(ice, ice->user, ice->gathering);
        break;
    case ICE_TRANSPORT_PAIR: /* webrtc-pc 5.6: pair and state change in one task, and the pair is told first */
        ice->state = (rtc_ice_transport_state)e->value;
        tell_pair(pc, ice, e->more);
        break;
    }
}

static void hold_ice(void *ice)
{
    (void)rtc_ice_transport_ref(ice);
}

/* That it is closed holds whether it was told or, because the connection closed, never will be. */
static void release_ice(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_ice_transport *ice = e->object;
    (void)pc;
    if (e->type == ICE_TRANSPORT_STATE && e->value == RTC_ICE_TRANSPORT_CLOSED)
        ice->state = RTC_ICE_TRANSPORT_CLOSED;
    rtc_ice_transport_unref(ice);
}

static struct user_event *queue_ice(rtc_peer_connection *pc, rtc_ice_transport *ice, enum ice_transport_event type, int value)
{
    static const struct event_teller teller = {.tell = tell_ice, .hold = hold_ice, .release = release_ice};
    return peer_tell(pc, &teller, (int)type, value, ice);
}

static rtc_dtls_transport *object_of(const rtc_peer_connection *pc, size_t number)
{
    return dtls_transport_of(pc->transports.items[number]);
}

static rtc_ice_transport *ice_of(const rtc_peer_connection *pc, size_t number)
{
    return &object_of(pc, number)->ice;
}

void transport_objects_tell_ice(rtc_peer_connection *pc)
{
    for (size_t i = 0; i < pc->transports.count; i++) {
        rtc_ice_transport *ice = ice_of(pc, i);
        rtc_ice_transport_state state = (rtc_ice_transport_state)pc->transports.states[i].ice_told;
        if (ice->queued_state == state || pc->transports.states[i].idle) /* one that waits is as it was */
            continue;
        ice->queued_state = state;
        (void)queue_ice(pc, ice, ICE_TRANSPORT_STATE, (int)state);
    }
}

void transport_objects_tell_gathering(rtc_peer_connection *pc, size_t number, rtc_ice_gathering_state state)
{
    (void)queue_ice(pc, ice_of(pc, number), ICE_TRANSPORT_GATHERING, (int)state);
}

static bool is_path(const struct path *a, const struct path *b)
{
    return a->socket == b->socket && address_eq(&a->remote, &b->remote);
}

void transport_objects_tell_pair(rtc_peer_connection *pc, size_t number)
{
    rtc_ice_transport *ice = ice_of(pc, number);
    const struct ice_agent *agent = transport_ice_current(pc->transports.items[number]);
    struct ice_selected selected;
    if (!ice_agent_selected_info(agent, &selected) ||
        (ice->queued_generation == ice_agent_generation(agent) && is_path(&ice->queued_path, &selected.path)))
        return;
    struct pair_ends *pair = memory_alloc(pc->context, sizeof *pair);
    if (!pair) {
        peer_give_up(pc);
        return;
    }
    *pair = (struct pair_ends){.ends = {selected.local, selected.remote}};
    ice->queued_path = selected.path;
    ice->queued_generation = ice_agent_generation(agent);
    bool completed = pc->transports.states[number].ice_told == ICE_COMPLETED; /* else it connects with this pair */
    int state = completed ? RTC_ICE_TRANSPORT_COMPLETED : RTC_ICE_TRANSPORT_CONNECTED;
    struct user_event *e = queue_ice(pc, ice, ICE_TRANSPORT_PAIR, state);
    if (e)
        event_queue_carry_more(&pc->events, e, pair);
    else
        memory_free(pc->context, pair);
}

/* ---- Candidates and roles ---- */

/* Of another generation than those in the list. */
static bool is_newer(const struct candidate_list *list, const char *ufrag)
{
    const char *before = list->count > 0 ? list->items[0]->username_fragment : NULL;
    return before && ufrag && strcmp(before, ufrag) != 0;
}

static bool has_text(const struct candidate_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i]->candidate, text) == 0)
            return true;
    return false;
}

void transport_objects_add_local(rtc_peer_connection *pc, rtc_ice_transport *ice, const rtc_ice_candidate *candidate)
{
    struct candidate_list *list = &ice->locals;
    if (!candidate->candidate[0])
        return;
    if (is_newer(list, candidate->username_fragment))
        candidate_list_clear(list);
    if (!candidate_list_reserve(pc->context, list, 1))
        peer_give_up(pc);
    else
        candidate_list_add(list, candidate);
}

/* As many as the agent keeps: what the peer says beyond that is not shown. */
static size_t room_for_remotes(rtc_context *context, const struct candidate_list *list)
{
    size_t limit = context_limits(context)->remote_candidates;
    return list->count < limit ? limit - list->count : 0;
}

int transport_objects_make_remote(rtc_context *context, const struct transport *t, const rtc_ice_candidate_init *init,
                                  const rtc_ice_candidate **out)
{
    struct candidate_list *list = &dtls_transport_of(t)->ice.remotes;
    bool known = has_text(list, init->candidate) || room_for_remotes(context, list) == 0;
    *out = !known && candidate_list_reserve(context, list, 1) ? candidate_object_new(context, init) : NULL;
    return *out || known ? RTC_OK : RTC_ERR_NO_MEMORY;
}

/* What only checks had revealed is signalled now: the pair has the candidate that is known, and is still the same pair. */
static void name_selected(rtc_ice_transport *ice, const rtc_ice_candidate *candidate)
{
    struct ice_candidate revealed;
    if (!ice->selected[1] || ice_candidate_parse(slice_str(ice->selected[1]->candidate), &revealed) ||
        revealed.type != ICE_PEER_REFLEXIVE || !is_candidate(candidate, &revealed))
        return;
    rtc_ice_candidate_unref(ice->selected[1]);
    ice->selected[1] = rtc_ice_candidate_ref(candidate);
}

void transport_objects_add_remote(const struct transport *t, const rtc_ice_candidate *candidate)
{
    if (!candidate)
        return;
    candidate_list_add(&dtls_transport_of(t)->ice.remotes, candidate);
    name_selected(&dtls_transport_of(t)->ice, candidate);
}

/* One of a section's lines. */
static int ready_remote(rtc_context *context, struct candidate_list *list, const struct jsep_section *section, struct slice line)
{
    char ufrag[ICE_UFRAG_MAX + 1];
    size_t len = section->transport.ice_ufrag.len < sizeof ufrag ? section->transport.ice_ufrag.len : 0;
    char *text = memory_text(context, line.data, line.len);
    if (len > 0)
        memcpy(ufrag, section->transport.ice_ufrag.data, len);
    ufrag[len] = 0;
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = text, .sdp_mid = section->mid, .username_fragment = ufrag};
    const rtc_ice_candidate *made = text && !has_text(list, text) ? candidate_object_new(context, &init) : NULL;
    bool known = text && !made && has_text(list, text);
    if (made)
        candidate_list_add(list, made);
    rtc_ice_candidate_unref(made);
    memory_free(context, text);
    return made || known ? RTC_OK : RTC_ERR_NO_MEMORY;
}

/* One that came before goes on with the section's generation: it is of the one that there is, or came ahead of the answer. Without a
 * username fragment it is of the first. */
static bool goes_on(const rtc_ice_transport *ice, const struct jsep_section *section, const rtc_ice_candidate *candidate)
{
    const char *ufrag, *password, *own = candidate->username_fragment;
    bool agreed = ice_agent_remote_credentials(transport_ice_negotiated(ice->transport), &ufrag, &password);
    if (agreed && slice_is(section->transport.ice_ufrag, ufrag) && slice_is(section->transport.ice_pwd, password))
        return true;
    return own && own[0] ? slice_is(section->transport.ice_ufrag, own) : !agreed;
}

int transport_objects_ready_remotes(rtc_context *context, const struct transport *t, const struct jsep_section *section)
{
    rtc_ice_transport *ice = &dtls_transport_of(t)->ice;
    size_t count = section->transport.candidate_count, before = ice->remotes.count;
    candidate_list_clear(&ice->coming);
    if (!candidate_list_reserve(context, &ice->coming, before + count))
        return before + count > 0 ? RTC_ERR_NO_MEMORY : RTC_OK;
    for (size_t i = 0; i < before; i++)
        if (goes_on(ice, section, ice->remotes.items[i]))
            candidate_list_add(&ice->coming, ice->remotes.items[i]);
    for (size_t i = 0; i < count && room_for_remotes(context, &ice->coming) > 0; i++)
        if (ready_remote(context, &ice->coming, section, section->transport.candidates[i]))
            return RTC_ERR_NO_MEMORY;
    return RTC_OK;
}

void transport_objects_take_remotes(const struct transport *t)
{
    rtc_ice_transport *ice = &dtls_transport_of(t)->ice;
    struct candidate_list before = ice->remotes;
    ice->remotes = ice->coming;
    ice->coming = before;
    candidate_list_clear(&ice->coming);
    for (size_t i = 0; i < ice->remotes.count; i++)
        name_selected(ice, ice->remotes.items[i]);
}

void transport_objects_set_role(const struct transport *t)
{
    dtls_transport_of(t)->ice.has_role = true;
}

void transport_objects_set_local(const struct transport *t)
{
    dtls_transport_of(t)->ice.has_role = dtls_transport_of(t)->ice.has_local = true;
}

/* ---- DTLS ---- */

/* What the event carries: the peer's certificates when it is connected, the error when it failed. */
static void tell_dtls(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_dtls_transport *t = e->object;
    (void)pc;
    t->state = (rtc_dtls_transport_state)e->value;
    if (t->state == RTC_DTLS_TRANSPORT_CONNECTED && e->more) {
        struct certificate_chain *before = t->chain;
        t->chain = e->more;
        e->more = before; /* freed with the event */
    }
    if (t->state == RTC_DTLS_TRANSPORT_FAILED && e->more && t->callbacks.on_error)
        t->callbacks.on_error(t, t->user, e->more);
    if (t->callbacks.on_state_change)
        t->callbacks.on_state_change(t, t->user, t->state);
}

static void hold_dtls(void *t)
{
    (void)rtc_dtls_transport_ref(t);
}

static void release_dtls(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_dtls_transport *t = e->object;
    (void)pc;
    if (e->value == RTC_DTLS_TRANSPORT_CLOSED)
        t->state = RTC_DTLS_TRANSPORT_CLOSED;
    rtc_dtls_transport_unref(t);
}

static void *copy_chain(rtc_context *context, const struct dtls *dtls)
{
    struct slice chain[DTLS_CHAIN_MAX];
    size_t count = dtls_remote_certificates(dtls, chain), size = 0;
    for (size_t i = 0; i < count; i++)
        size += chain[i].len;
    struct certificate_chain *copy = memory_zeroed(context, sizeof *copy + size);
    if (!copy)
        return NULL;
    for (size = 0; copy->count < count; copy->count++) {
        const struct slice *one = &chain[copy->count];
        copy->places[copy->count] = (struct certificate_place){.at = size, .len = one->len};
        memcpy(copy->bytes + size, one->data, one->len);
        size += one->len;
    }
    return copy;
}

/* With its sentence behind it. */
static void *copy_failure(rtc_context *context, const struct dtls *dtls)
{
    const struct dtls_cause *cause = dtls_failure_cause(dtls);
    size_t len = strlen(dtls_failure(dtls));
    rtc_error_info *info = memory_alloc(context, sizeof *info + len + 1);
    if (!info)
        return NULL;
    *info = (rtc_error_info){
        .size = sizeof *info,
        .error = RTC_ERR_OPERATION,
        .message = memcpy(info + 1, dtls_failure(dtls), len + 1),
        .detail = cause->fingerprint ? RTC_ERROR_FINGERPRINT_FAILURE : RTC_ERROR_DTLS_FAILURE,
        .sdp_line_number = -1,
        .sctp_cause_code = -1,
        .received_alert = cause->received_alert,
        .sent_alert = cause->sent_alert,
        .http_request_status_code = -1,
    };
    return info;
}

static void queue_dtls(rtc_peer_connection *pc, rtc_dtls_transport *object, enum dtls_state state, void *more)
{
    static const struct event_teller teller = {.tell = tell_dtls, .hold = hold_dtls, .release = release_dtls};
    struct user_event *e = peer_tell(pc, &teller, 0, (int)state, object);
    if (e && more)
        event_queue_carry_more(&pc->events, e, more);
    else
        memory_free(pc->context, more);
}

void transport_objects_tell_dtls(rtc_peer_connection *pc, size_t number, enum dtls_state state)
{
    rtc_dtls_transport *object = object_of(pc, number);
    const struct dtls *dtls = transport_dtls(pc->transports.items[number]);
    bool says_more = state == DTLS_CONNECTED || state == DTLS_FAILED;
    void *more = state == DTLS_CONNECTED ? copy_chain(pc->context, dtls) : says_more ? copy_failure(pc->context, dtls) : NULL;
    object->queued_state = (rtc_dtls_transport_state)state;
    if (says_more && !more)
        peer_give_up(pc);
    else
        queue_dtls(pc, object, state, more);
}

/* ---- SCTP ---- */

enum { SCTP_MAX_CHANNELS_SHIFT = 8 };

/* value: the state, and above it the channels. */
static void tell_sctp(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_sctp_transport *t = e->object;
    (void)pc;
    t->state = (rtc_sctp_transport_state)(e->value & ((1 << SCTP_MAX_CHANNELS_SHIFT) - 1));
    if (t->state == RTC_SCTP_TRANSPORT_CONNECTED)
        t->max_channels = (uint16_t)(e->value >> SCTP_MAX_CHANNELS_SHIFT);
    if (t->callbacks.on_state_change)
        t->callbacks.on_state_change(t, t->user, t->state);
}

static void hold_sctp(void *t)
{
    (void)rtc_sctp_transport_ref(t);
}

static void release_sctp(rtc_peer_connection *pc, struct user_event *e)
{
    rtc_sctp_transport *t = e->object;
    (void)pc;
    if (e->value == RTC_SCTP_TRANSPORT_CLOSED)
        t->state = RTC_SCTP_TRANSPORT_CLOSED;
    rtc_sctp_transport_unref(t);
}

void transport_objects_tell_sctp(rtc_peer_connection *pc, size_t number, enum sctp_state state)
{
    static const struct event_teller teller = {.tell = tell_sctp, .hold = hold_sctp, .release = release_sctp};
    if (state != SCTP_CONNECTED && state != SCTP_CLOSED)
        return; /* it is made as CONNECTING */
    int told = state == SCTP_CONNECTED ? RTC_SCTP_TRANSPORT_CONNECTED : RTC_SCTP_TRANSPORT_CLOSED;
    if (state == SCTP_CONNECTED)
        told |= data_channels_max(transport_channels(pc->transports.items[number])) << SCTP_MAX_CHANNELS_SHIFT;
    struct peer_sctp *sctp = &pc->channels.sctp;
    if (!sctp->ending && !sctp->current->begun)
        return; /* channels ended before there was an association */
    (void)peer_tell(pc, &teller, 0, told, sctp->ending ? sctp->ending : sctp->current);
    if (state == SCTP_CLOSED) {
        rtc_sctp_transport_unref(sctp->ending);
        sctp->ending = NULL;
    }
}

static int ready_next(rtc_peer_connection *pc, bool needed)
{
    struct peer_sctp *sctp = &pc->channels.sctp;
    if (needed && !sctp->next)
        sctp->next = sctp_transport_new(pc->context);
    return needed && !sctp->next ? RTC_ERR_NO_MEMORY : RTC_OK;
}

int transport_objects_ready_sctp(rtc_peer_connection *pc)
{
    return ready_next(pc, pc->channels.sctp.current->begun);
}

/* It was there, and went: its section was rejected, or the offer of it taken back. */
static bool is_gone(const struct peer_sctp *sctp)
{
    return !sctp->exists && sctp->current->shown && (sctp->current->over || !sctp->current->begun);
}

int transport_objects_ready_shown_sctp(rtc_peer_connection *pc)
{
    return ready_next(pc, is_gone(&pc->channels.sctp));
}

void transport_objects_begin_sctp(rtc_peer_connection *pc, bool another)
{
    struct peer_sctp *sctp = &pc->channels.sctp;
    if (sctp->current->begun && sctp->next && (another || sctp->current->over)) { /* once for each description */
        rtc_sctp_transport_unref(sctp->ending);
        sctp->ending = sctp->current->over ? NULL : sctp->current;
        if (sctp->current->over)
            rtc_sctp_transport_unref(sctp->current);
        sctp->current = sctp->next;
        sctp->next = NULL;
    }
    sctp->current->begun = true;
}

void transport_objects_end_sctp(rtc_peer_connection *pc)
{
    pc->channels.sctp.current->over = pc->channels.sctp.current->begun;
}

/* The number of the transport that section `index` of our description has in this state; `otherwise` when that says nothing. */
static size_t carrier_of(const struct negotiation_state *state, int index, size_t otherwise)
{
    bool said = index >= 0 && state->local && (size_t)index < state->carrier_count && state->carriers[index] != TRANSPORT_NONE;
    return said ? state->carriers[index] : otherwise;
}

/* And not of one that stood in its place before (RFC 9429 section 5.2.2). */
static bool speaks_of(const struct session_description *d, size_t i, const struct jsep_section *section)
{
    return d && i < d->section_count && (!d->sections[i].mid[0] || strcmp(d->sections[i].mid, section->mid) == 0);
}

/* The section of data that the descriptions which count both have, as far as they go; -1: none, or it is rejected. `newest`: the offer that
 * waits, or one of both. */
static int data_section(const struct session_description *newest, const struct session_description *other)
{
    for (size_t i = 0; newest && i < newest->section_count; i++) {
        const struct jsep_section *section = &newest->sections[i];
        bool rejected = section->rejected || (speaks_of(other, i, section) && other->sections[i].rejected);
        if (section->type == MEDIA_APPLICATION && !rejected)
            return (int)i;
    }
    return -1;
}

void transport_objects_follow_sctp(rtc_peer_connection *pc)
{
    struct peer_sctp *sctp = &pc->channels.sctp;
    const struct session_description *remote = description_says(negotiation_remote(&pc->negotiation)),
                                     *local = description_says(negotiation_local(&pc->negotiation));
    bool remote_offer = pc->negotiation.signaling == RTC_SIGNALING_HAVE_REMOTE_OFFER;
    const struct session_description *newest = remote_offer ? remote : local;
    int section = data_section(newest, remote_offer ? local : remote);
    const struct negotiation_state *now = negotiation_now(&pc->negotiation);
    size_t number = now->data_transport;
    if (pc->negotiation.signaling == RTC_SIGNALING_HAVE_LOCAL_OFFER)
        number = carrier_of(now, section, number); /* the channels wait where they do */
    bool agreed = pc->negotiation.signaling != RTC_SIGNALING_STABLE || negotiation_state_has_data(now);
    bool exists = section >= 0 && agreed && number < pc->transports.count;
    if (exists && sctp->next && is_gone(sctp)) { /* webrtc-pc 4.4.1.5: another association has another object */
        rtc_sctp_transport_unref(sctp->current);
        sctp->current = sctp->next;
        sctp->next = NULL;
    }
    sctp->exists = exists;
    if (!exists)
        return;
    sctp->current->shown = true;
    bool said = speaks_of(remote, (size_t)section, &newest->sections[section]);
    sctp->current->max_message_size =
        data_channels_limit(pc->context, said ? remote->sections[section].sctp.max_message_size : SCTP_UNSAID_MAX_MESSAGE);
    if (sctp->current->transport == object_of(pc, number))
        return;
    rtc_dtls_transport_unref(sctp->current->transport);
    sctp->current->transport = rtc_dtls_transport_ref(object_of(pc, number));
}

/* ---- All of them ---- */

void transport_objects_leave(rtc_peer_connection *pc, const struct transport *t)
{
    rtc_dtls_transport *object = dtls_transport_of(t);
    if (object->ice.queued_state != RTC_ICE_TRANSPORT_CLOSED)
        (void)queue_ice(pc, &object->ice, ICE_TRANSPORT_STATE, RTC_ICE_TRANSPORT_CLOSED);
    if (object->queued_state != RTC_DTLS_TRANSPORT_CLOSED && object->queued_state != RTC_DTLS_TRANSPORT_FAILED)
        queue_dtls(pc, object, DTLS_CLOSED, NULL);
    object->ice.queued_state = RTC_ICE_TRANSPORT_CLOSED;
    object->queued_state = RTC_DTLS_TRANSPORT_CLOSED;
    dtls_transport_detach(object);
}

/* webrtc-pc 4.4.1.5: a remote offer gives a transceiver no transport; its answer does. */
rtc_dtls_transport *transport_objects_of(const rtc_peer_connection *pc, uint32_t transceiver)
{
    const struct negotiation *n = &pc->negotiation;
    const struct negotiation_state *state = n->signaling == RTC_SIGNALING_HAVE_REMOTE_OFFER ? &n->stable : negotiation_now(n);
    const struct agreed_media *media = negotiation_state_of(state, transceiver);
    const struct session_description *local = description_says(state->local);
    size_t number = media ? carrier_of(state, local ? session_description_find(local, media->mid) : -1, media->transport) : 0;
    return media && number < pc->transports.count ? object_of(pc, number) : NULL;
}

void transport_objects_close(rtc_peer_connection *pc)
{
    for (size_t i = 0; i < pc->transports.count + pc->transports.leaving; i++) {
        object_of(pc, i)->state = RTC_DTLS_TRANSPORT_CLOSED;
        ice_of(pc, i)->state = RTC_ICE_TRANSPORT_CLOSED;
    }
    pc->channels.sctp.current->state = RTC_SCTP_TRANSPORT_CLOSED;
    if (pc->channels.sctp.ending)
        pc->channels.sctp.ending->state = RTC_SCTP_TRANSPORT_CLOSED;
}

/* ---- Public names ---- */

static rtc_dtls_transport *transport_of(const rtc_rtp_transceiver *t)
{
    return t->connection ? transport_objects_of(t->connection, t->number) : t->last_transport;
}

rtc_dtls_transport *rtc_rtp_sender_transport(const rtc_rtp_sender *sender)
{
    return transport_of(link_owner(sender, const rtc_rtp_transceiver, sender));
}

rtc_dtls_transport *rtc_rtp_receiver_transport(const rtc_rtp_receiver *receiver)
{
    return transport_of(link_owner(receiver, const rtc_rtp_transceiver, receiver));
}

rtc_sctp_transport *rtc_peer_connection_sctp(const rtc_peer_connection *pc)
{
    return pc->channels.sctp.exists ? pc->channels.sctp.current : NULL;
}
