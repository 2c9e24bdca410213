/* SPDX-License-Identifier: MIT */
/* The allocation: requests and their retransmission, Allocate, Refresh and what the server may answer. See turn_client.h. RFC 8656 sections
 * 7 and 8. */
#include "turn_internal.h"

#include "memory.h"

/* RFC 8489 section 6.2.1 begins with 500 ms where nothing is known of the way; a candidate is waited for here. */
static const rtc_time_t retransmit_first = 200 * TURN_MS;
static const rtc_time_t retransmit_most = 4 * TURN_SECOND;
static const rtc_time_t stream_again = 8 * TURN_SECOND;    /* over TCP and TLS */
static const rtc_time_t unanswered_most = 39500 * TURN_MS; /* Ti, RFC 8489 section 6.2.2 */
static const rtc_time_t probe_most = TURN_SECOND;          /* between two sendings of a Refresh */
/* A server that went away says nothing: when what we sent brings nothing back for so long the allocation is refreshed, and after some of
 * these given up, long before it would expire. */
static const rtc_time_t silent_probe = 2 * TURN_SECOND;
static const rtc_time_t silent_most = 15 * TURN_SECOND;
static const rtc_time_t closing_most = TURN_SECOND; /* a goodbye may be asked for again with another nonce; nobody waits longer for it */
static const rtc_time_t refresh_again = 5 * TURN_SECOND;   /* after one that was refused or lost */
static const rtc_time_t refresh_before = 60 * TURN_SECOND; /* before it expires */

/* Lifetimes in seconds: what is granted when the server does not say, and the most that one is believed, so that a lost allocation is
 * noticed. Channel numbers: RFC 8656 section 12. */
enum { CHALLENGES_MAX = 4, LIFETIME_DEFAULT = 600, LIFETIME_MOST = 3600, FIRST_CHANNEL = 0x4000, TRY_ALTERNATE = 300, MISMATCH = 437 };

const struct moves turn_client_moves = {
    .module = "ice",
    .what = "TURN client",
    .count = TURN_CLOSED + 1,
    .names = {"new", "allocating", "allocated", "failed", "closing", "closed"},
    .allowed =
        {
            [TURN_NEW] = MOVE_TO(TURN_ALLOCATING) | MOVE_TO(TURN_CLOSED),
            [TURN_ALLOCATING] = MOVE_TO(TURN_ALLOCATED) | MOVE_TO(TURN_FAILED) | MOVE_TO(TURN_CLOSING) | MOVE_TO(TURN_CLOSED),
            [TURN_ALLOCATED] = MOVE_TO(TURN_FAILED) | MOVE_TO(TURN_CLOSING),
            [TURN_FAILED] = MOVE_TO(TURN_CLOSING) | MOVE_TO(TURN_CLOSED),
            [TURN_CLOSING] = MOVE_TO(TURN_FAILED) | MOVE_TO(TURN_CLOSED),
            [TURN_CLOSED] = MOVE_TO(TURN_CLOSED),
        },
};

static void set_state(struct turn_client *t, enum turn_state state)
{
    if (moves_take(&turn_client_moves, t->context, t->state, state))
        t->state = state;
}

int turn_client_new(rtc_context *context, const struct turn_options *options, struct turn_client **out)
{
    struct turn_client *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return RTC_ERR_NO_MEMORY;
    t->context = context;
    t->server = options->server;
    t->next_channel = FIRST_CHANNEL;
    t->asked = RTC_TIME_NEVER;
    int error = turn_credentials_init(&t->credentials, options->username, options->password);
    if (error) {
        turn_client_free(t);
        return error;
    }
    *out = t;
    return RTC_OK;
}

void turn_client_free(struct turn_client *t)
{
    if (!t)
        return;
    memory_wipe(&t->credentials, sizeof t->credentials);
    memory_free(t->context, t);
}

void turn_request_start(struct turn_client *t, struct turn_request *r, rtc_time_t now)
{
    *r = (struct turn_request){.active = true, .interval = retransmit_first, .first_sent = now, .next_send = now};
    context_random(t->context, r->id, sizeof r->id);
}

