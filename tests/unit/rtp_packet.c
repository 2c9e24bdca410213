/* SPDX-License-Identifier: MIT */
/* RTP packets and header extensions: RFC 3550 section 5, RFC 8285. */
#include "rtp_test.h"

#include "rtp_extensions.h"
#include "rtp_packet.h"

static const uint8_t ids[RTP_EXTENSIONS] = {1, 10, 11, 2, 3};

static void reads_the_fixed_header(void **state)
{
    (void)state;
    struct bytes b = hex("80 e0 1234 01020304 deadbeef aabbcc");
    struct rtp_header h;
    assert_true(rtp_parse(view(&b), ids, &h));
    assert_true(h.marker);
    assert_int_equal(h.payload_type, 0x60);
    assert_int_equal(h.sequence, 0x1234);
    assert_int_equal(h.timestamp, 0x01020304);
    assert_int_equal(h.ssrc, 0xdeadbeef);
    assert_int_equal(h.payload.len, 3);
    assert_false(h.has_extensions);
    assert_int_equal(rtp_ssrc(view(&b)), 0xdeadbeef);
}

static void reads_csrcs_extensions_and_padding(void **state)
{
    (void)state;
    struct bytes b = hex("b2 60 0001 00000002 00000003 0000000a 0000000b"
                         "bede 0003 10 30 20 85 32 a1a2a3 00 f0 ff 00"
                         "c0ffee 00 00 03");
    struct rtp_header h;
    assert_true(rtp_parse(view(&b), ids, &h));
    assert_int_equal(h.csrcs.len, 8);
    assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], "0"));
    uint8_t level;
    bool voice;
    assert_true(rtp_audio_level_read(h.extensions[RTP_EXTENSION_AUDIO_LEVEL], &level, &voice));
    assert_int_equal(level, 5);
    assert_true(voice);
    assert_int_equal(h.extensions[RTP_EXTENSION_ABS_SEND_TIME].len, 3);
    assert_null(h.extensions[RTP_EXTENSION_RID].data);
    assert_int_equal(h.payload.len, 3);
    assert_int_equal(h.padding, 3);
}

static void finds_extensions_again_by_other_ids(void **state)
{
    (void)state;
    struct bytes b = hex("90 60 0001 00000002 00000003 bede 0001 10 30 00 00 aa");
    const uint8_t others[RTP_EXTENSIONS] = {0, 1, 0, 0, 0};
    struct rtp_header h;
    assert_true(rtp_parse(view(&b), NULL, &h));
    assert_null(h.extensions[RTP_EXTENSION_MID].data);
    rtp_find_extensions(&h, others);
    assert_true(slice_is(h.extensions[RTP_EXTENSION_RID], "0"));
    assert_null(h.extensions[RTP_EXTENSION_MID].data);
}

static void reads_two_byte_extensions(void **state)
{
    (void)state;
    struct bytes b = hex("90 60 0001 00000002 00000003 1003 0003 00 01 02 6d31 00 02 01 7f 0a 00 00 aa");
    struct rtp_header h;
    assert_true(rtp_parse(view(&b), ids, &h));
    assert_true(slice_is(h.extensions[RTP_EXTENSION_MID], "m1"));
    assert_int_equal(h.extensions[RTP_EXTENSION_AUDIO_LEVEL].len, 1);
    assert_non_null(h.extensions[RTP_EXTENSION_RID].data);
    assert_int_equal(h.extensions[RTP_EXTENSION_RID].len, 0);
}

