/* SPDX-License-Identifier: MIT */
/* The links, and the querier: see mdns.h. */
#include "mdns_internal.h"

#include "memory.h"
#include "text.h"

/* RFC 6762 section 5.2: a second at least between the first two queries, then doubling. */
static const rtc_time_t ask_again = 1 * MDNS_SECOND;
static const rtc_time_t ask_most = 10 * MDNS_SECOND;
/* Between messages that ask, whatever the number of names. */
static const rtc_time_t ask_pace = 10 * MDNS_MS;
/* How long the first query waits for links that are being opened. */
static const rtc_time_t links_most = 100 * MDNS_MS;
static const rtc_time_t found_lasts = MDNS_TTL_SECONDS * MDNS_SECOND;

const struct moves mdns_link_moves = {
    .module = "ice",
    .what = "multicast DNS link",
    .count = MDNS_LINK_REFUSED + 1,
    .names = {"closed", "opening", "joining", "open", "refused"},
    .allowed =
        {
            [MDNS_LINK_CLOSED] = MOVE_TO(MDNS_LINK_OPENING) | MOVE_TO(MDNS_LINK_REFUSED),
            [MDNS_LINK_OPENING] = MOVE_TO(MDNS_LINK_JOINING) | MOVE_TO(MDNS_LINK_REFUSED),
            [MDNS_LINK_JOINING] = MOVE_TO(MDNS_LINK_OPEN) | MOVE_TO(MDNS_LINK_REFUSED),
            [MDNS_LINK_OPEN] = MOVE_TO(MDNS_LINK_CLOSED) | MOVE_TO(MDNS_LINK_REFUSED),
            [MDNS_LINK_REFUSED] = 0,
        },
};

const struct moves mdns_query_moves = {
    .module = "ice",
    .what = "multicast DNS query",
    .count = MDNS_NO_ANSWER + 1,
    .names = {"unknown", "asking", "found", "ambiguous", "no answer"},
    .allowed =
        {
            [MDNS_UNKNOWN] = MOVE_TO(MDNS_ASKING),
            [MDNS_ASKING] = MOVE_TO(MDNS_FOUND) | MOVE_TO(MDNS_NO_ANSWER),
            [MDNS_FOUND] = MOVE_TO(MDNS_AMBIGUOUS),
            [MDNS_AMBIGUOUS] = 0,
            [MDNS_NO_ANSWER] = 0,
        },
};

/* In one message, for each name a question for IPv4 and one for IPv6 (RFC 6762 section 5.3). */
enum { NAMES_TOGETHER = DNS_QUESTIONS_MAX / 2 };

int mdns_new(rtc_context *context, uint32_t *next_request_id, uint32_t names_max, struct mdns **out)
{
    struct mdns *m = memory_zeroed(context, sizeof *m);
    if (!m)
        return RTC_ERR_NO_MEMORY;
    m->context = context;
    m->next_request_id = next_request_id;
    m->names_max = names_max;
    m->paced = MDNS_LONG_AGO;
    *out = m;
    return RTC_OK;
}

void mdns_free(struct mdns *m)
{
    if (!m)
        return;
    memory_free(m->context, m->queries);
    memory_free(m->context, m->own);
    memory_free(m->context, m);
}

const struct mdns_counters *mdns_counters(const struct mdns *m)
{
    return &m->counters;
}

static bool is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool mdns_is_candidate_name(const char *name)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'x' ? !is_hexadecimal(name[i]) : name[i] != form[i])
            return false;
    return slice_is_nocase(slice_str(name + sizeof form - 1), ".local");
}

/* ---- Links ---- */

static void set_link(const struct mdns *m, struct mdns_link *link, enum mdns_link_state state)
{
    if (moves_take(&mdns_link_moves, m->context, link->state, state))
        link->state = state;
}

/* RFC 6762 section 3. */
static struct address group_of(const struct address *interface, uint32_t index)
{
    if (interface->family == ADDRESS_IPV4)
        return address_ipv4(224, 0, 0, 251, MDNS_PORT);
    return (struct address){.family = ADDRESS_IPV6, .ip = {[0] = 0xff, [1] = 0x02, [15] = 0xfb}, .port = MDNS_PORT, .scope = index};
}

void mdns_add_link(struct mdns *m, const struct address *address, uint32_t index)
{
    for (size_t i = 0; i < m->link_count; i++)
        if (m->links[i].interface.family == address->family && m->links[i].index == index)
            return;
    if (m->link_count == MDNS_LINKS_MAX) {
        m->counters.over_limit++;
        return;
    }
    struct mdns_link *link = &m->links[m->link_count++];
    *link = (struct mdns_link){.interface = *address, .index = index, .group = group_of(address, index), .unicast_since = MDNS_LONG_AGO};
    link->interface.port = 0;
}