bool turn_request_is(const struct turn_request *r, const struct stun_message *m)
{
    return r->active && memcmp(r->id, m->transaction, sizeof r->id) == 0;
}

rtc_time_t turn_request_due(const struct turn_request *r)
{
    return r->active ? r->next_send : RTC_TIME_NEVER;
}

static void transmit(struct turn_client *t, const struct turn_request *r, struct stun_message m, rtc_time_t now, struct out *out)
{
    struct packet *p = out_packet(out);
    if (!p)
        return; /* as good as lost on the way */
    memcpy(m.transaction, r->id, sizeof m.transaction);
    m.class = STUN_REQUEST;
    m.has |= STUN_HAS_FINGERPRINT;
    struct slice key = turn_credentials_sign(&t->credentials, &m);
    size_t room = packet_tailroom(p) < PACKET_MTU ? packet_tailroom(p) : PACKET_MTU;
    p->len = (uint32_t)stun_write(&m, key, packet_data(p), room);
    p->path = t->server;
    p->time = now;
    t->asked = now < t->asked ? now : t->asked;
    if (p->len > 0)
        out_send(out, p);
    else
        packet_free(p);
}

bool turn_request_run(struct turn_client *t, struct turn_request *r, const struct stun_message *what, rtc_time_t now, struct out *out)
{
    if (now < turn_request_due(r))
        return true;
    if (now >= r->first_sent + unanswered_most) {
        r->active = false;
        return false;
    }
    rtc_time_t most = what->method == TURN_REFRESH ? probe_most : retransmit_most;
    transmit(t, r, *what, now, out);
    r->next_send = now + r->interval;
    r->interval = r->interval * 2 < most ? r->interval * 2 : most;
    /* A stream loses nothing (RFC 8489 section 6.2.2), but what carries us to it may drop a message when too many wait. */
    if (t->server.protocol == PATH_TCP)
        r->next_send = now + stream_again;
    if (r->next_send > r->first_sent + unanswered_most)
        r->next_send = r->first_sent + unanswered_most;
    return true;
}

/* Sends the same again as a new transaction, at once. */
static void renew(struct turn_client *t, struct turn_request *r, rtc_time_t now)
{
    uint8_t challenges = r->challenges;
    turn_request_start(t, r, now);
    r->challenges = challenges;
    t->asked = RTC_TIME_NEVER;
}

/* 401 is answered once per realm, 438 as often as a server that is sane may say so (RFC 8489 section 9.2.5). */
static bool answer_challenge(struct turn_client *t, struct turn_request *r, const struct stun_message *m, rtc_time_t now)
{
    bool wrong = m->error_code == 401 && t->credentials.challenged && !turn_credentials_elsewhere(&t->credentials, m);
    if (wrong || ++r->challenges > CHALLENGES_MAX || !turn_credentials_challenge(&t->credentials, m))
        return false;
    renew(t, r, now);
    return true;
}

/* A response that should be signed and is not is no response. Refusals of the first Allocate are believed as they are: servers send some of
 * them unsigned, and who can answer with the transaction's id could as well keep the answer away. */
enum turn_verdict turn_request_judge(struct turn_client *t, struct turn_request *r, const struct stun_message *m, rtc_time_t now)
{
    bool challenge = m->class == STUN_ERROR && (m->error_code == 401 || m->error_code == 438);
    bool refusal = m->class == STUN_ERROR && t->state == TURN_ALLOCATING;
    if (challenge && answer_challenge(t, r, m, now))
        return TURN_VERDICT_AGAIN;
    if (!challenge && !refusal && !turn_credentials_authentic(&t->credentials, m))
        return TURN_VERDICT_IGNORE;
    if (m->class == STUN_ERROR && !(m->has & STUN_HAS_ERROR))
        return TURN_VERDICT_IGNORE;
    r->active = false;
    t->asked = RTC_TIME_NEVER;
    return m->class == STUN_SUCCESS ? TURN_VERDICT_SUCCESS : TURN_VERDICT_ERROR;
}

