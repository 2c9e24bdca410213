/* SPDX-License-Identifier: MIT */
/* Multicast DNS by itself: when sockets are asked for, when and what is asked and answered, and what is not believed. */
#include "dns_message.h"
#include "mdns.h"

#include "context.h"

#include <crtc/base.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define MS ((rtc_time_t)1000)
#define SECOND ((rtc_time_t)1000000)
#define NAME "1f4712db-ea17-4bcf-a596-105139dfd8bf.local"
#define OTHER "2f4712db-ea17-4bcf-a596-105139dfd8bf.local"

static struct fixture {
    rtc_context *context;
    struct mdns *mdns;
    struct out out;
    uint32_t next_id;
    rtc_time_t now;
    struct address own, peer;
} f;

static int setup(void **state)
{
    (void)state;
    f = (struct fixture){.now = SECOND, .own = address_ipv4(192, 0, 2, 1, 0), .peer = address_ipv4(192, 0, 2, 2, MDNS_PORT)};
    assert_int_equal(rtc_context_new(NULL, &f.context), RTC_OK);
    context_seed(f.context, 1);
    assert_int_equal(out_init(&f.out, f.context), RTC_OK);
    assert_int_equal(mdns_new(f.context, &f.next_id, 4, &f.mdns), RTC_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mdns_free(f.mdns);
    out_fini(&f.out);
    rtc_context_unref(f.context);
    return 0;
}

/* The next request, which must be of this type; its id. */
static struct request taken(enum request_type type)
{
    struct request *r = out_pop_request(&f.out), copy;
    assert_non_null(r);
    assert_int_equal(r->type, type);
    copy = *r;
    out_free_request(&f.out, r);
    return copy;
}

static void nothing_is_requested(void)
{
    assert_null(out_pop_request(&f.out));
}

static void give(enum request_type type, uint32_t id, int error)
{
    struct io_result result = {.type = type, .id = id, .error = error, .local = address_ipv4(224, 0, 0, 251, MDNS_PORT)};
    assert_true(mdns_result(f.mdns, f.now, &result, &f.out));
}

/* The link of one of our addresses; the id of its socket. */
static uint32_t open_link_of(const struct address *own)
{
    struct request open = taken(REQUEST_OPEN_UDP);
    struct address group = address_ipv4(224, 0, 0, 251, MDNS_PORT);
    assert_true(open.flags & REQUEST_SHARED);
    assert_true(address_eq(&open.local, &group));
    give(REQUEST_OPEN_UDP, open.id, RTC_OK);
    struct request join = taken(REQUEST_JOIN_MULTICAST);
    assert_int_equal(join.socket, open.id);
    assert_true(address_eq(&join.remote, &group));
    assert_true(address_ip_eq(&join.local, own));
    give(REQUEST_JOIN_MULTICAST, join.id, RTC_OK);
    return open.id;
}

static uint32_t open_link(void)
{
    return open_link_of(&f.own);
}

/* A message that was sent, or NULL. */
static const struct dns_message *sent(struct path *path)
{
    static struct dns_message m;
    struct packet *p = packet_queue_pop(&f.out.tx);
    if (!p)
        return NULL;
    assert_int_equal(dns_parse(packet_slice(p), &m), RTC_OK);
    *path = p->path;
    packet_free(p);
    return &m;
}

static void receive(uint32_t socket, const struct address *from, const struct dns_message *m)
{
    uint8_t bytes[1200];
    struct path path = {.socket = socket, .remote = *from};
    size_t len = dns_write(m, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_true(mdns_input(f.mdns, f.now, &path, slice_of(bytes, len), &f.out));
}

static struct dns_message answer(const char *name, const struct address *address)
{
    struct dns_message m = {.response = true, .authoritative = true, .record_count = 1};
    m.records[0] = (struct dns_record){.class = DNS_CLASS_IN, .flush = true, .ttl = 120, .address = *address};
    m.records[0].type = address->family == ADDRESS_IPV4 ? DNS_A : DNS_AAAA;
    m.records[0].address.port = 0;
    memcpy(m.records[0].name, name, strlen(name));
    return m;
}

static struct dns_message question(const char *name, uint16_t type, bool unicast)
{
    struct dns_message m = {.question_count = 1};
    m.questions[0] = (struct dns_question){.type = type, .class = DNS_CLASS_IN, .unicast = unicast};
    memcpy(m.questions[0].name, name, strlen(name));
    return m;
}

static void pass(rtc_time_t time)
{
    rtc_time_t end = f.now + time;
    for (rtc_time_t at; (at = mdns_deadline(f.mdns)) <= end;) {
        f.now = at > f.now ? at : f.now;
        mdns_tick(f.mdns, f.now, &f.out);
        assert_true(mdns_deadline(f.mdns) > f.now);
    }
    f.now = end;
}

static enum mdns_answer looked_up(const char *name)
{
    struct address address = {0};
    enum mdns_answer a = mdns_lookup(f.mdns, name, &address);
    if (a == MDNS_FOUND)
        assert_true(address_ip_eq(&address, &f.peer));
    return a;
}

static uint32_t ask(const char *name)
{
    mdns_add_link(f.mdns, &f.own, 1);
    assert_int_equal(mdns_ask(f.mdns, f.now, name), RTC_OK);
    mdns_tick(f.mdns, f.now, &f.out);
    return open_link();
}

static void sockets_are_there_only_while_a_name_is_looked_for(void **state)
{
    (void)state;
    struct path path;
    mdns_add_link(f.mdns, &f.own, 1);
    mdns_add_link(f.mdns, &f.own, 1);
    mdns_tick(f.mdns, f.now, &f.out);
    nothing_is_requested();
    assert_true(mdns_deadline(f.mdns) == RTC_TIME_NEVER);
    uint32_t socket = ask(NAME);
    const struct dns_message *m = sent(&path);
    assert_non_null(m);
    assert_true(!m->response && m->question_count == 2 && m->id == 0);
    assert_string_equal(m->questions[0].name, NAME);
    assert_int_equal(m->questions[0].type, DNS_A);
    assert_int_equal(m->questions[1].type, DNS_AAAA);
    assert_int_equal(path.socket, socket);
    assert_int_equal(path.remote.port, MDNS_PORT);
    struct dns_message reply = answer(NAME, &f.peer);
    receive(socket, &f.peer, &reply);
    assert_int_equal(looked_up(NAME), MDNS_FOUND);
    assert_int_equal(taken(REQUEST_CLOSE).id, socket);
    assert_true(mdns_deadline(f.mdns) == RTC_TIME_NEVER);
    /* Remembered as long as the record lives; then asked again. */
    assert_int_equal(mdns_ask(f.mdns, f.now + 119 * SECOND, NAME), RTC_OK);
    assert_int_equal(looked_up(NAME), MDNS_FOUND);
    assert_int_equal(mdns_ask(f.mdns, f.now + 121 * SECOND, NAME), RTC_OK);
    assert_int_equal(looked_up(NAME), MDNS_ASKING);
}

static void a_name_that_nobody_has_costs_four_questions(void **state)
{
    (void)state;
    struct path path;
    rtc_time_t began = f.now, at[8];
    size_t count = 0;
    uint32_t socket = ask(NAME);
    for (int step = 0; step < 1500; step++, pass(10 * MS))
        while (sent(&path))
            at[count++] = f.now;
    assert_int_equal(count, 4);
    assert_true(at[0] - began <= 10 * MS && at[1] - at[0] >= SECOND && at[2] - at[1] >= 2 * SECOND && at[3] - at[2] >= 4 * SECOND);
    assert_int_equal(looked_up(NAME), MDNS_NO_ANSWER);
    assert_int_equal(taken(REQUEST_CLOSE).id, socket);
    assert_true(mdns_deadline(f.mdns) == RTC_TIME_NEVER);
}

static void only_names_of_candidates_are_looked_for(void **state)
{
    (void)state;
    static const char *const others[] = {"printer.local",
                                         "1f4712db-ea17-4bcf-a596-105139dfd8bf",
                                         "1f4712db-ea17-4bcf-a596-105139dfd8bf.local.",
                                         "a.1f4712db-ea17-4bcf-a596-105139dfd8bf.local",
                                         "1f4712db-ea17-4bcf-a596-105139dfd8bf.example",
                                         "",
                                         "1f4712dbxea17-4bcf-a596-105139dfd8bf.local",
                                         "gf4712db-ea17-4bcf-a596-105139dfd8bf.local"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(mdns_is_candidate_name(others[i]));
        assert_int_equal(mdns_ask(f.mdns, f.now, others[i]), RTC_ERR_SYNTAX);
    }
    assert_true(mdns_is_candidate_name(NAME));
    assert_true(mdns_is_candidate_name("1F4712DB-EA17-4BCF-A596-105139DFD8BF.Local"));
}

static void the_table_of_names_is_bounded(void **state)
{
    (void)state;
    char name[] = NAME;
    for (int i = 0; i < 4; i++) {
        name[0] = (char)('a' + i);
        assert_int_equal(mdns_ask(f.mdns, f.now, name), RTC_OK);
    }
    assert_int_equal(mdns_ask(f.mdns, f.now, OTHER), RTC_ERR_QUOTA_EXCEEDED);
    assert_int_equal(mdns_counters(f.mdns)->over_limit, 1);
    pass(11 * SECOND); /* those got no answer: they make room */
    assert_int_equal(mdns_ask(f.mdns, f.now, OTHER), RTC_OK);
    assert_int_equal(looked_up(OTHER), MDNS_ASKING);
}

static void what_can_not_be_true_is_not_believed(void **state)
{
    (void)state;
    uint32_t socket = ask(NAME);
    struct address stranger = f.peer, any = address_ipv4(0, 0, 0, 0, 0), group = address_ipv4(224, 0, 0, 1, 0),
                   loopback = address_ipv4(127, 0, 0, 1, 0);
    struct dns_message m = answer(NAME, &f.peer);
    stranger.port = 40000;
    receive(socket, &stranger, &m); /* not from port 5353 */
    m.rcode = 3;
    receive(socket, &f.peer, &m);
    m = answer(OTHER, &f.peer);
    receive(socket, &f.peer, &m);
    m = answer(NAME, &f.peer);
    m.records[0].ttl = 0;
    receive(socket, &f.peer, &m);
    m = answer(NAME, &any);
    receive(socket, &f.peer, &m);
    m = answer(NAME, &group);
    receive(socket, &f.peer, &m);
    m = answer(NAME, &loopback);
    receive(socket, &f.peer, &m);
    struct path path = {.socket = socket, .remote = f.peer}, foreign = {.socket = socket + 100, .remote = f.peer};
    assert_true(mdns_input(f.mdns, f.now, &path, slice_str("no DNS message"), &f.out));
    assert_false(mdns_input(f.mdns, f.now, &foreign, slice_str("no socket of ours"), &f.out));
    assert_int_equal(looked_up(NAME), MDNS_ASKING);
    assert_int_equal(mdns_counters(f.mdns)->malformed, 1);
    assert_int_equal(mdns_counters(f.mdns)->ignored, 5);
    m = answer(NAME, &f.peer);
    receive(socket, &f.peer, &m);
    assert_int_equal(looked_up(NAME), MDNS_FOUND);
    m = answer(NAME, &f.own); /* too late to change it */
    receive(socket, &f.peer, &m);
    assert_int_equal(looked_up(NAME), MDNS_FOUND);
}

static void a_name_with_several_addresses_is_none(void **state)
{
    (void)state;
    uint32_t socket = ask(NAME);
    struct dns_message m = answer(NAME, &f.peer);
    m.records[1] = m.records[0];
    m.record_count = 2;
    m.records[1].address = f.own;
    receive(socket, &f.peer, &m);
    assert_int_equal(looked_up(NAME), MDNS_AMBIGUOUS);
}

static void links_that_can_not_be_had(void **state)
{
    (void)state;
    struct address six = {.family = ADDRESS_IPV6, .ip = {0x20, 1, 0xd, 0xb8, [15] = 1}};
    mdns_add_link(f.mdns, &f.own, 1);
    mdns_add_link(f.mdns, &six, 1);
    assert_int_equal(mdns_ask(f.mdns, f.now, NAME), RTC_OK);
    mdns_tick(f.mdns, f.now, &f.out);
    struct request first = taken(REQUEST_OPEN_UDP), second = taken(REQUEST_OPEN_UDP);
    assert_int_equal(second.local.ip[0], 0xff);
    assert_int_equal(second.local.scope, 1);
    give(REQUEST_OPEN_UDP, first.id, RTC_ERR_NOT_ALLOWED);
    assert_true(mdns_has_links(f.mdns));
    give(REQUEST_OPEN_UDP, second.id, RTC_OK);
    struct request join = taken(REQUEST_JOIN_MULTICAST);
    give(REQUEST_JOIN_MULTICAST, join.id, RTC_ERR_NETWORK);
    assert_int_equal(taken(REQUEST_CLOSE).id, second.id);
    assert_false(mdns_has_links(f.mdns));
    nothing_is_requested();
}

static void a_link_that_is_not_wanted_any_more_is_closed_when_it_is_open(void **state)
{
    (void)state;
    mdns_add_link(f.mdns, &f.own, 1);
    assert_int_equal(mdns_ask(f.mdns, f.now, NAME), RTC_OK);
    mdns_tick(f.mdns, f.now, &f.out);
    struct request open = taken(REQUEST_OPEN_UDP);
    pass(11 * SECOND);
    nothing_is_requested();
    give(REQUEST_OPEN_UDP, open.id, RTC_OK);
    struct request join = taken(REQUEST_JOIN_MULTICAST);
    give(REQUEST_JOIN_MULTICAST, join.id, RTC_OK);
    assert_int_equal(taken(REQUEST_CLOSE).id, open.id);
}

static void links_are_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2 * MDNS_LINKS_MAX; i++)
        mdns_add_link(f.mdns, &f.own, i);
    assert_int_equal(mdns_counters(f.mdns)->over_limit, MDNS_LINKS_MAX);
}