/* The last link takes its place. */
static void remove_link(struct mdns *m, size_t at)
{
    size_t last = --m->link_count;
    m->links[at] = m->links[last];
    for (size_t i = 0; i < m->own_count; i++) {
        struct mdns_own *own = &m->own[i];
        bool owes = own->owed & 1u << last;
        own->multicast[at] = own->multicast[last];
        own->multicast[last] = MDNS_LONG_AGO;
        own->owed &= ~(1u << at | 1u << last);
        if (owes && at != last)
            own->owed |= 1u << at;
    }
}

void mdns_drop_link(struct mdns *m, const struct address *address, uint32_t index, struct out *out)
{
    for (size_t i = m->link_count; i > 0; i--) {
        const struct mdns_link *link = &m->links[i - 1];
        bool comes_up = link->state == MDNS_LINK_OPENING || link->state == MDNS_LINK_JOINING; /* its results must find it */
        if (link->interface.family != address->family || link->index != index || comes_up)
            continue;
        if (link->state == MDNS_LINK_OPEN)
            (void)out_request(out, REQUEST_CLOSE, link->socket);
        remove_link(m, i - 1);
    }
}

bool mdns_has_links(const struct mdns *m)
{
    for (size_t i = 0; i < m->link_count; i++)
        if (m->links[i].state != MDNS_LINK_REFUSED)
            return true;
    return false;
}

static bool any_link(const struct mdns *m, enum mdns_link_state state)
{
    for (size_t i = 0; i < m->link_count; i++)
        if (m->links[i].state == state)
            return true;
    return false;
}

static struct request *request(struct mdns *m, enum request_type type, struct out *out)
{
    if (++*m->next_request_id == 0)
        ++*m->next_request_id;
    return out_request(out, type, *m->next_request_id);
}

static void open_link(struct mdns *m, struct mdns_link *link, struct out *out)
{
    struct request *r = request(m, REQUEST_OPEN_UDP, out);
    set_link(m, link, r ? MDNS_LINK_OPENING : MDNS_LINK_REFUSED);
    if (!r)
        return;
    r->local = link->group;
    r->flags = REQUEST_SHARED;
    link->socket = r->id;
}

static void join_link(struct mdns *m, struct mdns_link *link, struct out *out)
{
    struct request *r = request(m, REQUEST_JOIN_MULTICAST, out);
    set_link(m, link, r ? MDNS_LINK_JOINING : MDNS_LINK_REFUSED);
    if (!r)
        return;
    r->socket = link->socket;
    r->local = link->interface;
    r->remote = link->group;
    link->join = r->id;
}

static bool has_work(const struct mdns *m)
{
    bool work = m->own_count > 0;
    for (size_t i = 0; i < m->query_count && !work; i++)
        work = m->queries[i].answer == MDNS_ASKING;
    return work;
}

/* One that is being opened is closed when it is open: its results must find it. */
static void run_links(struct mdns *m, struct out *out)
{
    bool wanted = has_work(m);
    for (size_t i = 0; i < m->link_count; i++) {
        struct mdns_link *link = &m->links[i];
        if (wanted && link->state == MDNS_LINK_CLOSED) {
            open_link(m, link, out);
        } else if (!wanted && link->state == MDNS_LINK_OPEN) {
            (void)out_request(out, REQUEST_CLOSE, link->socket);
            set_link(m, link, MDNS_LINK_CLOSED);
        }
    }
}

static void on_link(struct mdns *m, struct mdns_link *link, const struct io_result *result, struct out *out)
{
    bool joined = result->id == link->join;
    if (link->state == MDNS_LINK_CLOSED || link->state == MDNS_LINK_REFUSED)
        return;
    if (result->error != RTC_OK) {
        if (joined)
            (void)out_request(out, REQUEST_CLOSE, link->socket);
        set_link(m, link, MDNS_LINK_REFUSED);
    } else if (joined && link->state == MDNS_LINK_JOINING) {
        set_link(m, link, MDNS_LINK_OPEN);
    } else if (!joined && link->state == MDNS_LINK_OPENING) {
        link->bound = result->local;
        join_link(m, link, out);
    }
}

/* ---- Asking ---- */

static void set_answer(const struct mdns *m, struct mdns_query *q, enum mdns_answer answer)
{
    if (moves_take(&mdns_query_moves, m->context, q->answer, answer))
        q->answer = answer;
}

static struct mdns_query *find_query(const struct mdns *m, const char *name)
{
    for (size_t i = 0; i < m->query_count; i++)
        if (dns_name_eq(m->queries[i].name, name))
            return &m->queries[i];
    return NULL;
}