static void fail(struct turn_client *t, uint16_t code, struct slice text)
{
    size_t len = text.len < sizeof t->failure.text ? text.len : sizeof t->failure.text - 1;
    t->may_linger = t->state == TURN_ALLOCATED && code != MISMATCH;
    set_state(t, TURN_FAILED);
    t->failure.code = code;
    memset(t->failure.text, 0, sizeof t->failure.text);
    if (len > 0)
        memcpy(t->failure.text, text.data, len);
}

bool turn_is_lost(struct turn_client *t, const struct stun_message *m)
{
    if (m->class != STUN_ERROR || m->error_code != MISMATCH)
        return false;
    fail(t, m->error_code, m->error_text);
    return true;
}

static struct stun_message allocate(const struct turn_client *t)
{
    struct stun_message m = {.method = TURN_ALLOCATE, .has = STUN_HAS_TRANSPORT};
    if (t->families == TURN_FAMILIES_BOTH)
        m.turn.additional_family = ADDRESS_IPV6;
    else if (t->families == TURN_FAMILIES_IPV6)
        m.turn.requested_family = ADDRESS_IPV6;
    return m;
}

static struct stun_message refresh(uint32_t lifetime)
{
    return (struct stun_message){.method = TURN_REFRESH, .has = STUN_HAS_LIFETIME, .turn = {.lifetime = lifetime}};
}

void turn_client_start(struct turn_client *t, rtc_time_t now, struct out *out)
{
    if (t->state != TURN_NEW)
        return;
    set_state(t, TURN_ALLOCATING);
    turn_request_start(t, &t->request, now);
    turn_client_tick(t, now, out);
}

static void set_lifetime(struct turn_client *t, const struct stun_message *m, rtc_time_t now)
{
    uint32_t seconds = m->has & STUN_HAS_LIFETIME ? m->turn.lifetime : LIFETIME_DEFAULT;
    rtc_time_t lifetime = (rtc_time_t)(seconds < LIFETIME_MOST ? seconds : LIFETIME_MOST) * TURN_SECOND;
    rtc_time_t in = lifetime > 2 * refresh_before ? lifetime - refresh_before : lifetime / 2;
    t->expires = now + lifetime;
    t->refresh = now + (in > TURN_SECOND ? in : TURN_SECOND);
}

static void add_relayed(struct turn_client *t, const struct address *a)
{
    if (a->port == 0 || address_is_any(a) || address_is_multicast(a))
        return;
    if (t->relayed_count < STUN_RELAYED_MAX && (t->relayed_count == 0 || t->relayed[0].family != a->family))
        t->relayed[t->relayed_count++] = *a;
}

static void on_allocated(struct turn_client *t, const struct stun_message *m, rtc_time_t now)
{
    for (size_t i = 0; i < m->turn.relayed_count; i++)
        add_relayed(t, &m->turn.relayed[i]);
    if (t->relayed_count == 0) {
        fail(t, 0, slice_str("the server's answer has no relayed address"));
        return;
    }
    if (m->has & (STUN_HAS_MAPPED | STUN_HAS_XOR_MAPPED))
        t->mapped = m->mapped;
    set_state(t, TURN_ALLOCATED);
    set_lifetime(t, m, now);
}

/* 440 and 508 may be about one family only, 420 about the attribute that names it (RFC 8656 section 7.4). */
static bool try_other_family(struct turn_client *t, uint16_t code, rtc_time_t now)
{
    bool about_family = code == 440 || code == 508 || code == 420;
    if (!about_family || t->families == TURN_FAMILIES_IPV6 || (code != 440 && t->families != TURN_FAMILIES_BOTH))
        return false;
    t->families = t->families == TURN_FAMILIES_BOTH ? TURN_FAMILIES_IPV4 : TURN_FAMILIES_IPV6;
    turn_request_start(t, &t->request, now);
    return true;
}

/* RFC 8489 section 10. A name with a zero in it is none. */
static void take_alternate(struct turn_failure *failure, const struct stun_message *m)
{
    struct slice name = m->has & STUN_HAS_ALTERNATE_DOMAIN ? m->alternate_domain : slice_of(NULL, 0);
    if (!(m->has & STUN_HAS_ALTERNATE))
        return;
    failure->alternate = m->alternate;
    memset(failure->domain, 0, sizeof failure->domain);
    if (name.len > 0 && name.len < sizeof failure->domain && !memchr(name.data, 0, name.len))
        memcpy(failure->domain, name.data, name.len);
}

