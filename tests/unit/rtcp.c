/* SPDX-License-Identifier: MIT */
/* RTCP: RFC 3550 section 6, RFC 4585, RFC 5104, REMB. */
#include "rtp_test.h"

#include "rtcp.h"

/* One packet alone in a datagram. */
static bool read_one(struct slice s, struct rtcp_packet *out, bool *malformed)
{
    struct rtcp_iterator it = rtcp_packets(s);
    bool got = rtcp_next(&it, out);
    struct rtcp_packet rest;
    while (rtcp_next(&it, &rest)) {
    }
    *malformed = it.malformed;
    return got;
}

static struct rtcp_packet read_written(const struct writer *w)
{
    struct rtcp_packet p;
    bool malformed;
    assert_true(writer_ok(w));
    assert_int_equal(writer_len(w) % 4, 0);
    assert_true(read_one(slice_of(w->start, writer_len(w)), &p, &malformed));
    assert_false(malformed);
    return p;
}

static void compound_of_sender_report_and_description(void **state)
{
    (void)state;
    struct bytes b = hex("81 c8 000c 11111111 e0000001 80000000 00000a0b 00000064 00001388"
                         "22222222 40 fffffe 0001ffff 00000010 abcd1234 00018000"
                         "81 ca 0003 11111111 01 04 61406263 0000");
    struct rtcp_iterator it = rtcp_packets(view(&b));
    struct rtcp_packet p;
    assert_true(rtcp_next(&it, &p));
    assert_int_equal(p.kind, RTCP_SR);
    assert_int_equal(p.ssrc, 0x11111111);
    assert_int_equal(p.sender.ntp, 0xe000000180000000);
    assert_int_equal(p.sender.timestamp, 0xa0b);
    assert_int_equal(p.sender.packets, 100);
    assert_int_equal(p.sender.octets, 5000);
    assert_int_equal(p.count, 1);
    struct rtcp_report r = rtcp_report_at(&p, 0);
    assert_int_equal(r.ssrc, 0x22222222);
    assert_int_equal(r.fraction_lost, 64);
    assert_int_equal(r.lost, -2);
    assert_int_equal(r.highest_sequence, 0x1ffff);
    assert_int_equal(r.jitter, 16);
    assert_int_equal(r.last_sr, 0xabcd1234);
    assert_int_equal(r.delay_since_last_sr, 0x18000);
    assert_true(rtcp_next(&it, &p));
    assert_int_equal(p.kind, RTCP_SDES);
    assert_int_equal(p.ssrc, 0x11111111);
    assert_true(slice_is(p.cname, "a@bc"));
    assert_false(rtcp_next(&it, &p));
    assert_false(it.malformed);
}

static void reads_a_generic_nack(void **state)
{
    (void)state;
    struct bytes b = hex("81 cd 0004 00000001 00000002 fffe 0003 0064 ffff");
    struct rtcp_packet p;
    bool malformed;
    assert_true(read_one(view(&b), &p, &malformed));
    assert_int_equal(p.kind, RTCP_NACK);
    assert_int_equal(p.ssrc, 1);
    assert_int_equal(p.media_ssrc, 2);
    assert_int_equal(p.count, 2);
    uint16_t sequence;
    uint16_t mask;
    rtcp_nack_at(&p, 0, &sequence, &mask);
    assert_int_equal(sequence, 0xfffe);
    assert_int_equal(mask, 3);
    rtcp_nack_at(&p, 1, &sequence, &mask);
    assert_int_equal(sequence, 100);
    assert_int_equal(mask, 0xffff);
}

static void reads_remb(void **state)
{
    (void)state;
    /* 1,000,000 = 0x3d090 << 2, two streams */
    struct bytes b = hex("8f ce 0006 00000001 00000000 52454d42 02 0bd090 0000000a 0000000b");
    struct rtcp_packet p;
    bool malformed;
    assert_true(read_one(view(&b), &p, &malformed));
    assert_int_equal(p.kind, RTCP_REMB);
    assert_int_equal(p.bitrate_bps, 1000000);
    assert_int_equal(p.count, 2);
    assert_int_equal(rtcp_ssrc_at(&p, 1), 11);
    b = hex("8f ce 0004 00000001 00000000 52454d42 00 ffffff"); /* exponent 63 */
    assert_true(read_one(view(&b), &p, &malformed));
    assert_true(p.bitrate_bps == UINT64_MAX);
}