/* What follows id 15, an element past the end or an unknown profile is not seen, but the packet stands. */
static void stops_at_bad_elements(void **state)
{
    (void)state;
    const char *packets[] = {
        "90 60 0001 00000002 00000003 bede 0002 f0 00 10 30 00000000 aa", "90 60 0001 00000002 00000003 bede 0001 1f 30 31 32 aa",
        "90 60 0001 00000002 00000003 bede 0001 01 02 10 30 aa",          "90 60 0001 00000002 00000003 1000 0001 01 ff 30 31 aa",
        "90 60 0001 00000002 00000003 1000 0001 00 00 00 01 aa",          "90 60 0001 00000002 00000003 abcd 0001 10 30 00 00 aa",
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        struct bytes b = hex(packets[i]);
        struct rtp_header h;
        assert_true(rtp_parse(view(&b), ids, &h));
        assert_null(h.extensions[RTP_EXTENSION_MID].data);
        assert_int_equal(h.payload.len, 1);
    }
}

static void refuses_malformed_packets(void **state)
{
    (void)state;
    const char *packets[] = {
        "",
        "80",
        "40 60 0001 00000002 00000003 aa",       /* version 1 */
        "8f 60 0001 00000002 00000003 aabbccdd", /* 15 CSRCs promised */
        "90 60 0001 00000002 00000003 bede ffff 10 30 00 00",
        "90 60 0001 00000002 00000003 bede",
        "a0 60 0001 00000002 00000003",        /* padding of nothing */
        "a0 60 0001 00000002 00000003 aabb00", /* padding 0 */
        "a0 60 0001 00000002 00000003 aabb04", /* padding over the payload */
    };
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        struct bytes b = hex(packets[i]);
        struct rtp_header h;
        assert_false(rtp_parse(view(&b), ids, &h));
    }
}

static void survives_every_prefix(void **state)
{
    (void)state;
    struct bytes b = hex("b2 60 0001 00000002 00000003 0000000a 0000000b bede 0003 10 30 20 85 32 a1a2a3 00 f0 ff 00 c0ffee 00 00 03");
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *copy = exact_copy(slice_of(b.data, len));
        struct rtp_header h;
        bool ok = rtp_parse(slice_of(copy, len), ids, &h);
        assert_true(len >= 36 || !ok);
        free(copy);
    }
}

static void check_round_trip(const struct rtp_header *h, const uint8_t map[RTP_EXTENSIONS], uint16_t profile)
{
    struct world w;
    world_init(&w, NULL);
    struct packet *packet = packet_new(w.pool);
    assert_true(rtp_write_header(packet, h, map));
    assert_int_equal(packet->len, rtp_header_size(h, map));
    assert_int_equal(packet->len % 4, 0);
    struct rtp_header got;
    assert_true(rtp_parse(packet_slice(packet), map, &got));
    assert_int_equal(got.sequence, h->sequence);
    assert_int_equal(got.timestamp, h->timestamp);
    assert_int_equal(got.ssrc, h->ssrc);
    assert_int_equal(got.payload_type, h->payload_type);
    assert_int_equal(got.marker, h->marker);
    assert_int_equal(got.extension_profile, profile);
    for (size_t i = 0; i < RTP_EXTENSIONS; i++)
        assert_true(slice_eq(got.extensions[i], map[i] ? h->extensions[i] : slice_of(NULL, 0)));
    packet_free(packet);
    world_fini(&w);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct rtp_header h = {.payload_type = 96, .marker = true, .sequence = 65535, .timestamp = 7, .ssrc = 0xffffffff};
    check_round_trip(&h, ids, 0);
    h.extensions[RTP_EXTENSION_MID] = slice_str("audio");
    h.extensions[RTP_EXTENSION_ABS_SEND_TIME] = slice_str("abc");
    check_round_trip(&h, ids, RTP_PROFILE_ONE_BYTE);
    h.extensions[RTP_EXTENSION_MID] = slice_str("a name that is over sixteen");
    check_round_trip(&h, ids, RTP_PROFILE_TWO_BYTE);
    h.extensions[RTP_EXTENSION_MID] = slice_str("short");
    const uint8_t high[RTP_EXTENSIONS] = {15, 0, 0, 0, 255};
    check_round_trip(&h, high, RTP_PROFILE_TWO_BYTE);
    const uint8_t without[RTP_EXTENSIONS] = {0};
    check_round_trip(&h, without, 0);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    uint8_t room[16];
    struct slice values[RTP_EXTENSIONS] = {{0}};
    values[RTP_EXTENSION_MID] = slice_str("0123456789012345");
    struct writer w = writer_of(room, sizeof room);
    assert_false(rtp_extensions_write(&w, ids, values));
    static const uint8_t big[256];
    uint8_t more[1024];
    values[RTP_EXTENSION_MID] = slice_of(big, sizeof big);
    w = writer_of(more, sizeof more);
    assert_false(rtp_extensions_write(&w, ids, values));
}

