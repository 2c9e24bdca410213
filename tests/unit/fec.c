/* SPDX-License-Identifier: MIT */
/* Parity for video (RFC 5109, flexible-fec-scheme-03): its headers bit by bit, the sum of packets, and streams from which a seeded network
 * takes packets, mixes them up and sends them twice. */
#include "rtp_test.h"

#include "fec_window.h"
#include "fec_writer.h"

#include <stdio.h>

enum { SSRC = 0x11223344, ABS_SEND_TIME_ID = 5 };
static const uint8_t ids[RTP_EXTENSIONS] = {[RTP_EXTENSION_ABS_SEND_TIME] = ABS_SEND_TIME_ID, [RTP_EXTENSION_TRANSPORT_SEQUENCE] = 6};

/* ---- Headers ---- */

static void ulpfec_bit_by_bit(void **state)
{
    (void)state;
    struct fec_header h;
    struct bytes b = hex("21 e0 fffe 01020304 0007 0003 a001 aabbcc dd");
    assert_true(ulpfec_read(view(&b), &h));
    assert_int_equal(h.flags[0], 0x21);
    assert_int_equal(h.flags[1], 0xe0);
    assert_int_equal(h.base, 0xfffe);
    assert_int_equal(h.timestamp, 0x01020304);
    assert_int_equal(h.length, 7);
    assert_true(h.mask[0] == 0xa001ull << 48 && h.mask[1] == 0);
    assert_bytes(h.body, slice_of("\xaa\xbb\xcc", 3)); /* what is behind is of another level */
    b = hex("41 e0 0001 01020304 0007 0001 8000 00000001 aa");
    assert_true(ulpfec_read(view(&b), &h));
    assert_true(fec_header_protects(&h, 0) && fec_header_protects(&h, 47) && !fec_header_protects(&h, 46));
}

static void flexfec_bit_by_bit(void **state)
{
    (void)state;
    struct fec_header h;
    struct bytes b = hex("21 e0 0007 01020304 01000000 11223344 fffe 8003 aabbcc");
    assert_true(flexfec_read(view(&b), &h));
    assert_int_equal(h.length, 7);
    assert_int_equal(h.timestamp, 0x01020304);
    assert_int_equal(h.ssrc, SSRC);
    assert_int_equal(h.base, 0xfffe);
    assert_true(fec_header_protects(&h, 13) && fec_header_protects(&h, 14) && !fec_header_protects(&h, 15));
    assert_int_equal(h.body.len, 3);
    b = hex("21 e0 0007 01020304 01000000 11223344 fffe 4000 80000001 aa");
    assert_true(flexfec_read(view(&b), &h));
    assert_true(fec_header_protects(&h, 0) && fec_header_protects(&h, 45));
    b = hex("21 e0 0007 01020304 01000000 11223344 fffe 4000 00000000 c000000000000001 aa");
    assert_true(flexfec_read(view(&b), &h));
    assert_true(fec_header_protects(&h, 0) && fec_header_protects(&h, 46) && fec_header_protects(&h, 108));
}

static void what_nobody_sends_is_refused(void **state)
{
    (void)state;
    static const char *const ulpfec[] = {"a1 e0 0001 01020304 0007 0001 8000 aa", /* an extension */
                                         "21 e0 0001 01020304 0007 0001 0000 aa", /* protects nothing */
                                         "21 e0 0001 01020304 0007 0002 8000 aa"};
    static const char *const flexfec[] = {
        "a1 e0 0007 01020304 01000000 11223344 fffe 8003 aa",                           /* a retransmission */
        "61 e0 0007 01020304 01000000 11223344 fffe 8003 aa",                           /* a fixed matrix */
        "21 e0 0007 01020304 02000000 11223344 fffe 8003 aa",                           /* of two streams */
        "21 e0 0007 01020304 01000000 11223344 fffe 8000 aa",                           /* protects nothing */
        "21 e0 0007 01020304 01000000 11223344 fffe 0001 00000000 0000000000000001 aa", /* no end of masks */
    };
    struct fec_header h;
    for (size_t i = 0; i < sizeof ulpfec / sizeof ulpfec[0]; i++) {
        struct bytes b = hex(ulpfec[i]);
        assert_false(ulpfec_read(view(&b), &h));
    }
    for (size_t i = 0; i < sizeof flexfec / sizeof flexfec[0]; i++) {
        struct bytes b = hex(flexfec[i]);
        assert_false(flexfec_read(view(&b), &h));
    }
    assert_int_equal(red_read(slice_of("\x60", 1)), 0x60);
    assert_int_equal(red_read(slice_of("\xe0\x00\x00\x00\x60", 5)), -1);
    assert_int_equal(red_read(slice_of("", 0)), -1);
}