static void skips_what_it_does_not_know(void **state)
{
    (void)state;
    struct bytes b = hex("80 d1 0001 00000001"                             /* receiver summary information (RFC 5760) */
                         "80 cc 0002 00000001 6e616d65"                    /* application-defined */
                         "85 cd 0004 00000001 00000002 0001 0001 00000000" /* RTCP SR request (RFC 6051) with words to spare */
                         "8f ce 0003 00000001 00000000 41424344"           /* another application message */
                         "81 ce 0002 00000001 00000002");
    struct rtcp_packet p;
    bool malformed;
    assert_true(read_one(view(&b), &p, &malformed));
    assert_int_equal(p.kind, RTCP_PLI);
    assert_false(malformed);
}

static void removes_padding(void **state)
{
    (void)state;
    struct bytes b = hex("a1 cd 0004 00000001 00000002 0005 0000 00000004");
    struct rtcp_packet p;
    bool malformed;
    assert_true(read_one(view(&b), &p, &malformed));
    assert_int_equal(p.kind, RTCP_NACK);
    assert_int_equal(p.count, 1);
}

static void refuses_malformed_bodies(void **state)
{
    (void)state;
    const char *packets[] = {
        "80 c8 0001 00000001",                             /* a sender report without sender */
        "9f c9 0001 00000001",                             /* 31 reports promised, none there */
        "81 ca 0002 00000001 01 ff 61 62",                 /* item past the end */
        "81 ca 0002 00000001 01 02 61 62",                 /* chunk without its end */
        "9f ca 0001 00000001",                             /* 31 chunks promised */
        "9f cb 0001 00000001",                             /* 31 sources promised */
        "81 cb 0002 00000001 ff 61 62 63",                 /* reason past the end */
        "81 cd 0002 00000001 00000002",                    /* NACK of nothing */
        "81 cd 0001 00000001",                             /* feedback without media source */
        "84 ce 0002 00000001 00000000",                    /* FIR of nothing */
        "8f ce 0004 00000001 00000000 52454d42 ff 000001", /* REMB, 255 streams promised */
        "8f ce 0003 00000001 00000000 52454d42",           /* REMB cut short */
        "a0 c9 0001 000000ff",                             /* padding past the start */
        "a0 c9 0001 00000000",                             /* padding of 0 */
        "40 c9 0001 00000001",                             /* version 1 */
        "80 c9 ffff 00000001",                             /* length past the end */
        "80 c9 00",
        "80",
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        struct bytes b = hex(packets[i]);
        uint8_t *copy = exact_copy(view(&b));
        struct rtcp_packet p;
        bool malformed;
        assert_false(read_one(slice_of(copy, b.len), &p, &malformed));
        assert_true(malformed);
        free(copy);
    }
}

/* A body that is broken does not hide the packet after it; broken framing ends the datagram, what came before it stands. */
static void goes_on_after_a_broken_body(void **state)
{
    (void)state;
    struct bytes b = hex("9f c9 0001 00000001 81 ce 0002 00000001 00000002 80 c9 0009 00000001");
    struct rtcp_iterator it = rtcp_packets(view(&b));
    struct rtcp_packet p;
    assert_true(rtcp_next(&it, &p));
    assert_int_equal(p.kind, RTCP_PLI);
    assert_false(rtcp_next(&it, &p));
    assert_true(it.malformed);
}

static void many_packets_in_one_datagram(void **state)
{
    (void)state;
    struct bytes b = {{0}, 0};
    for (size_t i = 0; i < 512; i++, b.len += 4)
        memcpy(b.data + b.len, "\x80\xcb\0\0", 4); /* BYE of nobody */
    struct rtcp_iterator it = rtcp_packets(view(&b));
    struct rtcp_packet p;
    size_t count = 0;
    while (rtcp_next(&it, &p))
        count++;
    assert_int_equal(count, 512);
    assert_false(it.malformed);
}

