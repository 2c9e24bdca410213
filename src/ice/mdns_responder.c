/* SPDX-License-Identifier: MIT */
/* The responder: see mdns.h. Its names are random, so nobody else has them: they are not probed for (the draft, section 3.1.1), and not
 * announced either, for nobody can have asked before the candidate is signalled, and a record that was just sent to everybody may not be
 * sent to everybody again for a second (RFC 6762 section 6), which is when the peer asks. */
#include "mdns_internal.h"

#include "context.h"
#include "memory.h"

#include <crtc/base.h>
#include <stdio.h>

static const rtc_time_t multicast_again = 1 * MDNS_SECOND; /* RFC 6762 section 6: a record is not multicast again within a second */
/* A quarter of the life of a record: who asks for a unicast answer gets one only when everybody was told lately (section 5.4). */
static const rtc_time_t multicast_lately = MDNS_TTL_SECONDS / 4 * MDNS_SECOND;
static const uint32_t legacy_ttl = 10; /* section 6.7 */

enum { NAMES_TOGETHER = 6, UNICASTS_PER_SECOND = 20 };

/* Of each its address, and that it has no more: NSEC with its name once more, and bits. */
_Static_assert(2 * NAMES_TOGETHER <= (int)DNS_RECORDS_MAX &&
                   12 + NAMES_TOGETHER * (3 * (MDNS_NAME_LEN + 2) + 2 * 10 + 16 + 6) + MDNS_NAME_LEN + 6 < PACKET_MTU,
               "a message of ours fits a datagram");

struct mdns_own *mdns_find_own(const struct mdns *m, const char *name)
{
    for (size_t i = 0; i < m->own_count; i++)
        if (dns_name_eq(m->own[i].name, name))
            return &m->own[i];
    return NULL;
}

