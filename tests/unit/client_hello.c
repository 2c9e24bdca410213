/* SPDX-License-Identifier: MIT */
/* Reassembly of the ClientHello: every split, order and overlap gives back the one message; nonsense gives nothing. */
#include "client_hello.h"
#include "writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LENGTH = 40 };

static rtc_context *context;
static uint8_t message[2 * LENGTH]; /* room for fragments that claim more than there is */

static int setup(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LENGTH; i++)
        message[i] = (uint8_t)(i * 7 + 1);
    return rtc_context_new(NULL, &context);
}

static int teardown(void **state)
{
    (void)state;
    rtc_context_unref(context);
    return 0;
}

static void write_fragment(struct writer *w, uint8_t type, uint32_t length, uint16_t seq, uint32_t offset, const uint8_t *bytes,
                           uint32_t len)
{
    writer_u8(w, type);
    writer_u24(w, length);
    writer_u16(w, seq);
    writer_u24(w, offset);
    writer_u24(w, len);
    writer_bytes(w, slice_of(bytes, len));
}

struct built {
    uint8_t bytes[512];
    struct writer w;
    uint8_t *body;
};

static void open_record(struct built *b, uint8_t seq)
{
    b->w = writer_of(b->bytes, sizeof b->bytes);
    writer_u8(&b->w, DTLS_HANDSHAKE);
    writer_u16(&b->w, 0xfeff);
    writer_u64(&b->w, seq);
    writer_u16(&b->w, 0);
    b->body = b->w.at;
}

static struct dtls_record close_record(struct built *b)
{
    struct dtls_record r;
    put_u16(b->body - 2, (uint16_t)(b->w.at - b->body));
    struct reader reader = reader_of(slice_of(b->bytes, writer_len(&b->w)));
    assert_int_equal(dtls_record_next(&reader, &r), DTLS_RECORD_OK);
    return r;
}

/* One record with one fragment of the message. */
static int give(struct client_hello *h, uint16_t seq, uint32_t length, uint32_t offset, uint32_t len, struct slice *out)
{
    struct built b;
    open_record(&b, (uint8_t)(offset + 1));
    write_fragment(&b.w, DTLS_CLIENT_HELLO, length, seq, offset, message + (offset < LENGTH ? offset : 0), len);
    struct dtls_record r = close_record(&b);
    static uint8_t copy[512];
    int error = client_hello_input(h, &r, out);
    if (out->len > 0) { /* it may lie in the record that is about to go */
        memcpy(copy, out->data, out->len);
        out->data = copy;
    }
    return error;
}

static void assert_whole(struct slice record)
{
    struct reader r = reader_of(record);
    struct dtls_record parsed;
    struct dtls_fragment f;
    assert_int_equal(dtls_record_next(&r, &parsed), DTLS_RECORD_OK);
    assert_int_equal(reader_left(&r), 0);
    struct reader body = reader_of(parsed.body);
    assert_true(dtls_fragment_next(&body, &f));
    assert_int_equal(reader_left(&body), 0);
    assert_int_equal(f.type, DTLS_CLIENT_HELLO);
    assert_int_equal(f.offset, 0);
    assert_int_equal(f.length, LENGTH);
    assert_int_equal(f.bytes.len, LENGTH);
    assert_memory_equal(f.bytes.data, message, LENGTH);
}

static void whole_passes_as_it_is(void **state)
{
    (void)state;
    struct client_hello h;
    struct slice out;
    client_hello_init(&h, context);
    assert_int_equal(give(&h, 0, LENGTH, 0, LENGTH, &out), 0);
    assert_whole(out);
    assert_null(h.record);
    client_hello_fini(&h);
}

static void every_split_in_two_and_both_orders(void **state)
{
    (void)state;
    for (uint32_t cut = 1; cut < LENGTH; cut++)
        for (int swapped = 0; swapped < 2; swapped++) {
            struct client_hello h;
            struct slice out;
            uint32_t at[2] = {0, cut}, len[2] = {cut, LENGTH - cut};
            client_hello_init(&h, context);
            assert_int_equal(give(&h, 3, LENGTH, at[swapped], len[swapped], &out), 0);
            assert_int_equal(out.len, 0);
            assert_int_equal(give(&h, 3, LENGTH, at[1 - swapped], len[1 - swapped], &out), 0);
            assert_whole(out);
            client_hello_fini(&h);
        }
}

