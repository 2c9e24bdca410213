/* SPDX-License-Identifier: MIT */
/* Where a datagram goes, and what must be remembered for it; see endpoint.h. Nothing here allocates memory per packet, nor takes longer
 * with more connections. */
#include "endpoint.h"

#include "memory.h"

enum {
    SET_PLACES = 4,
    FIRST_SETS = 16,
    SETS_PER_MEMBER = 2,       /* places for eight requests on their way */
    ANSWERS_PER_SECOND = 1000, /* to plain STUN clients: an attacker's victim gets no more of them */
    ANSWERS_WAITING = 64
};

static const rtc_time_t second = 1000000;

/* ---- Transactions ---- */

static struct endpoint_transaction *set_of(const struct endpoint_transactions *t, const uint8_t id[STUN_TRANSACTION_LEN])
{
    uint32_t word; /* random, for it is one of ours; and where a stranger's response points to matters to nobody */
    memcpy(&word, id, sizeof word);
    return &t->places[(word & (t->sets - 1)) * SET_PLACES];
}

static struct endpoint_transaction *oldest_place(struct endpoint_transaction *set, uint32_t serial)
{
    struct endpoint_transaction *oldest = set;
    for (int i = 0; i < SET_PLACES; i++) {
        if (set[i].tag == 0)
            return &set[i];
        if (serial - set[i].serial > serial - oldest->serial)
            oldest = &set[i];
    }
    return oldest;
}

static void place(struct endpoint_transactions *t, const struct endpoint_transaction *what)
{
    *oldest_place(set_of(t, what->id), t->serial) = *what;
}

/* As many places as the connections need; fewer when memory is short. */
static void grow(rtc_endpoint *e)
{
    struct endpoint_transactions *t = &e->transactions, larger = {.sets = t->sets ? t->sets : FIRST_SETS, .serial = t->serial};
    while (larger.sets < SETS_PER_MEMBER * (size_t)e->stats.connections)
        larger.sets *= 2;
    if (larger.sets == t->sets)
        return;
    larger.places = memory_zeroed(e->context, larger.sets * SET_PLACES * sizeof *larger.places);
    if (!larger.places)
        return;
    for (size_t i = 0; i < t->sets * SET_PLACES; i++)
        if (t->places[i].tag)
            place(&larger, &t->places[i]);
    memory_free(e->context, t->places);
    *t = larger;
}

void endpoint_transactions_fini(rtc_endpoint *e)
{
    memory_free(e->context, e->transactions.places);
    e->transactions = (struct endpoint_transactions){0};
}

static struct endpoint_transaction *find_transaction(const rtc_endpoint *e, const uint8_t id[STUN_TRANSACTION_LEN])
{
    const struct endpoint_transactions *t = &e->transactions;
    struct endpoint_transaction *set = t->sets ? set_of(t, id) : NULL;
    for (int i = 0; set && i < SET_PLACES; i++)
        if (set[i].tag && memcmp(set[i].id, id, STUN_TRANSACTION_LEN) == 0)
            return &set[i];
    return NULL;
}

static void remember(struct endpoint_member *m, uint32_t socket, const uint8_t id[STUN_TRANSACTION_LEN])
{
    rtc_endpoint *e = m->endpoint;
    struct endpoint_transaction entry = {.tag = m->tag, .socket = socket};
    grow(e);
    if (e->transactions.sets == 0 || find_transaction(e, id))
        return; /* no memory: the answer may be found by its path; or a retransmission */
    memcpy(entry.id, id, sizeof entry.id);
    entry.serial = ++e->transactions.serial;
    place(&e->transactions, &entry);
}

static bool is_request(const struct packet *p)
{
    static const uint8_t binding[] = {0x00, 0x01};
    return p->len >= STUN_HEADER_LEN && memcmp(p->bytes + p->start, binding, sizeof binding) == 0;
}

bool endpoint_sends(struct endpoint_member *m, struct packet *packet)
{
    if (!endpoint_alias(m, packet->path.socket))
        return false;
    if (m->endpoint && is_request(packet))
        remember(m, packet->path.socket, packet_data(packet) + STUN_HEADER_LEN - STUN_TRANSACTION_LEN);
    packet->path.socket = 0;
    return true;
}

/* ---- Plain STUN: what a server of RFC 8489 section 7.3 answers ---- */

static bool may_answer(rtc_endpoint *e, rtc_time_t now)
{
    if (now >= e->answers_since + second) {
        e->answers_since = now;
        e->answered = 0;
    }
    return e->answered < ANSWERS_PER_SECOND && e->answers.count < ANSWERS_WAITING;
}