/* ---- The responder ---- */

static uint32_t publish(const char **name)
{
    mdns_add_link(f.mdns, &f.own, 1);
    *name = mdns_publish(f.mdns, &f.own, 1);
    assert_non_null(*name);
    mdns_tick(f.mdns, f.now, &f.out);
    return open_link();
}

static void names_are_random_and_stay(void **state)
{
    (void)state;
    struct address a = f.own;
    const char *name = mdns_publish(f.mdns, &f.own, 1), *others[MDNS_OWN_MAX];
    assert_true(mdns_is_candidate_name(name));
    assert_int_equal(strlen(name), MDNS_NAME_LEN);
    assert_int_equal(name[14], '4');
    assert_non_null(strchr("89ab", name[19]));
    a.port = 1234;
    assert_ptr_equal(mdns_publish(f.mdns, &a, 1), name);
    for (uint8_t i = 1; i < MDNS_OWN_MAX; i++) {
        a.ip[3] = (uint8_t)(i + 1);
        others[i] = mdns_publish(f.mdns, &a, 1);
        assert_non_null(others[i]);
        assert_string_not_equal(others[i], name);
    }
    a.ip[3] = 0;
    assert_null(mdns_publish(f.mdns, &a, 1));
}

/* The names of the addresses that are still there stay, those of others make room. */
static void inherited_names_make_room(void **state)
{
    (void)state;
    struct address a = f.own;
    char name[MDNS_NAME_LEN + 1];
    struct mdns *next;
    memcpy(name, mdns_publish(f.mdns, &f.own, 1), sizeof name);
    for (uint8_t i = 1; i < MDNS_OWN_MAX; i++) {
        a.ip[3] = (uint8_t)(i + 1);
        assert_non_null(mdns_publish(f.mdns, &a, 1));
    }
    assert_int_equal(mdns_new(f.context, &f.next_id, 4, &next), RTC_OK);
    assert_int_equal(mdns_inherit(next, f.mdns), RTC_OK);
    assert_string_equal(mdns_publish(next, &f.own, 1), name);
    a.ip[2] = 77;
    for (uint8_t i = 1; i < MDNS_OWN_MAX; i++) {
        a.ip[3] = (uint8_t)(i + 1);
        assert_non_null(mdns_publish(next, &a, 1));
    }
    assert_string_equal(mdns_publish(next, &f.own, 1), name);
    a.ip[3] = 0;
    assert_null(mdns_publish(next, &a, 1));
    assert_int_equal(mdns_counters(next)->over_limit, 1);
    mdns_free(next);
}