static void survives_every_prefix(void **state)
{
    (void)state;
    uint8_t room[512];
    struct writer w = writer_of(room, sizeof room);
    const struct rtcp_report reports[2] = {{.ssrc = 5}, {.ssrc = 6}};
    const uint32_t ssrcs[2] = {1, 2};
    const uint16_t sequences[3] = {1, 2, 40};
    rtcp_write_sr(&w, 1, &(struct rtcp_sender_info){1, 2, 3, 4}, reports, 2);
    rtcp_write_sdes(&w, 1, slice_str("name"));
    rtcp_write_nack(&w, 1, 2, sequences, 3);
    rtcp_write_fir(&w, 1, 2, 3);
    rtcp_write_remb(&w, 1, 1000, ssrcs, 2);
    rtcp_write_bye(&w, ssrcs, 2);
    assert_true(writer_ok(&w));
    for (size_t len = 0; len < writer_len(&w); len++) {
        uint8_t *copy = exact_copy(slice_of(room, len));
        struct rtcp_iterator it = rtcp_packets(slice_of(copy, len));
        struct rtcp_packet p;
        size_t count = 0;
        while (rtcp_next(&it, &p))
            count++;
        assert_true(count < 6);
        free(copy);
    }
}

static void writes_reports(void **state)
{
    (void)state;
    uint8_t room[1500];
    struct rtcp_report reports[RTCP_REPORTS_MAX + 1] = {{0}};
    for (size_t i = 0; i <= RTCP_REPORTS_MAX; i++)
        reports[i] = (struct rtcp_report){(uint32_t)i, (uint8_t)i, (int32_t)i - 5, 0x10000u + (uint32_t)i, 7, 8, 9};
    struct writer w = writer_of(room, sizeof room);
    const struct rtcp_sender_info sender = {0x0123456789abcdef, 10, 11, 12};
    rtcp_write_sr(&w, 77, &sender, reports, RTCP_REPORTS_MAX);
    struct rtcp_packet p = read_written(&w);
    assert_int_equal(p.kind, RTCP_SR);
    assert_int_equal(p.ssrc, 77);
    assert_int_equal(p.sender.ntp, sender.ntp);
    assert_int_equal(p.sender.timestamp, sender.timestamp);
    assert_int_equal(p.sender.packets, sender.packets);
    assert_int_equal(p.sender.octets, sender.octets);
    assert_int_equal(p.count, RTCP_REPORTS_MAX);
    for (size_t i = 0; i < p.count; i++) {
        struct rtcp_report r = rtcp_report_at(&p, i);
        assert_int_equal(r.ssrc, reports[i].ssrc);
        assert_int_equal(r.fraction_lost, reports[i].fraction_lost);
        assert_int_equal(r.lost, reports[i].lost);
        assert_int_equal(r.highest_sequence, reports[i].highest_sequence);
        assert_int_equal(r.jitter + r.last_sr + r.delay_since_last_sr, 7 + 8 + 9);
    }
    w = writer_of(room, sizeof room);
    rtcp_write_rr(&w, 78, reports, 0);
    p = read_written(&w);
    assert_int_equal(p.kind, RTCP_RR);
    assert_int_equal(p.ssrc, 78);
    w = writer_of(room, sizeof room);
    rtcp_write_rr(&w, 78, reports, RTCP_REPORTS_MAX + 1);
    assert_false(writer_ok(&w));
    w = writer_of(room, 30);
    rtcp_write_sr(&w, 77, &sender, reports, 1);
    assert_false(writer_ok(&w));
}

static void writes_names_of_every_length(void **state)
{
    (void)state;
    uint8_t room[400];
    char name[300];
    memset(name, 'x', sizeof name);
    for (size_t len = 0; len <= sizeof name; len++) {
        struct writer w = writer_of(room, sizeof room);
        rtcp_write_sdes(&w, 9, slice_of(name, len));
        struct rtcp_packet p = read_written(&w);
        assert_int_equal(p.kind, RTCP_SDES);
        assert_int_equal(p.cname.len, len < 255 ? len : 255);
    }
}