static void on_refused(struct turn_client *t, const struct stun_message *m, rtc_time_t now)
{
    if (t->state == TURN_ALLOCATING && try_other_family(t, m->error_code, now))
        return;
    /* The refused Refresh of an allocation that is there may be an accident; expiry is not. */
    if (t->state == TURN_ALLOCATED && m->error_code != MISMATCH && m->error_code != 401 && m->error_code != 438 && m->error_code != 441) {
        t->refresh = now + refresh_again;
        return;
    }
    fail(t, m->error_code, m->error_text);
    if (m->error_code == TRY_ALTERNATE)
        take_alternate(&t->failure, m);
}

static void on_allocation_response(struct turn_client *t, const struct stun_message *m, rtc_time_t now)
{
    enum turn_verdict verdict = turn_request_judge(t, &t->request, m, now);
    if (t->state == TURN_CLOSING) {
        if (verdict == TURN_VERDICT_SUCCESS || verdict == TURN_VERDICT_ERROR)
            set_state(t, TURN_CLOSED);
        return;
    }
    switch (verdict) {
    case TURN_VERDICT_SUCCESS:
        if (t->state == TURN_ALLOCATING)
            on_allocated(t, m, now);
        else
            set_lifetime(t, m, now);
        break;
    case TURN_VERDICT_ERROR:
        on_refused(t, m, now);
        break;
    default:
        break;
    }
}

/* Data of a peer that we never wanted to hear of is nobody's (RFC 8656 section 11.3). */
static bool take_data(struct turn_client *t, const struct stun_message *m, struct address *peer, struct slice *data)
{
    const struct turn_permission *p = m->has & STUN_HAS_PEER ? turn_find_permission(t, &m->turn.peer) : NULL;
    if (m->method != TURN_DATA || !(m->has & STUN_HAS_DATA) || !p || p->grant == TURN_DENIED)
        return false;
    *peer = m->turn.peer;
    *data = m->turn.data;
    return true;
}

/* Over UDP there may be padding after it, or not (RFC 8656 section 12.5). */
static bool take_channel_data(struct turn_client *t, struct slice bytes, struct address *peer, struct slice *data)
{
    if (bytes.len < 4)
        return false;
    const struct turn_channel *c = turn_find_number(t, (uint16_t)(bytes.data[0] << 8 | bytes.data[1]));
    size_t len = (size_t)(bytes.data[2] << 8 | bytes.data[3]);
    if (!c || len > bytes.len - 4)
        return false;
    *peer = c->peer;
    *data = slice_of(bytes.data + 4, len);
    return true;
}

/* Something from the server may matter. */
static bool is_alive(const struct turn_client *t)
{
    return t->state == TURN_ALLOCATING || t->state == TURN_ALLOCATED || t->state == TURN_CLOSING;
}

bool turn_client_input(struct turn_client *t, rtc_time_t now, struct slice bytes, struct address *peer, struct slice *data, struct out *out)
{
    struct stun_message m;
    bool brought = false, allocated = t->state == TURN_ALLOCATED;
    if (!is_alive(t) || bytes.len == 0)
        return false;
    /* The first byte tells ChannelData from STUN (RFC 8656 section 12, RFC 7983). */
    if (bytes.data[0] >= 64) {
        brought = allocated && take_channel_data(t, bytes, peer, data);
        t->asked = brought ? RTC_TIME_NEVER : t->asked;
        return brought;
    }
    if (stun_parse(bytes, &m) != RTC_OK || m.unknown_count > 0)
        return false;
    if (m.class == STUN_INDICATION)
        brought = allocated && take_data(t, &m, peer, data);
    else if (m.class != STUN_REQUEST && turn_request_is(&t->request, &m))
        on_allocation_response(t, &m, now);
    else if (m.class != STUN_REQUEST)
        (void)turn_grants_response(t, &m, now);
    t->asked = brought ? RTC_TIME_NEVER : t->asked;
    turn_client_tick(t, now, out);
    return brought;
}

