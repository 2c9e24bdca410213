/* SPDX-License-Identifier: MIT */
/* A peer whose feedback of each packet is forged, replayed, out of order, wrapped around, absurd or broken, beside what it truly says and
 * in its place, in both of the formats that there are and for both controllers. Whatever it says, nothing changes but the rate: that stays
 * between its least and its cap, memory is what it was, the sound goes on, and when it says what is true the rate is back within seconds,
 * or within half a minute where it said that its clock was another by less than feedback takes to come. What is malformed is dropped and
 * counted. */
#include "rtp_sim.h"

#include "ccfb.h"
#include "gcc.h"
#include "rtcp.h"
#include "rtp_packet.h"
#include "scream.h"
#include "srtp.h"
#include "transport_feedback.h"

#include <malloc.h>
#include <stdlib.h>

enum {
    CAP = 2000000,
    LEAST = 24000,
    LEAST_PICTURES = 12500,
    LIAR = 0x9999,
    EVERY_US = 50000,
    HOSTILE_S = 20,
    BACK_S = 12,
    BASE_S = 35,
    MEMORY_MORE = 3 << 20
};
enum { DATAGRAM_MAX = 1180, NUMBERS = 600 };

static rtc_context *context;
static struct rtp_sim sim;
static struct srtp_transport *keys; /* the peer's, for what is forged */
static long long live;              /* bytes of memory that are out */

/* ---- Memory ---- */

static void *take(void *user, size_t size)
{
    void *memory = malloc(size);
    (void)user;
    live += memory ? (long long)malloc_usable_size(memory) : 0;
    return memory;
}

static void give(void *user, void *memory)
{
    (void)user;
    live -= memory ? (long long)malloc_usable_size(memory) : 0;
    free(memory);
}

static void *take_again(void *user, void *old, size_t size)
{
    long long before = old ? (long long)malloc_usable_size(old) : 0;
    void *memory = realloc(old, size);
    (void)user;
    live += memory ? (long long)malloc_usable_size(memory) - before : 0;
    return memory;
}

/* ---- What a sends, as anybody can see it ---- */

static uint64_t numbered;                /* packets: the number of the next one */
static uint16_t last_video, first_video; /* sequence numbers */
static bool seen_video;

static uint32_t video_ssrc(void)
{
    return rtp_sim_outbound(&sim.a, sim.a.video).ssrc;
}

static void tap(void *user, const struct sim_host *from, struct slice datagram)
{
    (void)user;
    if (from != sim.a.host || datagram.len < RTP_HEADER_LEN || rtp_is_rtcp(datagram))
        return;
    numbered++;
    if (rtp_ssrc(datagram) != video_ssrc())
        return;
    last_video = rtp_sequence(datagram);
    first_video = seen_video ? first_video : last_video;
    seen_video = true;
}

/* ---- What is forged ---- */

/* Which format is negotiated, and in which the lies are told. */
static bool by_source, lies_by_source;
static uint8_t message;
static uint64_t seed;