static void writes_feedback(void **state)
{
    (void)state;
    uint8_t room[64];
    struct writer w = writer_of(room, sizeof room);
    rtcp_write_pli(&w, 1, 2);
    struct rtcp_packet p = read_written(&w);
    assert_int_equal(p.kind, RTCP_PLI);
    assert_int_equal(p.media_ssrc, 2);
    w = writer_of(room, sizeof room);
    rtcp_write_fir(&w, 1, 2, 200);
    p = read_written(&w);
    uint32_t ssrc;
    uint8_t sequence;
    rtcp_fir_at(&p, 0, &ssrc, &sequence);
    assert_int_equal(p.kind, RTCP_FIR);
    assert_int_equal(ssrc, 2);
    assert_int_equal(sequence, 200);
    w = writer_of(room, sizeof room);
    rtcp_write_bye(&w, (const uint32_t[]){3, 4}, 2);
    p = read_written(&w);
    assert_int_equal(p.kind, RTCP_BYE);
    assert_int_equal(p.ssrc, 3);
    assert_int_equal(rtcp_ssrc_at(&p, 1), 4);
}

static void writes_remb_rounded_down(void **state)
{
    (void)state;
    const uint64_t rates[] = {0, 1, 262143, 262144, 1500000, 123456789, (uint64_t)1 << 40};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint8_t room[64];
        struct writer w = writer_of(room, sizeof room);
        rtcp_write_remb(&w, 1, rates[i], (const uint32_t[]){5}, 1);
        struct rtcp_packet p = read_written(&w);
        assert_int_equal(p.kind, RTCP_REMB);
        assert_true(p.bitrate_bps <= rates[i] && p.bitrate_bps >= rates[i] - rates[i] / 100000);
    }
}

/* Every list comes back as it went in, in as few entries as it takes. */
static void packs_nacks(void **state)
{
    (void)state;
    const uint16_t sequences[] = {65530, 65531, 65535, 0, 10, 11, 500};
    uint8_t room[64];
    struct writer w = writer_of(room, sizeof room);
    rtcp_write_nack(&w, 1, 2, sequences, 7);
    struct rtcp_packet p = read_written(&w);
    assert_int_equal(p.count, 3); /* 65530 to 10 is one entry of 17 */
    size_t at = 0;
    for (size_t i = 0; i < p.count; i++) {
        uint16_t sequence;
        uint16_t mask;
        rtcp_nack_at(&p, i, &sequence, &mask);
        assert_int_equal(sequence, sequences[at++]);
        for (unsigned bit = 0; bit < 16; bit++) {
            if (mask >> bit & 1)
                assert_int_equal((uint16_t)(sequence + bit + 1), sequences[at++]);
        }
    }
    assert_int_equal(at, 7);
    w = writer_of(room, sizeof room);
    rtcp_write_nack(&w, 1, 2, sequences, 0);
    assert_int_equal(writer_len(&w), 0);
}

static void ntp_times(void **state)
{
    (void)state;
    uint64_t ntp = rtcp_ntp(1500000); /* 1.5 s after 1970 */
    assert_int_equal(ntp >> 32, 2208988801u);
    assert_int_equal(ntp & 0xffffffff, 0x80000000u);
    assert_int_equal(rtcp_ntp_middle(ntp), (2208988801u & 0xffff) << 16 | 0x8000);
    const int64_t times[] = {0, 1, 999999, 1700000000123456};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rtcp_ntp_wall_us(rtcp_ntp(times[i])), times[i]);
    assert_int_equal(rtcp_middle_us(0x18000), 1500000);
    assert_int_equal(rtcp_us_middle(1500000), 0x18000);
    assert_int_equal(rtcp_us_middle(-5), 0);
    assert_int_equal(rtcp_us_middle(INT64_MAX >> 16), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compound_of_sender_report_and_description),
        cmocka_unit_test(reads_a_generic_nack),
        cmocka_unit_test(reads_remb),
        cmocka_unit_test(skips_what_it_does_not_know),
        cmocka_unit_test(removes_padding),
        cmocka_unit_test(refuses_malformed_bodies),
        cmocka_unit_test(goes_on_after_a_broken_body),
        cmocka_unit_test(many_packets_in_one_datagram),
        cmocka_unit_test(survives_every_prefix),
        cmocka_unit_test(writes_reports),
        cmocka_unit_test(writes_names_of_every_length),
        cmocka_unit_test(writes_feedback),
        cmocka_unit_test(writes_remb_rounded_down),
        cmocka_unit_test(packs_nacks),
        cmocka_unit_test(ntp_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