static void fill_answer(const struct stun_message *request, const struct path *path, uint8_t types[2 * STUN_UNKNOWN_MAX],
                        struct stun_message *m)
{
    *m = (struct stun_message){.class = STUN_SUCCESS, .method = STUN_BINDING, .has = STUN_HAS_XOR_MAPPED, .mapped = path->remote};
    memcpy(m->transaction, request->transaction, sizeof m->transaction);
    if (request->unknown_count > 0) {
        for (size_t i = 0; i < request->unknown_count; i++) {
            types[2 * i] = (uint8_t)(request->unknown[i] >> 8);
            types[2 * i + 1] = (uint8_t)request->unknown[i];
        }
        m->class = STUN_ERROR;
        m->error_code = 420;
        m->error_text = slice_str("Unknown Attribute");
        m->unknown_attributes = slice_of(types, 2 * (size_t)request->unknown_count);
        m->has = STUN_HAS_ERROR | STUN_HAS_UNKNOWN_ATTRIBUTES;
    }
    m->has |= request->has & STUN_HAS_FINGERPRINT;
}

static void answer_plain(rtc_endpoint *e, rtc_time_t now, const struct path *path, const struct stun_message *request)
{
    struct stun_message m;
    uint8_t types[2 * STUN_UNKNOWN_MAX];
    struct packet *p = may_answer(e, now) ? packet_new(e->pool) : NULL;
    if (!p)
        return;
    fill_answer(request, path, types, &m);
    p->len = (uint32_t)stun_write(&m, slice_str(""), packet_data(p), packet_tailroom(p));
    p->path = *path;
    p->path.socket = 0;
    p->time = now;
    e->answered++;
    e->stats.stun_answers++;
    packet_queue_push(&e->answers, p);
}

/* ---- The way of a datagram ---- */

static struct endpoint_member *by_path(rtc_endpoint *e, rtc_time_t now, struct path *path)
{
    const struct endpoint_path *known = endpoint_find_path(e, now, &path->local, &path->remote);
    if (!known) {
        e->stats.unknown_path++;
        return NULL;
    }
    path->socket = known->socket;
    return known->member;
}

static struct endpoint_member *by_user(rtc_endpoint *e, struct path *path, const struct stun_message *m)
{
    const uint8_t *colon = m->username.len > 0 ? memchr(m->username.data, ':', m->username.len) : NULL;
    size_t len = colon ? (size_t)(colon - m->username.data) : 0;
    const struct endpoint_user *user = colon ? endpoint_find_user(e, slice_of(m->username.data, len)) : NULL;
    for (size_t i = 0; user && i < user->member->alias_count; i++) {
        const struct endpoint_alias *alias = &user->member->aliases[i];
        if (alias->user != user || !address_ip_eq(&alias->local, &path->local))
            continue;
        path->socket = alias->socket;
        return user->member;
    }
    e->stats.unknown_user++; /* not told: it may only be early, and comes again */
    return NULL;
}

static struct endpoint_member *find_member(const rtc_endpoint *e, uint32_t tag)
{
    for (struct table_entry *t = table_first(&e->tags, table_hash(&e->tags, &tag, sizeof tag)); t; t = table_next(t)) {
        struct endpoint_member *member = link_owner(t, struct endpoint_member, entry);
        if (member->tag == tag)
            return member;
    }
    return NULL;
}

/* A response comes to the address that the request left from (RFC 8445 section 7.2.5.2.1). */
static struct endpoint_member *by_transaction(rtc_endpoint *e, rtc_time_t now, struct path *path, const struct stun_message *m)
{
    const struct endpoint_transaction *t = find_transaction(e, m->transaction);
    struct endpoint_member *member = t ? find_member(e, t->tag) : NULL;
    const struct endpoint_alias *alias = member ? endpoint_alias(member, t->socket) : NULL;
    if (!alias || !address_ip_eq(&alias->local, &path->local))
        return by_path(e, now, path);
    path->socket = alias->socket;
    return member;
}

static struct endpoint_member *route_stun(rtc_endpoint *e, rtc_time_t now, struct path *path, struct slice datagram)
{
    struct stun_message m;
    bool plain = false;
    if (stun_parse(datagram, &m) != RTC_OK || m.method != STUN_BINDING) {
        e->stats.malformed++;
        return NULL;
    }
    if (m.class == STUN_SUCCESS || m.class == STUN_ERROR)
        return by_transaction(e, now, path, &m);
    if (m.class == STUN_INDICATION)
        return by_path(e, now, path);
    plain = e->answer_stun && !(m.has & (STUN_HAS_USERNAME | STUN_HAS_INTEGRITY | STUN_HAS_INTEGRITY_SHA256));
    if (!plain)
        return by_user(e, path, &m);
    answer_plain(e, now, path, &m);
    return NULL;
}

struct endpoint_member *endpoint_route(rtc_endpoint *e, rtc_time_t now, struct path *path, struct slice datagram)
{
    e->stats.packets_received++;
    if (e->closed || datagram.len == 0)
        return NULL;
    path->socket = 0;
    return datagram.data[0] <= 3 ? route_stun(e, now, path, datagram) : by_path(e, now, path);
}
