/* SPDX-License-Identifier: MIT */
/* CRC32c: known sums, and that both ways of making it agree at every length and alignment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crc32c.h"

static void both(struct slice bytes, uint32_t sum)
{
    assert_int_equal(crc32c_update(0, bytes), sum);
    assert_int_equal(crc32c_update_portable(0, bytes), sum);
}

/* RFC 3720 B.4 and the check value of the polynomial. */
static void test_vectors(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    both(slice_of(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    both(slice_of(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    both(slice_of(bytes, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    both(slice_of(bytes, 32), 0x113fdb5c);
    both(slice_str("123456789"), 0xe3069283);
    both(slice_of(NULL, 0), 0);
}

static void test_agreement(void **state)
{
    (void)state;
    static uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + 3 * i);
    for (size_t start = 0; start < 9; start++)
        for (size_t len = 0; len < 280; len++) {
            struct slice s = slice_of(bytes + start, len);
            uint32_t sum = crc32c_update(0, s);
            assert_int_equal(sum, crc32c_update_portable(0, s));
            size_t half = len / 3;
            assert_int_equal(sum, crc32c_update(crc32c_update(0, slice_of(s.data, half)), slice_of(s.data + half, len - half)));
        }
}

static void test_packet(void **state)
{
    (void)state;
    uint8_t packet[40];
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i * 9);
    crc32c_packet_seal(packet, sizeof packet);
    assert_true(crc32c_packet_ok(slice_of(packet, sizeof packet)));
    uint8_t zeroed[40];
    memcpy(zeroed, packet, 40);
    memset(zeroed + 8, 0, 4);
    uint32_t sum = crc32c_update(0, slice_of(zeroed, 40));
    assert_int_equal(packet[8], sum & 0xff); /* the least significant byte first */
    assert_int_equal(packet[11], sum >> 24);
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] ^= 0x10;
        assert_false(crc32c_packet_ok(slice_of(packet, sizeof packet)));
        packet[i] ^= 0x10;
    }
    for (size_t len = 0; len < sizeof packet; len++)
        assert_false(crc32c_packet_ok(slice_of(packet, len)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