static void same(const struct fec_header *a, const struct fec_header *b)
{
    assert_memory_equal(a->flags, b->flags, 2);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->timestamp, b->timestamp);
    assert_int_equal(a->ssrc, b->ssrc);
    assert_int_equal(a->base, b->base);
    assert_memory_equal(a->mask, b->mask, sizeof a->mask);
    assert_bytes(a->body, b->body);
}

/* Every single bit of a mask; and every prefix of what is written ends cleanly. */
static void headers_come_back(void **state)
{
    (void)state;
    struct fec_header h = {.flags = {0x21, 0x60}, .length = 700, .timestamp = 99, .base = 65535, .body = slice_of("body", 4)}, got;
    for (unsigned i = 0; i < FEC_MASK_BITS; i++) {
        uint8_t buffer[64];
        h.mask[0] = i < 64 ? 1ull << (63 - i) : 0;
        h.mask[1] = i < 64 ? 0 : 1ull << (127 - i);
        for (int flex = i >= FEC_SPAN_MAX; flex < 2; flex++) {
            struct writer w = writer_of(buffer, sizeof buffer);
            h.ssrc = flex ? SSRC : 0;
            (flex ? flexfec_write : ulpfec_write)(&w, &h);
            assert_true(writer_ok(&w));
            assert_true((flex ? flexfec_read : ulpfec_read)(slice_of(buffer, writer_len(&w)), &got));
            same(&got, &h);
            for (size_t len = 0; len < writer_len(&w); len++) {
                uint8_t *exact = exact_copy(slice_of(buffer, len));
                (void)(flex ? flexfec_read : ulpfec_read)(slice_of(exact, len), &got);
                free(exact);
            }
        }
    }
}

/* ---- Streams ---- */

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % n;
}

/* Packet i of a stream: of a length, a marker, CSRCs, padding and an extension of its own. */
static struct bytes media(uint16_t first, uint32_t i)
{
    struct bytes b = {.len = 0};
    struct writer w = writer_of(b.data, sizeof b.data);
    uint32_t csrcs = i % 3, padding = i % 5 == 0 ? 4 : 0;
    writer_u8(&w, (uint8_t)(0x90 | csrcs | (padding ? 0x20 : 0)));
    writer_u8(&w, (uint8_t)(96 | (i % 4 == 3 ? 0x80 : 0)));
    writer_u16(&w, (uint16_t)(first + i));
    writer_u32(&w, 3000 * (i / 4));
    writer_u32(&w, SSRC);
    for (uint32_t k = 0; k < csrcs; k++)
        writer_u32(&w, i + k);
    writer_u16(&w, RTP_PROFILE_ONE_BYTE);
    writer_u16(&w, 2);
    writer_u8(&w, ABS_SEND_TIME_ID << 4 | 2);
    writer_u24(&w, 0x777 + i);
    writer_u8(&w, 6 << 4 | 1);
    writer_u16(&w, (uint16_t)(i * 7));
    writer_u8(&w, 0);
    for (uint32_t k = 0, len = 1 + (i * 131) % 1100; k < len; k++)
        writer_u8(&w, (uint8_t)(i * 31 + k));
    for (uint32_t k = 0; k < padding; k++)
        writer_u8(&w, k == padding - 1 ? (uint8_t)padding : 0);
    assert_true(writer_ok(&w));
    b.len = writer_len(&w);
    return b;
}

static struct bytes blanked(const struct bytes *packet)
{
    struct rtp_header h;
    struct bytes b = *packet;
    assert_true(rtp_parse(view(packet), ids, &h));
    fec_blank(b.data, view(packet), &h);
    return b;
}

struct stage {
    rtc_context *context;
    struct packet_pool *pool;
    struct fec_window *window;
    uint16_t first;
    size_t recovered;
};

static struct stage begin(uint16_t first)
{
    struct stage s = {.first = first};
    assert_int_equal(rtc_context_new(NULL, &s.context), RTC_OK);
    assert_int_equal(packet_pool_new(s.context, &s.pool), RTC_OK);
    assert_int_equal(fec_window_new(s.context, &s.window), RTC_OK);
    return s;
}

static void end(struct stage *s)
{
    fec_window_free(s->window);
    packet_pool_unref(s->pool);
    rtc_context_unref(s->context);
}

/* What is given back is what left, but for what is written late. */
static void take_back(struct stage *s)
{
    for (struct packet *p; (p = fec_window_next(s->window, s->pool)) != NULL; s->recovered++) {
        struct bytes sent = media(s->first, (uint16_t)(rtp_sequence(packet_slice(p)) - s->first)), wanted = blanked(&sent);
        assert_bytes(packet_slice(p), view(&wanted));
        packet_free(p);
    }
}