/* A new place, or that of the name that was settled longest ago. */
static int new_query(struct mdns *m, struct mdns_query **out)
{
    struct mdns_query *oldest = NULL;
    void *queries = m->queries;
    if (m->query_count < m->names_max) {
        if (!memory_grow(m->context, &queries, &m->query_capacity, m->query_count + 1, sizeof *m->queries))
            return RTC_ERR_NO_MEMORY;
        m->queries = queries;
        *out = &m->queries[m->query_count++];
        return RTC_OK;
    }
    for (size_t i = 0; i < m->query_count; i++)
        if (m->queries[i].answer != MDNS_ASKING && (!oldest || m->queries[i].asked < oldest->asked))
            oldest = &m->queries[i];
    m->counters.over_limit += oldest == NULL;
    *out = oldest;
    return oldest ? RTC_OK : RTC_ERR_QUOTA_EXCEEDED;
}

int mdns_ask(struct mdns *m, rtc_time_t now, const char *name)
{
    struct mdns_query *q = find_query(m, name);
    bool fresh = q && (q->answer == MDNS_ASKING || (q->answer == MDNS_FOUND && now < q->asked + found_lasts));
    if (!mdns_is_candidate_name(name))
        return RTC_ERR_SYNTAX;
    if (fresh)
        return RTC_OK;
    int error = q ? RTC_OK : new_query(m, &q);
    if (error)
        return error;
    *q = (struct mdns_query){.answer = MDNS_UNKNOWN, .asked = now, .next = now, .interval = ask_again};
    memcpy(q->name, name, MDNS_NAME_LEN);
    set_answer(m, q, MDNS_ASKING);
    return RTC_OK;
}

enum mdns_answer mdns_lookup(const struct mdns *m, const char *name, struct address *address)
{
    const struct mdns_query *q = find_query(m, name);
    if (q && q->answer == MDNS_FOUND)
        *address = q->address;
    return q ? q->answer : MDNS_UNKNOWN;
}

/* When a name is to be asked for; NEVER while there is nobody to ask. */
static rtc_time_t ask_due(const struct mdns *m, const struct mdns_query *q)
{
    rtc_time_t at = q->next;
    if (q->answer != MDNS_ASKING || !any_link(m, MDNS_LINK_OPEN))
        return RTC_TIME_NEVER;
    if (at < q->asked + links_most && (any_link(m, MDNS_LINK_OPENING) || any_link(m, MDNS_LINK_JOINING)))
        at = q->asked + links_most;
    return at > m->paced ? at : m->paced;
}

static void add_questions(struct dns_message *message, struct mdns_query *q, rtc_time_t now)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA};
    for (size_t i = 0; i < 2; i++) {
        struct dns_question *question = &message->questions[message->question_count++];
        memcpy(question->name, q->name, sizeof q->name);
        question->type = types[i];
        question->class = DNS_CLASS_IN;
        question->unicast = false;
    }
    q->next = now + q->interval;
    q->interval *= 2;
}

void mdns_send(const struct mdns_link *link, const struct address *to, const struct dns_message *message, struct out *out)
{
    struct packet *p = out_packet(out);
    size_t len = p ? dns_write(message, packet_data(p), PACKET_MTU) : 0;
    if (len == 0) {
        packet_free(p);
        return;
    }
    p->len = (uint32_t)len;
    p->path = (struct path){.socket = link->socket, .protocol = PATH_UDP, .local = link->bound, .remote = *to};
    out_send(out, p);
}

/* One message with the names that are due, on every link; false when there were none. */
static bool ask_together(struct mdns *m, rtc_time_t now, struct out *out)
{
    struct dns_message message;
    message.id = 0;
    message.response = message.authoritative = message.truncated = false;
    message.opcode = message.rcode = 0;
    message.question_count = message.record_count = 0;
    for (size_t i = 0; i < m->query_count && message.question_count < 2 * NAMES_TOGETHER; i++)
        if (now >= ask_due(m, &m->queries[i]))
            add_questions(&message, &m->queries[i], now);
    for (size_t i = 0; i < m->link_count && message.question_count > 0; i++)
        if (m->links[i].state == MDNS_LINK_OPEN)
            mdns_send(&m->links[i], &m->links[i].group, &message, out);
    return message.question_count > 0;
}

static void run_queries(struct mdns *m, rtc_time_t now, struct out *out)
{
    for (size_t i = 0; i < m->query_count; i++)
        if (m->queries[i].answer == MDNS_ASKING && now >= m->queries[i].asked + ask_most)
            set_answer(m, &m->queries[i], MDNS_NO_ANSWER);
    if (now >= m->paced && ask_together(m, now, out))
        m->paced = now + ask_pace;
}