static uint32_t random_u32(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* Numbers from `from` on, relative to the next one that leaves: of the transport, or of the pictures' stream. */
static void write_told(struct writer *w, struct sent_history_told *told, int from, size_t count)
{
    uint16_t first = (uint16_t)((lies_by_source ? (uint16_t)(last_video + 1) : (uint16_t)numbered) + from);
    for (size_t i = 0; i < count; i++)
        told[i].number = (uint16_t)(first + i);
    if (lies_by_source) {
        struct ccfb_writer report;
        ccfb_write_begin(&report, w, LIAR, sim.now);
        (void)ccfb_write_block(&report, video_ssrc(), told, count);
        ccfb_write_end(&report, rtcp_ntp_middle(rtcp_ntp(sim.now)));
        return;
    }
    for (size_t at = 0, n = 1; at < count && n > 0; at += n)
        n = transport_feedback_write(w, LIAR, 0, message++, told + at, count - at);
}

/* Whether the i-th arrived, when, and with which mark. */
typedef struct sent_history_told lie_about(size_t i, unsigned n);

static void write_about(struct writer *w, unsigned n, int from, size_t count, lie_about *about)
{
    static struct sent_history_told told[NUMBERS];
    for (size_t i = 0; i < count; i++)
        told[i] = about(i, n);
    write_told(w, told, from, count);
}

static struct sent_history_told came(rtc_time_t at)
{
    return (struct sent_history_told){.received = true, .arrived = at > 0 ? at : 0};
}

static struct sent_history_told well(size_t i, unsigned n)
{
    (void)n;
    return came(sim.now - 100 * MS + (rtc_time_t)i * MS);
}

static void of_what_never_left(struct writer *w, unsigned n)
{
    write_about(w, n, (int)(n % 7 * 4000), 200, well);
}

static void of_what_left_long_ago(struct writer *w, unsigned n)
{
    write_about(w, n, -(int)(n % 9 * 3500) - 300, 300, well);
}

static struct sent_history_told lost(size_t i, unsigned n)
{
    (void)n;
    (void)i;
    return (struct sent_history_told){.received = false};
}

static struct sent_history_told lost_but_one(size_t i, unsigned n)
{
    return i == 39 ? well(i, n) : lost(i, n);
}

static void all_is_lost(struct writer *w, unsigned n)
{
    write_about(w, n, -40, 40, lost_but_one);
}

static void nothing_came_at_all(struct writer *w, unsigned n)
{
    write_about(w, n, -NUMBERS, NUMBERS, lost);
}

static struct sent_history_told at_once(size_t i, unsigned n)
{
    (void)i;
    (void)n;
    return came(sim.now);
}

static void everything_came_at_once(struct writer *w, unsigned n)
{
    write_about(w, n, -500, 500, at_once);
}

/* Eight runs of the longest that there is, in each of many messages: more than a million numbers in a datagram. */
static void a_million_at_once(struct writer *w, unsigned n)
{
    for (unsigned i = 0; i < 17; i++) {
        writer_u32(w, 0x8fcd000a);
        writer_u32(w, LIAR);
        writer_u32(w, 0);
        writer_u16(w, (uint16_t)(numbered - 0xffff + n));
        writer_u16(w, 0xffff);
        writer_u32(w, n << 8 | i);
        for (unsigned k = 0; k < 8; k++)
            writer_u16(w, 0x1fff);
        writer_u16(w, 0x2007);
        writer_zeros(w, 7);
        writer_zeros(w, 3);
    }
}

static struct sent_history_told backwards(size_t i, unsigned n)
{
    return came(100 * SECOND - (rtc_time_t)n * 40 * MS - (rtc_time_t)i * 3 * MS);
}

static void times_run_backwards(struct writer *w, unsigned n)
{
    write_about(w, n, -30, 30, backwards);
}

static struct sent_history_told in_a_year(size_t i, unsigned n)
{
    return came((rtc_time_t)(n % 3) * 365 * 86400 * SECOND + (rtc_time_t)i * 7 * MS);
}

static void a_clock_that_jumps_by_years(struct writer *w, unsigned n)
{
    write_about(w, n, -30, 30, in_a_year);
}

static struct sent_history_told later_and_later(size_t i, unsigned n)
{
    return came(sim.now + (rtc_time_t)n * 30 * MS + (rtc_time_t)i * 4 * MS);
}

static void a_queue_that_never_ends(struct writer *w, unsigned n)
{
    write_about(w, n, -30, 30, later_and_later);
}

static struct sent_history_told congested(size_t i, unsigned n)
{
    struct sent_history_told t = well(i, n);
    t.ecn = CONGESTION_ECN_CE;
    return t;
}

static void marks_on_everything(struct writer *w, unsigned n)
{
    write_about(w, n, -40, 40, congested);
}

static struct sent_history_told anything(size_t i, unsigned n)
{
    struct sent_history_told t = came((rtc_time_t)n * 40 * MS + (rtc_time_t)(random_u32() % 200000) + (rtc_time_t)i);
    t.received = random_u32() % 3 > 0;
    t.ecn = (enum congestion_ecn)(random_u32() % 4);
    return t;
}

static void anything_at_all(struct writer *w, unsigned n)
{
    write_about(w, n, (int)(random_u32() % 1000) - 900, 1 + random_u32() % 300, anything);
}

/* The same message again and again, and one that was overtaken by others. */
static void replayed(struct writer *w, unsigned n)
{
    static uint8_t kept[DATAGRAM_MAX];
    static size_t len;
    if (n % 20 == 0) {
        write_about(w, n, -100, 60, well);
        len = writer_len(w);
        memcpy(kept, w->start, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        writer_u8(w, kept[i]);
}

/* One format after the other, of which one was never agreed upon. */
static void now_this_now_that(struct writer *w, unsigned n)
{
    lies_by_source = n % 2;
    write_about(w, n, -40, 40, n % 3 ? lost_but_one : congested);
    lies_by_source = by_source;
}

static void limits_of_nothing_and_of_all(struct writer *w, unsigned n)
{
    static const uint64_t limits[] = {0, UINT64_MAX, 1, (uint64_t)1 << 63, 49999};
    uint32_t ssrc = video_ssrc();
    for (unsigned i = 0; i < 20; i++) {
        rtcp_write_remb(w, LIAR, limits[(n + i) % 5], &ssrc, 1);
        writer_u32(w, 0x83cd0004); /* a TMMBR (RFC 5104 section 4.2.1) */
        writer_u32(w, LIAR);
        writer_u32(w, 0);
        writer_u32(w, ssrc);
        writer_u32(w, i % 2 ? UINT32_MAX : 0);
    }
}

static void a_limit_of_nothing(struct writer *w, unsigned n)
{
    uint32_t ssrc = video_ssrc();
    (void)n;
    rtcp_write_remb(w, LIAR, 0, &ssrc, 1);
}

/* Broken in one way or another: the length is right, what is in it is not. */
static void malformed(struct writer *w, unsigned n)
{
    static const uint32_t bodies[][5] = {{0x00010000, 1, 0x20010000, 0},                    /* of no number */
                                         {0x0001ffff, 1, 0x3fff3fff, 0},                    /* chunks for some of them */
                                         {0x00010005, 1, 0x60050000, 0},                    /* reserved symbols */
                                         {0x00010005, 1, 0x40050000, 0x01020304},           /* deltas for two of five */
                                         {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}; /* anything */
    static const uint32_t blocks[][5] = {{0x1010, 0x00014001, 0, 0},                        /* more than 16384 numbers */
                                         {0x1010, 0x0001ffff, 0, 0},                        /* and as many as can be written */
                                         {0x1010, 0x00010009, 0x80008000, 0},               /* metrics for four of nine */
                                         {0x1010, 0, 0x1010, 0},                            /* half of a block's head */
                                         {0x1010, 0x00010003, 0x80008000, 0x80000000}};     /* three, of which two and a half are there */
    const uint32_t *body = lies_by_source ? blocks[n % 5] : bodies[n % 5];
    writer_u32(w, lies_by_source ? 0x8bcd0005 : 0x8fcd0006);
    writer_u32(w, LIAR);
    if (!lies_by_source)
        writer_u32(w, 0);
    for (unsigned i = 0; i < 4; i++)
        writer_u32(w, body[i]);
}

struct lie {
    const char *name;
    void (*write)(struct writer *, unsigned);
    bool is_malformed;
    bool sets_clock; /* by less than can be told from a queue: it is one for as long as the shortest way is remembered */
};

static const struct lie lies[] = {
    {"of what never left", of_what_never_left, false, false},
    {"of what left long ago", of_what_left_long_ago, false, false},
    {"all is lost", all_is_lost, false, false},
    {"nothing came at all", nothing_came_at_all, false, false},
    {"everything came at once", everything_came_at_once, false, false},
    {"a million at once", a_million_at_once, false, false},
    {"times run backwards", times_run_backwards, false, false},
    {"a clock that jumps by years", a_clock_that_jumps_by_years, false, false},
    {"a queue that never ends", a_queue_that_never_ends, false, false},
    {"marks on everything", marks_on_everything, false, false},
    {"anything at all", anything_at_all, false, false},
    {"replayed", replayed, false, false},
    {"now this, now that", now_this_now_that, false, true},
    {"limits of nothing and of all", limits_of_nothing_and_of_all, false, false},
    {"a limit of nothing", a_limit_of_nothing, false, false},
    {"malformed", malformed, true, false},
};

/* Says it to a as if b did. */
static void tell(const struct lie *lie, unsigned n)
{
    struct packet *packet = packet_new(sim.a.out.pool);
    assert_non_null(packet);
    struct writer w = writer_of(packet_data(packet), DATAGRAM_MAX);
    uint64_t before = rtp_session_counters(sim.a.session)->malformed;
    lie->write(&w, n);
    assert_true(writer_ok(&w));
    packet->len = (uint32_t)writer_len(&w);
    assert_int_equal(srtcp_protect_packet(keys, packet), RTC_OK);
    rtp_session_input(sim.a.session, sim.now, packet, &sim.a.out);
    rtp_sim_drain(&sim.a);
    if (lie->is_malformed && rtp_session_counters(sim.a.session)->malformed != before + 1)
        fail_msg("%s: %u is not counted", lie->name, n % 5);
}

/* ---- What must hold ---- */

static uint32_t target(void)
{
    return rtp_sim_outbound(&sim.a, sim.a.video).target_bitrate_bps;
}

static enum rtp_circuit circuit(void)
{
    return (enum rtp_circuit)rtp_sim_outbound(&sim.a, sim.a.video).circuit;
}

static uint64_t sent_bytes(void)
{
    struct rtp_outbound_stats v = rtp_sim_outbound(&sim.a, sim.a.video), s = rtp_sim_outbound(&sim.a, sim.a.audio);
    return v.bytes_sent + v.header_bytes_sent + s.bytes_sent + s.header_bytes_sent;
}

static void assert_bounds(const char *what, long long memory, uint64_t sent, rtc_time_t lasted)
{
    uint32_t bps = target(), rate = rtp_session_sending_rate(sim.a.session);
    bool stopped = circuit() == RTP_CIRCUIT_STOPPED;
    if (stopped ? bps != 0 : bps < LEAST_PICTURES || bps > CAP) /* less what repairs take */
        fail_msg("%s: a target of %u", what, bps);
    if (!stopped && (rate < LEAST || rate > CAP * 3 / 2))
        fail_msg("%s: a rate of %u", what, rate);
    if (live > memory + MEMORY_MORE)
        fail_msg("%s: memory grew by %lld bytes", what, live - memory);
    if (sent * 8 * SECOND / (uint64_t)lasted > CAP * 2) /* a keyframe and its repairs within one second */
        fail_msg("%s: %llu bytes left in %lld ms", what, (unsigned long long)sent, (long long)lasted / MS);
    if (sim.a.seen.sound_stopped)
        fail_msg("%s: the sound was stopped", what);
}

/* `alone`: nobody speaks of the sound, so that its breaker has to open (RFC 8083 section 4.1). */
static void hear(const struct lie *lie, bool alone)
{
    long long memory = live;
    uint64_t sent = sent_bytes();
    for (unsigned n = 0; n < HOSTILE_S * SECOND / EVERY_US; n++) {
        tell(lie, n);
        rtp_sim_run(&sim, sim.now + EVERY_US);
        if (n % 20 != 19)
            continue;
        sim.a.seen.sound_stopped = sim.a.seen.sound_stopped && !alone;
        assert_bounds(lie->name, memory, sent_bytes() - sent, 20 * EVERY_US);
        sent = sent_bytes();
    }
}

/* Back where it was, and the sound was never away. */
static void recover(const struct lie *lie, const char *controller)
{
    const char *name = lie->name;
    const rtc_time_t back = lie->sets_clock ? BASE_S : BACK_S;
    rtc_time_t began = sim.now;
    long long memory = live;
    uint32_t before = target();
    while (sim.now < began + back * SECOND && (target() < CAP * 8 / 10 || circuit() == RTP_CIRCUIT_STOPPED)) {
        uint64_t sent = sent_bytes();
        rtp_sim_run(&sim, sim.now + SECOND);
        assert_bounds(name, memory, sent_bytes() - sent, SECOND);
    }
    print_message("%s, %s: from %u kbit/s back after %lld s\n", controller, name, before / 1000, (long long)((sim.now - began) / SECOND));
    if (target() < CAP * 8 / 10 || circuit() == RTP_CIRCUIT_STOPPED)
        fail_msg("%s: %d s later the target is %u", name, (int)back, target());
    rtp_sim_forget(&sim.b);
    rtp_sim_run(&sim, sim.now + 5 * SECOND);
    assert_true(sim.b.seen.decodable > 5 * 25);
    /* Less while it waits for pictures, more while these catch up. */

    assert_in_range(sim.b.seen.packets + sim.b.seen.accelerated, 220, 300);
}

static void begin(const struct congestion_controller *controller)
{
    static const rtc_allocator allocator = {take, take_again, give, NULL};
    const rtc_context_options memory = {.size = sizeof memory, .allocator = &allocator};
    const struct rtp_sim_options options = {.seed = 7,
                                            .link = {.delay_us = 25 * MS, .rate_bps = 20000000, .queue_us = 300 * MS},
                                            .max_bitrate_bps = CAP,
                                            .controller = controller,
                                            .by_source = by_source};
    numbered = 0;
    live = 0;
    seen_video = false;
    seed = 1;
    assert_int_equal(rtc_context_new(&memory, &context), RTC_OK);
    assert_int_equal(rtp_sim_init(&sim, context, &options), RTC_OK);
    sim_network_tap(sim.net, tap, NULL);
    assert_int_equal(srtp_transport_new(context, SRTP_PROFILE_AES128_CM_SHA1_80, rtp_sim_key(1), rtp_sim_key(0), &keys), RTC_OK);
    sim.b.sends_video = false;
    rtp_sim_run(&sim, sim.now + 15 * SECOND);
    assert_true(target() > CAP * 8 / 10);
}

static void end(void)
{
    srtp_transport_free(keys);
    rtp_sim_fini(&sim);
    rtc_context_unref(context);
    assert_int_equal(live, 0);
}

static void all_lies(const struct congestion_controller *controller, bool alone)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        lies_by_source = by_source;
        begin(controller);
        if (alone)
            sim_host_link(sim.b.host)->loss = 1;
        hear(&lies[i], alone);
        sim_host_link(sim.b.host)->loss = 0;
        sim.a.seen.sound_stopped = false;
        recover(&lies[i], controller->name);
        end();
    }
}

static void google_beside_the_truth(void **state)
{
    by_source = *(const bool *)*state;
    all_lies(&gcc_controller, false);
}

static void google_alone(void **state)
{
    by_source = *(const bool *)*state;
    all_lies(&gcc_controller, true);
}

static void scream_beside_the_truth(void **state)
{
    by_source = *(const bool *)*state;
    all_lies(&scream_controller, false);
}

static void scream_alone(void **state)
{
    by_source = *(const bool *)*state;
    all_lies(&scream_controller, true);
}

static bool transport_wide = false, rfc_8888 = true;

#define BOTH(name) cmocka_unit_test_prestate(name, &transport_wide), cmocka_unit_test_prestate(name, &rfc_8888)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(google_beside_the_truth),
        BOTH(google_alone),
        BOTH(scream_beside_the_truth),
        BOTH(scream_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