static void expect_answer(const struct dns_message *m, const char *name, uint32_t ttl, bool flush)
{
    assert_non_null(m);
    assert_true(m->response && m->authoritative && m->record_count == (ttl ? 2 : 1));
    assert_string_equal(m->records[0].name, name);
    assert_int_equal(m->records[0].ttl, ttl);
    assert_int_equal(m->records[0].flush, flush);
    assert_true(address_ip_eq(&m->records[0].address, &f.own));
    if (ttl == 0)
        return;
    assert_string_equal(m->records[1].name, name);
    assert_int_equal(m->records[1].type, DNS_NSEC);
    assert_int_equal(m->records[1].section, DNS_ADDITIONAL);
    assert_int_equal(m->records[1].has, DNS_HAS_A);
}

static void everybody_is_told_once_a_second(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    uint32_t socket = publish(&name);
    struct dns_message m = question(name, DNS_A, false);
    assert_null(sent(&path));
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    assert_true(address_is_multicast(&path.remote));
    for (int i = 0; i < 5; i++)
        receive(socket, &f.peer, &m);
    assert_null(sent(&path));
    pass(999 * MS);
    assert_null(sent(&path));
    pass(1 * MS);
    expect_answer(sent(&path), name, 120, true);
    assert_null(sent(&path));
    assert_true(mdns_deadline(f.mdns) == RTC_TIME_NEVER);
}