/* When the server is asked whether the allocation is still there: before it expires, and when nothing comes from it any more. */
static rtc_time_t refresh_at(const struct turn_client *t)
{
    rtc_time_t silent = t->asked == RTC_TIME_NEVER ? RTC_TIME_NEVER : t->asked + silent_probe;
    return silent < t->refresh ? silent : t->refresh;
}

/* When the allocation is given up unless something comes. */
static rtc_time_t lost_at(const struct turn_client *t)
{
    rtc_time_t silent = t->asked == RTC_TIME_NEVER ? RTC_TIME_NEVER : t->asked + silent_most;
    return silent < t->expires ? silent : t->expires;
}

static void run_allocating(struct turn_client *t, rtc_time_t now, struct out *out)
{
    struct stun_message m = allocate(t);
    if (!turn_request_run(t, &t->request, &m, now, out))
        fail(t, 0, slice_str("the server did not answer"));
}

static void run_allocated(struct turn_client *t, rtc_time_t now, struct out *out)
{
    struct stun_message m = refresh(LIFETIME_DEFAULT);
    if (now >= lost_at(t)) {
        fail(t, 0, slice_str(now >= t->expires ? "the allocation could not be refreshed" : "the server does not answer any more"));
        return;
    }
    if (!t->request.active && now >= refresh_at(t))
        turn_request_start(t, &t->request, now);
    if (turn_request_run(t, &t->request, &m, now, out))
        return;
    t->refresh = now + refresh_again;
    t->asked = RTC_TIME_NEVER; /* datagrams of peers came meanwhile */
}

static void run_closing(struct turn_client *t, rtc_time_t now, struct out *out)
{
    struct stun_message m = refresh(0);
    if (now >= t->expires || !turn_request_run(t, &t->request, &m, now, out))
        set_state(t, TURN_CLOSED);
}

void turn_client_tick(struct turn_client *t, rtc_time_t now, struct out *out)
{
    if (t->state == TURN_ALLOCATING)
        run_allocating(t, now, out);
    else if (t->state == TURN_ALLOCATED)
        run_allocated(t, now, out);
    else if (t->state == TURN_CLOSING)
        run_closing(t, now, out);
    if (t->state == TURN_ALLOCATED)
        turn_grants_run(t, now, out);
}

rtc_time_t turn_client_deadline(const struct turn_client *t)
{
    rtc_time_t at = RTC_TIME_NEVER;
    if (!is_alive(t))
        return at;
    deadline_min(&at, NULL, turn_request_due(&t->request), TIMER_NONE);
    if (t->state == TURN_CLOSING)
        deadline_min(&at, NULL, t->expires, TIMER_NONE);
    if (t->state != TURN_ALLOCATED)
        return at;
    deadline_min(&at, NULL, lost_at(t), TIMER_NONE);
    if (!t->request.active)
        deadline_min(&at, NULL, refresh_at(t), TIMER_NONE);
    deadline_min(&at, NULL, turn_grants_deadline(t), TIMER_NONE);
    return at;
}

/* An Allocate that is on its way may have succeeded. */
static bool may_exist_there(const struct turn_client *t)
{
    return t->state == TURN_ALLOCATED || (t->state == TURN_ALLOCATING && t->credentials.challenged) ||
           (t->state == TURN_FAILED && t->may_linger);
}

void turn_client_close(struct turn_client *t, rtc_time_t now, struct out *out)
{
    bool may_exist = may_exist_there(t);
    if (t->state == TURN_CLOSING)
        return;
    set_state(t, may_exist ? TURN_CLOSING : TURN_CLOSED);
    t->request.active = false;
    t->expires = now + closing_most;
    if (may_exist)
        turn_request_start(t, &t->request, now);
    turn_client_tick(t, now, out);
}

enum turn_state turn_client_state(const struct turn_client *t)
{
    return t->state;
}

size_t turn_client_relayed(const struct turn_client *t, const struct address **out)
{
    *out = t->relayed;
    return t->relayed_count;
}

const struct address *turn_client_mapped(const struct turn_client *t)
{
    return &t->mapped;
}

const struct turn_failure *turn_client_failure(const struct turn_client *t)
{
    return &t->failure;
}
