/* SPDX-License-Identifier: MIT */
/* Payloads that carry others (RFC 2198): blocks bit by bit, every truncation, and what is written. */
#include "rtp_test.h"

#include "redundancy.h"

static bool reads(const char *text, struct red_payload *out)
{
    static struct bytes b;
    b = hex(text);
    return redundancy_read(view(&b), out);
}

static void assert_block(const struct red_block *block, uint8_t payload_type, uint16_t earlier, const char *data)
{
    assert_int_equal(block->payload_type, payload_type);
    assert_int_equal(block->earlier, earlier);
    assert_int_equal(block->data.len, strlen(data));
    assert_memory_equal(block->data.data, data, strlen(data));
}

static void one_block(void **state)
{
    (void)state;
    struct red_payload p;
    assert_true(reads("6f 61 62", &p));
    assert_int_equal(p.count, 1);
    assert_block(&p.blocks[0], 111, 0, "ab");
    assert_true(reads("60", &p)); /* an empty one */
    assert_block(&p.blocks[0], 96, 0, "");
}

/* Offsets of 1920 and 960, lengths of 3 and 2. */
static void blocks_of_earlier_packets(void **state)
{
    (void)state;
    struct red_payload p;
    assert_true(reads("ef 1e0003 ef 0f0002 6f 616263 6465 66", &p));
    assert_int_equal(p.count, 3);
    assert_block(&p.blocks[0], 111, 1920, "abc");
    assert_block(&p.blocks[1], 111, 960, "de");
    assert_block(&p.blocks[2], 111, 0, "f");
    assert_true(reads("ff ffffff 7f", &p) == false); /* 1023 bytes that are not there */
}

static void what_is_cut_short_is_refused(void **state)
{
    (void)state;
    struct bytes b = hex("ef 1e0003 ef 0f0002 6f 616263 6465");
    struct red_payload p;
    assert_true(redundancy_read(view(&b), &p)); /* the last block may be empty */
    for (size_t len = 0; len < b.len; len++)
        assert_false(redundancy_read(slice_of(b.data, len), &p));
}

static void so_many_blocks(void **state)
{
    (void)state;
    uint8_t bytes[RED_BLOCKS_MAX * RED_HEADER_LEN + 1] = {0};
    struct red_payload p;
    for (size_t i = 0; i < RED_BLOCKS_MAX; i++)
        bytes[i * RED_HEADER_LEN] = 0x80;
    assert_false(redundancy_read(slice_of(bytes, sizeof bytes), &p)); /* one too many */
    assert_true(redundancy_read(slice_of(bytes + RED_HEADER_LEN, sizeof bytes - RED_HEADER_LEN), &p));
    assert_int_equal(p.count, RED_BLOCKS_MAX);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static uint8_t large[RED_BLOCK_MAX + 1];
    uint8_t buffer[4096];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct red_payload p = {.count = 2}, again;
    p.blocks[0] = (struct red_block){111, RED_OFFSET_MAX, slice_of(large, RED_BLOCK_MAX)};
    p.blocks[1] = (struct red_block){.payload_type = 111, .data = slice_of(large, sizeof large)};
    assert_true(redundancy_write(&p, &w));
    assert_int_equal(writer_len(&w), redundancy_size(&p));
    assert_true(redundancy_read(slice_of(buffer, writer_len(&w)), &again));
    assert_int_equal(again.count, 2);
    assert_int_equal(again.blocks[0].earlier, RED_OFFSET_MAX);
    assert_int_equal(again.blocks[0].data.len, RED_BLOCK_MAX);
    assert_int_equal(again.blocks[1].data.len, sizeof large);
}

static void what_has_no_room_is_not_written(void **state)
{
    (void)state;
    static uint8_t large[RED_BLOCK_MAX + 1];
    uint8_t buffer[4096];
    struct writer w = writer_of(buffer, sizeof buffer);
    struct red_payload p = {.count = 2};
    p.blocks[0] = (struct red_block){111, 960, slice_of(large, sizeof large)};
    assert_false(redundancy_write(&p, &w));
    p.blocks[0] = (struct red_block){111, RED_OFFSET_MAX + 1, slice_of(large, 1)};
    assert_false(redundancy_write(&p, &w));
    p.blocks[0] = (struct red_block){111, 960, slice_of(large, 1)};
    w = writer_of(buffer, redundancy_size(&p) - 1);
    assert_false(redundancy_write(&p, &w));
    p.count = 0;
    assert_false(redundancy_write(&p, &w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block),      cmocka_unit_test(blocks_of_earlier_packets), cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(so_many_blocks), cmocka_unit_test(what_is_written_is_read),   cmocka_unit_test(what_has_no_room_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