static void every_split_in_three_and_all_orders(void **state)
{
    (void)state;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint32_t a = 1; a < LENGTH - 1; a++)
        for (uint32_t b = a + 1; b < LENGTH; b++)
            for (int o = 0; o < 6; o++) {
                struct client_hello h;
                struct slice out;
                uint32_t at[3] = {0, a, b}, len[3] = {a, b - a, LENGTH - b};
                client_hello_init(&h, context);
                for (int i = 0; i < 3; i++) {
                    int k = orders[o][i];
                    assert_int_equal(give(&h, 0, LENGTH, at[k], len[k], &out), 0);
                    assert_true((out.len > 0) == (i == 2));
                }
                assert_whole(out);
                client_hello_fini(&h);
            }
}

static void every_overlap(void **state)
{
    (void)state;
    for (uint32_t end = 1; end < LENGTH; end++)
        for (uint32_t start = 0; start <= end; start++) {
            struct client_hello h;
            struct slice out;
            client_hello_init(&h, context);
            assert_int_equal(give(&h, 0, LENGTH, start, LENGTH - start, &out), 0);
            if (start > 0)
                assert_int_equal(give(&h, 0, LENGTH, 0, end, &out), 0);
            assert_whole(out);
            client_hello_fini(&h);
        }
}

static void byte_by_byte_with_repeats(void **state)
{
    (void)state;
    struct client_hello h;
    struct slice out = {NULL, 0};
    client_hello_init(&h, context);
    for (uint32_t i = 0; i < LENGTH; i++) {
        for (int twice = 0; twice < 2 && out.len == 0; twice++)
            assert_int_equal(give(&h, 0, LENGTH, LENGTH - 1 - i, 1, &out), 0);
        assert_true((out.len > 0) == (i == LENGTH - 1));
    }
    assert_whole(out);
    client_hello_fini(&h);
}

static void several_fragments_in_one_record(void **state)
{
    (void)state;
    struct client_hello h;
    struct built b;
    struct slice out;
    client_hello_init(&h, context);
    open_record(&b, 1);
    write_fragment(&b.w, DTLS_CLIENT_HELLO, LENGTH, 0, 0, message, 15);
    write_fragment(&b.w, DTLS_CLIENT_HELLO, LENGTH, 0, 15, message + 15, LENGTH - 15);
    struct dtls_record r = close_record(&b);
    assert_int_equal(client_hello_input(&h, &r, &out), 0);
    assert_whole(out);
    client_hello_fini(&h);
}

static void another_message_replaces(void **state)
{
    (void)state;
    struct client_hello h;
    struct slice out;
    client_hello_init(&h, context);
    assert_int_equal(give(&h, 0, LENGTH, 0, 20, &out), 0);
    assert_int_equal(give(&h, 1, LENGTH, 0, 20, &out), 0); /* another message_seq */
    assert_int_equal(give(&h, 1, LENGTH, 20, 20, &out), 0);
    assert_whole(out);
    assert_int_equal(give(&h, 1, LENGTH, 0, 20, &out), 0);
    assert_int_equal(give(&h, 1, LENGTH + 5, 0, 10, &out), 0); /* another total */
    assert_int_equal(give(&h, 1, LENGTH, 20, 20, &out), 0);    /* and back: the first half is gone */
    assert_int_equal(out.len, 0);
    assert_int_equal(give(&h, 1, LENGTH, 0, 20, &out), 0);
    assert_whole(out);
    client_hello_fini(&h);
}

static void first_bytes_win(void **state)
{
    (void)state;
    struct client_hello h;
    struct built b;
    struct slice out;
    static const uint8_t other[20] = {0xee};
    client_hello_init(&h, context);
    assert_int_equal(give(&h, 0, LENGTH, 0, 20, &out), 0);
    open_record(&b, 2);
    write_fragment(&b.w, DTLS_CLIENT_HELLO, LENGTH, 0, 0, other, 20);
    struct dtls_record r = close_record(&b);
    assert_int_equal(client_hello_input(&h, &r, &out), 0);
    assert_int_equal(give(&h, 0, LENGTH, 20, 20, &out), 0);
    assert_whole(out);
    client_hello_fini(&h);
}