/* What was owed on a link that went is not owed on one that comes in its place. */
static void a_link_takes_its_debts_along(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    uint32_t socket = publish(&name);
    struct dns_message m = question(name, DNS_A, false);
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    receive(socket, &f.peer, &m); /* waits for its second */
    mdns_drop_link(f.mdns, &f.own, 1, &f.out);
    assert_int_equal(taken(REQUEST_CLOSE).id, socket);
    mdns_add_link(f.mdns, &f.own, 1);
    mdns_tick(f.mdns, f.now, &f.out);
    open_link();
    pass(2 * SECOND);
    assert_null(sent(&path));
    assert_true(mdns_deadline(f.mdns) == RTC_TIME_NEVER);
}

static void who_asks_for_a_unicast_answer_gets_it_when_everybody_knows(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    uint32_t socket = publish(&name);
    struct dns_message m = question(name, DNS_ANY, true);
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    assert_true(address_is_multicast(&path.remote));
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    assert_true(address_eq(&path.remote, &f.peer));
    pass(31 * SECOND);
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    assert_true(address_is_multicast(&path.remote));
}

static void a_simple_resolver_gets_its_question_back(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    struct address resolver = f.peer;
    uint32_t socket = publish(&name);
    struct dns_message m = question(name, DNS_A, false);
    m.id = 0xbeef;
    resolver.port = 50001;
    receive(socket, &resolver, &m);
    const struct dns_message *reply = sent(&path);
    expect_answer(reply, name, 10, false);
    assert_int_equal(reply->id, 0xbeef);
    assert_int_equal(reply->question_count, 1);
    assert_string_equal(reply->questions[0].name, name);
    assert_true(address_eq(&path.remote, &resolver));
    for (int i = 0; i < 100; i++)
        receive(socket, &resolver, &m);
    int count = 0;
    while (sent(&path))
        count++;
    assert_int_equal(count, 19); /* 20 in a second */
    f.now += SECOND;
    receive(socket, &resolver, &m);
    assert_non_null(sent(&path));
}