static void arrive(struct stage *s, uint32_t i)
{
    struct rtp_header h;
    struct bytes b = media(s->first, i);
    assert_true(rtp_parse(view(&b), ids, &h));
    fec_window_packet(s->window, view(&b), &h);
    take_back(s);
}

static bool arrive_parity(struct stage *s, const struct fec_header *parity)
{
    uint8_t buffer[2000];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct fec_header read;
    flexfec_write(&w, parity);
    assert_true(flexfec_read(slice_of(buffer, writer_len(&w)), &read));
    bool used = fec_window_parity(s->window, SSRC, &read);
    take_back(s);
    return used;
}

static void sum_up(struct fec_writer *w, uint16_t first, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct bytes b = media(first, i), blank = blanked(&b);
        assert_true(fec_writer_fits(w, (uint16_t)(first + i)));
        fec_writer_add(w, SSRC, (uint16_t)(first + i), view(&blank));
    }
}

static void each_packet_of_a_group_comes_back(void **state)
{
    (void)state;
    for (uint32_t lost = 0; lost < 20; lost++) {
        struct stage s = begin(65526); /* numbers wrap in it */
        struct fec_writer w = {0};
        struct fec_header parity;
        sum_up(&w, s.first, 0, 20);
        for (uint32_t i = 0; i < 20; i++)
            if (i != lost)
                arrive(&s, i);
        assert_int_equal(fec_writer_parities(&w, 1), 1);
        fec_writer_parity(&w, 0, 1, &parity);
        assert_true(arrive_parity(&s, &parity));
        assert_int_equal(s.recovered, 1);
        assert_int_equal(fec_window_discarded(s.window), 0);
        assert_false(arrive_parity(&s, &parity)); /* now nobody misses anything */
        assert_int_equal(fec_window_discarded(s.window), 1);
        end(&s);
    }
}

static void a_burst_is_of_different_sums(void **state)
{
    (void)state;
    struct stage s = begin(100);
    struct fec_writer w = {0};
    struct fec_header parity;
    sum_up(&w, s.first, 0, 24);
    for (uint32_t i = 0; i < 24; i++)
        if (i < 7 || i >= 11)
            arrive(&s, i);
    assert_int_equal(fec_writer_parities(&w, 5), 4);
    for (size_t k = 0; k < 4; k++) {
        fec_writer_parity(&w, k, 4, &parity);
        assert_true(arrive_parity(&s, &parity));
    }
    assert_int_equal(s.recovered, 4);
    end(&s);
}

/* Two sums over the same packets: what the second gives back lets the first one give another. */
static void one_gives_back_for_the_other(void **state)
{
    (void)state;
    struct stage s = begin(1000);
    struct fec_writer wide = {0}, narrow = {0};
    struct fec_header parity;
    sum_up(&wide, s.first, 0, 10);
    sum_up(&narrow, s.first, 2, 5);
    for (uint32_t i = 0; i < 10; i++)
        if (i != 3 && i != 8)
            arrive(&s, i);
    fec_writer_parity(&wide, 0, 1, &parity);
    assert_true(arrive_parity(&s, &parity));
    assert_int_equal(s.recovered, 0);
    fec_writer_parity(&narrow, 0, 1, &parity);
    assert_true(arrive_parity(&s, &parity));
    assert_int_equal(s.recovered, 2);
    end(&s);
}

static void what_rtx_brought_is_not_missing(void **state)
{
    (void)state;
    struct stage s = begin(1000);
    struct fec_writer w = {0};
    struct fec_header parity;
    sum_up(&w, s.first, 0, 4);
    arrive(&s, 0);
    arrive(&s, 3);
    fec_writer_parity(&w, 0, 1, &parity);
    assert_true(arrive_parity(&s, &parity));
    fec_window_has(s.window, SSRC, 1001);
    take_back(&s);
    assert_int_equal(s.recovered, 0); /* its bytes are not those that were protected */
    assert_int_equal(fec_window_discarded(s.window), 1);
    end(&s);
}

static void numbers_apart_do_not_fit(void **state)
{
    (void)state;
    struct fec_writer w = {0};
    sum_up(&w, 65530, 0, 1);
    assert_true(fec_writer_fits(&w, (uint16_t)(65530 + FEC_SPAN_MAX - 1)));
    assert_false(fec_writer_fits(&w, (uint16_t)(65530 + FEC_SPAN_MAX)));
    assert_false(fec_writer_fits(&w, 65529));
    fec_writer_clear(&w);
    assert_int_equal(fec_writer_parities(&w, 3), 0);
    assert_true(fec_writer_fits(&w, 7));
}