/* ---- Answers ---- */

/* What no host on the link can have. */
static bool is_plausible(const struct mdns_link *link, const struct address *a)
{
    return !address_is_any(a) && !address_is_multicast(a) && (!address_is_loopback(a) || address_is_loopback(&link->interface));
}

static void take_record(struct mdns *m, rtc_time_t now, const struct mdns_link *link, const struct dns_record *record)
{
    struct mdns_query *q = find_query(m, record->name);
    const struct mdns_own *own = mdns_find_own(m, record->name);
    if (own && record->ttl > 0 && record->type != DNS_NSEC && !address_ip_eq(&own->address, &record->address))
        m->counters.conflicts++;
    if (!q || record->ttl == 0 || record->type == DNS_NSEC)
        return;
    if (!is_plausible(link, &record->address)) {
        m->counters.ignored++;
    } else if (q->answer == MDNS_ASKING) {
        set_answer(m, q, MDNS_FOUND);
        q->address = record->address;
        q->asked = now;
        q->heard = m->messages;
    } else if (q->answer == MDNS_FOUND && q->heard == m->messages && !address_ip_eq(&q->address, &record->address)) {
        set_answer(m, q, MDNS_AMBIGUOUS);
    }
}

/* RFC 6762 sections 6, 18.3 and 18.11: responses come from port 5353, and messages with other codes are ignored. */
static void take_message(struct mdns *m, rtc_time_t now, size_t link, const struct path *from, const struct dns_message *message,
                         struct out *out)
{
    if (message->opcode != 0 || message->rcode != 0 || (message->response && from->remote.port != MDNS_PORT)) {
        m->counters.ignored++;
        return;
    }
    if (!message->response) {
        mdns_respond(m, now, link, &from->remote, message, out);
        return;
    }
    m->messages++;
    for (size_t i = 0; i < message->record_count; i++)
        take_record(m, now, &m->links[link], &message->records[i]);
}

/* Among its links; their number when it is none of theirs. */
static size_t find_socket(const struct mdns *m, uint32_t socket)
{
    size_t link = 0;
    while (link < m->link_count && (m->links[link].socket != socket || m->links[link].socket == 0))
        link++;
    return link;
}

bool mdns_has_socket(const struct mdns *m, uint32_t socket)
{
    return find_socket(m, socket) < m->link_count;
}

bool mdns_input(struct mdns *m, rtc_time_t now, const struct path *from, struct slice bytes, struct out *out)
{
    struct dns_message message;
    size_t link = find_socket(m, from->socket);
    if (link == m->link_count)
        return false;
    if (m->links[link].state != MDNS_LINK_OPEN || m->closed)
        return true;
    if (dns_parse(bytes, &message) == RTC_OK)
        take_message(m, now, link, from, &message, out);
    else
        m->counters.malformed++;
    mdns_tick(m, now, out);
    return true;
}

/* ---- The whole ---- */

bool mdns_result(struct mdns *m, rtc_time_t now, const struct io_result *result, struct out *out)
{
    for (size_t i = 0; i < m->link_count; i++) {
        struct mdns_link *link = &m->links[i];
        if (result->id == 0 || (result->id != link->socket && result->id != link->join))
            continue;
        if (!m->closed)
            on_link(m, link, result, out);
        mdns_tick(m, now, out);
        return true;
    }
    return false;
}

void mdns_tick(struct mdns *m, rtc_time_t now, struct out *out)
{
    if (m->closed)
        return;
    run_queries(m, now, out);
    mdns_responder_run(m, now, out);
    run_links(m, out);
}

rtc_time_t mdns_deadline(const struct mdns *m)
{
    rtc_time_t at = m->closed ? RTC_TIME_NEVER : mdns_responder_deadline(m);
    for (size_t i = 0; i < m->query_count && !m->closed; i++) {
        const struct mdns_query *q = &m->queries[i];
        if (q->answer != MDNS_ASKING)
            continue;
        deadline_min(&at, NULL, ask_due(m, q), TIMER_NONE);
        deadline_min(&at, NULL, q->asked + ask_most, TIMER_NONE);
    }
    return at;
}

void mdns_close(struct mdns *m, struct out *out)
{
    if (m->closed)
        return;
    mdns_responder_close(m, out);
    m->closed = true;
    for (size_t i = 0; i < m->link_count; i++)
        if (m->links[i].state >= MDNS_LINK_OPENING && m->links[i].state <= MDNS_LINK_OPEN)
            (void)out_request(out, REQUEST_CLOSE, m->links[i].socket);
}