static void what_is_not_asked_is_not_answered(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    uint32_t socket = publish(&name);
    struct dns_message m = question(OTHER, DNS_A, false);
    receive(socket, &f.peer, &m);
    m = question(name, DNS_A, false);
    m.opcode = 2;
    receive(socket, &f.peer, &m);
    m = question(name, DNS_A, false);
    m.rcode = 1;
    receive(socket, &f.peer, &m);
    m = question(name, DNS_A, false);
    m.questions[0].class = 3;
    receive(socket, &f.peer, &m);
    m = question(name, DNS_A, false); /* and the answer is known */
    m.record_count = 1;
    m.records[0] = answer(name, &f.own).records[0];
    m.records[0].ttl = 60;
    receive(socket, &f.peer, &m);
    assert_null(sent(&path));
    m.records[0].ttl = 59;
    receive(socket, &f.peer, &m);
    assert_non_null(sent(&path));
}

/* What else the name may have is asked for even by who knows the address; and told that there is nothing. */
static void other_types_are_denied(void **state)
{
    (void)state;
    const char *name;
    struct path path;
    uint32_t socket = publish(&name);
    struct dns_message m = question(name, DNS_AAAA, false);
    m.record_count = 1;
    m.records[0] = answer(name, &f.own).records[0];
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
}