/* ---- A network ---- */

struct delivery {
    uint32_t at; /* a number above the parities': of packets; else a parity's */
    uint32_t packet;
    bool is_parity;
    struct fec_header parity;
    uint8_t body[FEC_BODY_MAX];
};

static int earlier(const void *a, const void *b)
{
    return (int)((const struct delivery *)a)->at - (int)((const struct delivery *)b)->at;
}

/* Frames of four packets with a parity for each, of which `percent` are lost; in any order within some, a tenth twice. */
static void over_a_network(uint64_t of_seed, uint32_t percent)
{
    enum { PACKETS = 400, MOST = 2 * (PACKETS + PACKETS / 4) };
    struct delivery *all = calloc(MOST, sizeof *all);
    struct fec_writer w = {0};
    size_t count = 0, lost = 0, alone = 0;
    seed = of_seed;
    struct stage s = begin((uint16_t)random_below(65536));
    for (uint32_t i = 0; i < PACKETS; i += 4) {
        size_t gone = 0;
        sum_up(&w, s.first, i, i + 4);
        for (uint32_t k = 0; k < 5; k++) {
            struct delivery d = {.at = (i * 5 / 4 + k) * 10 + random_below(40), .packet = i + k, .is_parity = k == 4};
            if (random_below(100) < percent) {
                gone += k == 4 ? 101u : 1u;
                continue;
            }
            for (uint32_t twice = random_below(10) == 0 ? 2 : 1; twice > 0; twice--) {
                all[count] = d;
                if (d.is_parity) {
                    fec_writer_parity(&w, 0, 1, &all[count].parity);
                    memcpy(all[count].body, all[count].parity.body.data, all[count].parity.body.len);
                }
                count++;
                d.at += random_below(100);
            }
        }
        fec_writer_clear(&w);
        lost += gone % 100;
        alone += gone == 1;
    }
    qsort(all, count, sizeof *all, earlier);
    for (size_t i = 0; i < count; i++) {
        all[i].parity.body.data = all[i].body;
        if (all[i].is_parity)
            (void)arrive_parity(&s, &all[i].parity);
        else
            arrive(&s, all[i].packet);
    }
    if (s.recovered < alone)
        print_message("seed %llu: %zu lost, %zu alone in their group, %zu given back\n", (unsigned long long)of_seed, lost, alone,
                      s.recovered);
    assert_true(s.recovered >= alone);
    end(&s);
    free(all);
}

static void networks_that_lose(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 40; i++)
        over_a_network(i, (uint32_t)(i % 5) * 8);
}

/* Whatever parity says, what comes out parses, and nothing is read that is not there. */
static void hostile_parity(void **state)
{
    (void)state;
    struct stage s = begin(500);
    seed = 7;
    for (uint32_t i = 0; i < 3000; i++) {
        uint8_t bytes[80];
        struct fec_header h;
        struct packet *p;
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)random_below(256);
        size_t len = random_below(sizeof bytes);
        struct bytes b = media(500, i);
        struct rtp_header media_header;
        assert_true(rtp_parse(view(&b), ids, &media_header));
        if (i % 3)
            fec_window_packet(s.window, view(&b), &media_header);
        bytes[0] &= 0x3f; /* so that more of them are read */
        put_u16(bytes + 2, (uint16_t)(500 + i - random_below(20)));
        if (ulpfec_read(slice_of(bytes, len), &h))
            (void)fec_window_parity(s.window, SSRC, &h);
        while ((p = fec_window_next(s.window, s.pool)) != NULL) {
            assert_true(rtp_parse(packet_slice(p), ids, &media_header));
            packet_free(p);
        }
    }
    end(&s);
}

static void before_any_packet(void **state)
{
    (void)state;
    struct stage s = begin(1);
    struct fec_header h = {.mask = {1ull << 63}, .body = slice_of("x", 1)};
    assert_false(fec_window_parity(s.window, SSRC, &h)); /* before any packet */
    assert_null(fec_window_next(s.window, s.pool));
    fec_window_free(NULL);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ulpfec_bit_by_bit),
        cmocka_unit_test(flexfec_bit_by_bit),
        cmocka_unit_test(what_nobody_sends_is_refused),
        cmocka_unit_test(headers_come_back),
        cmocka_unit_test(each_packet_of_a_group_comes_back),
        cmocka_unit_test(a_burst_is_of_different_sums),
        cmocka_unit_test(one_gives_back_for_the_other),
        cmocka_unit_test(what_rtx_brought_is_not_missing),
        cmocka_unit_test(numbers_apart_do_not_fit),
        cmocka_unit_test(networks_that_lose),
        cmocka_unit_test(hostile_parity),
        cmocka_unit_test(before_any_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