/* A random UUID, version 4 (RFC 9562 section 5.4). */
static void make_name(rtc_context *context, char name[MDNS_NAME_LEN + 1])
{
    uint8_t b[16];
    context_random(context, b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    (void)snprintf(name, MDNS_NAME_LEN + 1, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x.local", b[0], b[1], b[2],
                   b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static struct mdns_own *find_address(const struct mdns *m, const struct address *address)
{
    for (size_t i = 0; i < m->own_count; i++)
        if (address_ip_eq(&m->own[i].address, address))
            return &m->own[i];
    return NULL;
}

/* A new place, or that of a name which was only inherited, or withdrawn: a host that moves on from network to network has other addresses
 * each time. */
static struct mdns_own *find_place(struct mdns *m)
{
    if (m->own_count < MDNS_OWN_MAX)
        return &m->own[m->own_count++];
    for (size_t i = 0; i < m->own_count; i++)
        if (m->own[i].spare)
            return &m->own[i];
    m->counters.over_limit++;
    return NULL;
}

/* The names are allocated at once, so that they can be borrowed. */
static struct mdns_own *add_own(struct mdns *m, const struct address *address)
{
    if (!m->own)
        m->own = memory_zeroed(m->context, MDNS_OWN_MAX * sizeof *m->own);
    struct mdns_own *own = m->own ? find_place(m) : NULL;
    if (!own)
        return NULL;
    *own = (struct mdns_own){.address = *address};
    own->address.port = 0;
    own->address.scope = 0;
    for (size_t i = 0; i < MDNS_LINKS_MAX; i++)
        own->multicast[i] = MDNS_LONG_AGO;
    return own;
}

const char *mdns_publish(struct mdns *m, const struct address *address, uint32_t index)
{
    struct mdns_own *own = find_address(m, address);
    if (!own && (own = add_own(m, address)) != NULL)
        make_name(m->context, own->name);
    if (!own)
        return NULL;
    own->index = index;
    own->spare = false;
    return own->name;
}

void mdns_withdraw(struct mdns *m, const struct address *address)
{
    struct mdns_own *own = find_address(m, address);
    if (own)
        own->spare = true;
}

int mdns_inherit(struct mdns *m, struct mdns *from)
{
    for (size_t i = 0; i < from->own_count; i++) {
        struct mdns_own *own = add_own(m, &from->own[i].address);
        if (!own)
            return RTC_ERR_NO_MEMORY;
        memcpy(own->name, from->own[i].name, sizeof own->name);
        own->index = from->own[i].index;
        own->spare = true;
    }
    from->passed_on = true;
    return RTC_OK;
}

/* ---- Answers ---- */

static void begin(struct dns_message *answer)
{
    answer->id = 0;
    answer->response = answer->authoritative = true;
    answer->truncated = false;
    answer->opcode = answer->rcode = 0;
    answer->question_count = answer->record_count = 0;
}

static void add_record(struct dns_message *answer, const struct mdns_own *own, uint32_t ttl, bool flush)
{
    bool four = own->address.family == ADDRESS_IPV4;
    struct dns_record *r = &answer->records[answer->record_count++];
    memcpy(r->name, own->name, sizeof own->name);
    r->section = DNS_ANSWER;
    r->type = four ? DNS_A : DNS_AAAA;
    r->class = DNS_CLASS_IN;
    r->flush = flush;
    r->ttl = ttl;
    r->address = own->address;
    r->has = 0;
    if (ttl == 0)
        return;
    struct dns_record *no_more = &answer->records[answer->record_count++];
    *no_more = *r;
    no_more->section = DNS_ADDITIONAL;
    no_more->type = DNS_NSEC;
    no_more->address = (struct address){0};
    no_more->has = four ? DNS_HAS_A : DNS_HAS_AAAA;
}

/* RFC 6762 section 6.2: other addresses are none of this interface's business. Whoever shares a network with us, and was told a name,
 * learns nothing of the other networks that we are in. */
static bool belongs(const struct mdns_own *own, const struct mdns_link *link)
{
    return own->index == link->index;
}

/* RFC 6762 section 7.1: the querier has it, and will for some time. That there is nothing of another type is always told (section 6.1):
 * some resolvers would wait for that. */
static bool is_known(const struct dns_message *query, const struct dns_question *question, const struct mdns_own *own)
{
    bool other = question->type != (own->address.family == ADDRESS_IPV4 ? DNS_A : DNS_AAAA) && question->type != DNS_ANY;
    for (size_t i = 0; i < query->record_count && !other; i++) {
        const struct dns_record *r = &query->records[i];
        if (r->section == DNS_ANSWER && r->ttl >= MDNS_TTL_SECONDS / 2 && address_ip_eq(&r->address, &own->address) &&
            dns_name_eq(r->name, own->name))
            return true;
    }
    return false;
}

/* Each one costs the sender of a query nothing, and may go to somebody else. */
static bool may_unicast(struct mdns *m, struct mdns_link *link, rtc_time_t now)
{
    if (now >= link->unicast_since + MDNS_SECOND) {
        link->unicast_since = now;
        link->unicast_count = 0;
    }
    if (link->unicast_count == UNICASTS_PER_SECOND) {
        m->counters.over_limit++;
        return false;
    }
    link->unicast_count++;
    return true;
}

/* To who asks: a simple resolver, which knows nothing of multicast (section 6.7) and wants its question back, or a querier. */
static void answer_one(struct mdns *m, size_t link, const struct address *to, const struct dns_message *query,
                       const struct dns_question *question, const struct mdns_own *own, rtc_time_t now, struct out *out)
{
    struct dns_message answer;
    bool legacy = to->port != MDNS_PORT;
    if (!may_unicast(m, &m->links[link], now))
        return;
    begin(&answer);
    if (legacy) {
        answer.id = query->id;
        answer.questions[0] = *question;
        answer.questions[0].unicast = false;
        answer.question_count = 1;
    }
    add_record(&answer, own, legacy ? legacy_ttl : MDNS_TTL_SECONDS, !legacy);
    mdns_send(&m->links[link], to, &answer, out);
}

void mdns_respond(struct mdns *m, rtc_time_t now, size_t link, const struct address *from, const struct dns_message *query, struct out *out)
{
    for (size_t i = 0; i < query->question_count; i++) {
        const struct dns_question *question = &query->questions[i];
        struct mdns_own *own = mdns_find_own(m, question->name);
        bool in = question->class == DNS_CLASS_IN || question->class == DNS_CLASS_ANY;
        if (!own || !in || !belongs(own, &m->links[link]) || is_known(query, question, own))
            continue;
        bool lately = now < own->multicast[link] + multicast_lately;
        if (from->port != MDNS_PORT || (question->unicast && lately))
            answer_one(m, link, from, query, question, own, now, out);
        else
            own->owed |= 1u << link;
    }
    mdns_responder_run(m, now, out);
}

static void answer_all(struct mdns *m, size_t link, rtc_time_t now, struct out *out)
{
    struct dns_message answer;
    begin(&answer);
    for (size_t i = 0; i < m->own_count && answer.record_count < 2 * NAMES_TOGETHER; i++) {
        struct mdns_own *own = &m->own[i];
        if (!(own->owed & 1u << link) || now < own->multicast[link] + multicast_again)
            continue;
        own->owed &= ~(1u << link);
        own->multicast[link] = now;
        add_record(&answer, own, MDNS_TTL_SECONDS, true);
    }
    if (answer.record_count == 0)
        return;
    mdns_send(&m->links[link], &m->links[link].group, &answer, out);
}

void mdns_responder_run(struct mdns *m, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < m->link_count; i++)
        for (size_t k = 0; k < m->own_count && m->links[i].state == MDNS_LINK_OPEN; k += NAMES_TOGETHER)
            answer_all(m, i, now, out);
}

rtc_time_t mdns_responder_deadline(const struct mdns *m)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < m->own_count; i++)
        for (size_t k = 0; k < m->link_count; k++)
            if ((m->own[i].owed & 1u << k) && m->links[k].state == MDNS_LINK_OPEN)
                deadline_min(&at, NULL, m->own[i].multicast[k] + multicast_again, TIMER_NONE);
    return at;
}

/* RFC 6762 section 10.1: what nobody was told needs no goodbye. */
void mdns_responder_close(struct mdns *m, struct out *out)
{
    struct dns_message goodbye;
    for (size_t i = 0; i < m->link_count && !m->passed_on; i++) {
        begin(&goodbye);
        for (size_t k = 0; k < m->own_count && m->links[i].state == MDNS_LINK_OPEN; k++) {
            if (m->own[k].multicast[i] == MDNS_LONG_AGO)
                continue;
            add_record(&goodbye, &m->own[k], 0, true);
            if (goodbye.record_count < 2 * NAMES_TOGETHER)
                continue;
            mdns_send(&m->links[i], &m->links[i].group, &goodbye, out);
            begin(&goodbye);
        }
        if (goodbye.record_count > 0)
            mdns_send(&m->links[i], &m->links[i].group, &goodbye, out);
    }
}