/* The address of one network is not told to another. */
static void an_address_is_told_on_its_own_interface(void **state)
{
    (void)state;
    struct path path;
    struct address second = address_ipv4(198, 51, 100, 1, 0);
    const char *first_name, *second_name;
    uint32_t first = publish(&first_name);
    mdns_add_link(f.mdns, &second, 2);
    second_name = mdns_publish(f.mdns, &second, 2);
    mdns_tick(f.mdns, f.now, &f.out);
    uint32_t other = open_link_of(&second);
    struct dns_message m = question(second_name, DNS_A, false), ours = question(first_name, DNS_A, true);
    receive(first, &f.peer, &m);
    receive(other, &f.peer, &ours);
    ours.id = 7;
    struct address resolver = f.peer;
    resolver.port = 40000;
    receive(other, &resolver, &ours);
    pass(2 * SECOND);
    assert_null(sent(&path));
    receive(other, &f.peer, &m);
    const struct dns_message *told = sent(&path);
    assert_non_null(told);
    assert_string_equal(told->records[0].name, second_name);
    assert_true(address_ip_eq(&told->records[0].address, &second));
    assert_int_equal(path.socket, other);
}

static void who_claims_our_name_is_counted(void **state)
{
    (void)state;
    const char *name;
    uint32_t socket = publish(&name);
    struct dns_message m = answer(name, &f.own);
    receive(socket, &f.own, &m); /* not from the port; and later our own, which comes back */
    struct address self = f.own;
    self.port = MDNS_PORT;
    receive(socket, &self, &m);
    assert_int_equal(mdns_counters(f.mdns)->conflicts, 0);
    m.records[0].type = DNS_NSEC; /* what there is of the name, and no address: ours says so, too */
    m.records[0].address = (struct address){0};
    m.records[0].has = DNS_HAS_A;
    receive(socket, &self, &m);
    assert_int_equal(mdns_counters(f.mdns)->malformed, 0);
    assert_int_equal(mdns_counters(f.mdns)->conflicts, 0);
    m = answer(name, &f.peer);
    receive(socket, &f.peer, &m);
    assert_int_equal(mdns_counters(f.mdns)->conflicts, 1);
}

static void goodbyes_are_said_to_those_who_were_told(void **state)
{
    (void)state;
    const char *name, *quiet;
    struct path path;
    struct address second = address_ipv4(192, 0, 2, 9, 0);
    uint32_t socket = publish(&name);
    quiet = mdns_publish(f.mdns, &second, 1);
    assert_non_null(quiet);
    struct dns_message m = question(name, DNS_A, false);
    receive(socket, &f.peer, &m);
    expect_answer(sent(&path), name, 120, true);
    mdns_close(f.mdns, &f.out);
    expect_answer(sent(&path), name, 0, true);
    assert_null(sent(&path));
    assert_int_equal(taken(REQUEST_CLOSE).id, socket);
    mdns_close(f.mdns, &f.out);
    nothing_is_requested();
    receive(socket, &f.peer, &m);
    assert_null(sent(&path));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(sockets_are_there_only_while_a_name_is_looked_for),
        TEST(a_name_that_nobody_has_costs_four_questions),
        TEST(only_names_of_candidates_are_looked_for),
        TEST(the_table_of_names_is_bounded),
        TEST(what_can_not_be_true_is_not_believed),
        TEST(a_name_with_several_addresses_is_none),
        TEST(links_that_can_not_be_had),
        TEST(a_link_that_is_not_wanted_any_more_is_closed_when_it_is_open),
        TEST(links_are_bounded),
        TEST(names_are_random_and_stay),
        TEST(inherited_names_make_room),
        TEST(everybody_is_told_once_a_second),
        TEST(a_link_takes_its_debts_along),
        TEST(who_asks_for_a_unicast_answer_gets_it_when_everybody_knows),
        TEST(a_simple_resolver_gets_its_question_back),
        TEST(what_is_not_asked_is_not_answered),
        TEST(other_types_are_denied),
        TEST(an_address_is_told_on_its_own_interface),
        TEST(who_claims_our_name_is_counted),
        TEST(goodbyes_are_said_to_those_who_were_told),
    };
#undef TEST
    return cmocka_run_group_tests_name("mdns", tests, NULL, NULL);
}