static void nonsense(void **state)
{
    (void)state;
    struct client_hello h;
    struct slice out;
    client_hello_init(&h, context);
    assert_int_equal(give(&h, 0, LENGTH, 5, 0, &out), 0); /* zero length: nothing, and no memory */
    assert_null(h.record);
    assert_int_equal(give(&h, 0, 0, 0, 0, &out), RTC_ERR_SYNTAX);
    assert_int_equal(give(&h, 0, 0xffffff, 0, 10, &out), RTC_ERR_SYNTAX);
    assert_int_equal(give(&h, 0, CLIENT_HELLO_MAX + 1, 0, 10, &out), RTC_ERR_SYNTAX);
    assert_int_equal(give(&h, 0, LENGTH, 35, 10, &out), RTC_ERR_SYNTAX); /* past the end */
    assert_int_equal(give(&h, 0, 4, 0xffffff, 1, &out), RTC_ERR_SYNTAX);
    assert_null(h.record);
    assert_int_equal(out.len, 0);
    client_hello_fini(&h);
}

static void another_type_inside(void **state)
{
    (void)state;
    struct client_hello h;
    struct built b;
    struct slice out;
    client_hello_init(&h, context);
    open_record(&b, 1);
    write_fragment(&b.w, DTLS_CLIENT_HELLO, LENGTH, 0, 0, message, 15);
    write_fragment(&b.w, 11, LENGTH, 0, 15, message + 15, LENGTH - 15);
    struct dtls_record r = close_record(&b);
    assert_int_equal(client_hello_input(&h, &r, &out), RTC_ERR_SYNTAX);
    client_hello_fini(&h);
}

static void every_prefix_of_a_record(void **state)
{
    (void)state;
    struct built b;
    open_record(&b, 1);
    write_fragment(&b.w, DTLS_CLIENT_HELLO, LENGTH, 0, 0, message, 15);
    (void)close_record(&b);
    for (size_t len = 0; len < writer_len(&b.w); len++) {
        struct reader reader = reader_of(slice_of(b.bytes, len));
        struct dtls_record r;
        assert_int_equal(dtls_record_next(&reader, &r), len == 0 ? DTLS_RECORD_END : DTLS_RECORD_MALFORMED);
    }
    for (size_t len = 0; len < 15 + DTLS_HANDSHAKE_HEADER; len++) {
        struct dtls_record r = {DTLS_HANDSHAKE, 0, slice_of(b.bytes, DTLS_RECORD_HEADER + len), slice_of(b.body, len)};
        assert_false(dtls_record_is_sound(&r));
        struct client_hello h;
        struct slice out;
        client_hello_init(&h, context);
        assert_int_equal(client_hello_input(&h, &r, &out), RTC_ERR_SYNTAX);
        client_hello_fini(&h);
    }
}

static void *no_memory(void *user, size_t size)
{
    return *(bool *)user ? NULL : malloc(size);
}

static void *no_realloc(void *user, void *memory, size_t size)
{
    return *(bool *)user ? NULL : realloc(memory, size);
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct client_hello h;
    struct slice out;
    bool refuses = false;
    rtc_allocator allocator = {no_memory, no_realloc, give_back, &refuses};
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *poor;
    assert_int_equal(rtc_context_new(&options, &poor), 0);
    refuses = true;
    client_hello_init(&h, poor);
    assert_int_equal(give(&h, 0, LENGTH, 0, LENGTH, &out), 0); /* a whole one needs none */
    assert_whole(out);
    assert_int_equal(give(&h, 0, LENGTH, 0, 20, &out), RTC_ERR_NO_MEMORY);
    assert_int_equal(out.len, 0);
    refuses = false;
    assert_int_equal(give(&h, 0, LENGTH, 0, 20, &out), 0);
    assert_int_equal(give(&h, 0, LENGTH, 20, 20, &out), 0);
    assert_whole(out);
    client_hello_fini(&h);
    rtc_context_unref(poor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_passes_as_it_is),
        cmocka_unit_test(every_split_in_two_and_both_orders),
        cmocka_unit_test(every_split_in_three_and_all_orders),
        cmocka_unit_test(every_overlap),
        cmocka_unit_test(byte_by_byte_with_repeats),
        cmocka_unit_test(several_fragments_in_one_record),
        cmocka_unit_test(another_message_replaces),
        cmocka_unit_test(first_bytes_win),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(another_type_inside),
        cmocka_unit_test(every_prefix_of_a_record),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