static void abs_send_time_is_6_18_seconds(void **state)
{
    (void)state;
    uint8_t value[RTP_ABS_SEND_TIME_LEN];
    rtp_abs_send_time_write(value, 1500000);
    assert_memory_equal(value, ((uint8_t[]){0x06, 0x00, 0x00}), 3);
    rtp_abs_send_time_write(value, 64 * 1000000 + 500000); /* wraps at 64 s */
    assert_memory_equal(value, ((uint8_t[]){0x02, 0x00, 0x00}), 3);
    for (rtc_time_t days = 1; days <= 30000; days++) { /* each is so many times 64 s */
        rtp_abs_send_time_write(value, days * 86400 * 1000000 + 1500000);
        assert_memory_equal(value, ((uint8_t[]){0x06, 0x00, 0x00}), 3);
    }
}

/* Two times 12 bits; what asks for more at least than at most, or is of another length, is none. */
static void playout_delay_is_two_numbers(void **state)
{
    static const struct rtp_playout_delay delays[] = {{0, 0}, {10000, 20000}, {0, RTP_PLAYOUT_DELAY_MAX_US}, {1230000, 1230000}};
    static const struct rtp_playout_delay rough = {14999, 15000};
    uint8_t value[RTP_PLAYOUT_DELAY_LEN], over[] = {0x00, 0x20, 0x01};
    struct rtp_playout_delay got = {7, 7};
    (void)state;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        rtp_playout_delay_write(value, &delays[i]);
        assert_true(rtp_playout_delay_read(slice_of(value, sizeof value), &got));
        assert_true(got.min == delays[i].min && got.max == delays[i].max);
    }
    rtp_playout_delay_write(value, &rough); /* rounded */
    assert_memory_equal(value, "\x00\x10\x02", sizeof value);
    for (size_t len = 0; len < sizeof value; len++)
        assert_false(rtp_playout_delay_read(slice_of(value, len), &got));
    assert_false(rtp_playout_delay_read(slice_of(NULL, 0), &got));
    assert_false(rtp_playout_delay_read(slice_of("\0\0\0\0", 4), &got));
    assert_false(rtp_playout_delay_read(slice_of(over, sizeof over), &got));
    assert_true(got.min == 1230000 && got.max == 1230000);
}

static void tells_rtcp_from_rtp(void **state)
{
    (void)state;
    assert_false(rtp_is_rtcp(slice_of("\x80", 1)));
    assert_false(rtp_is_rtcp(slice_of("\x80\x60", 2)));
    assert_false(rtp_is_rtcp(slice_of("\x80\xe0", 2))); /* payload type 96 with marker */
    assert_true(rtp_is_rtcp(slice_of("\x80\xc8", 2)));
    assert_true(rtp_is_rtcp(slice_of("\x80\xce", 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_fixed_header),
        cmocka_unit_test(reads_csrcs_extensions_and_padding),
        cmocka_unit_test(finds_extensions_again_by_other_ids),
        cmocka_unit_test(reads_two_byte_extensions),
        cmocka_unit_test(stops_at_bad_elements),
        cmocka_unit_test(refuses_malformed_packets),
        cmocka_unit_test(survives_every_prefix),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(abs_send_time_is_6_18_seconds),
        cmocka_unit_test(playout_delay_is_two_numbers),
        cmocka_unit_test(tells_rtcp_from_rtp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
