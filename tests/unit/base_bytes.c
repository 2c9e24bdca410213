/* SPDX-License-Identifier: MIT */
/* Cursors over bytes, wrapping numbers, growing text, lists, errors: the small things of src/base. */
#include "event_rate.h"
#include "json.h"
#include "list.h"
#include "memory.h"
#include "reader.h"
#include "sequence.h"
#include "text.h"
#include "writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void reader_reads_what_writer_wrote(void **state)
{
    uint8_t bytes[64];
    struct writer w = writer_of(bytes, sizeof bytes);
    (void)state;
    writer_u8(&w, 0x81);
    writer_u16(&w, 0x8203);
    writer_u24(&w, 0x840506);
    writer_u32(&w, 0x8708090a);
    writer_u64(&w, 0x8b0c0d0e0f101112u);
    writer_bytes(&w, slice_str("tail"));
    writer_zeros(&w, 2);
    assert_true(writer_ok(&w));
    assert_int_equal(writer_len(&w), 1 + 2 + 3 + 4 + 8 + 4 + 2);
    struct reader r = reader_of(slice_of(bytes, writer_len(&w)));
    assert_int_equal(reader_u8(&r), 0x81);
    assert_int_equal(reader_u16(&r), 0x8203);
    assert_int_equal(reader_u24(&r), 0x840506);
    assert_true(reader_u32(&r) == 0x8708090au);
    assert_true(reader_u64(&r) == 0x8b0c0d0e0f101112u);
    assert_true(slice_is(reader_bytes(&r, 4), "tail"));
    assert_int_equal(reader_left(&r), 2);
    assert_int_equal(reader_rest(&r).len, 2);
    assert_true(reader_ok(&r));
}

static void reader_failure_sticks(void **state)
{
    const uint8_t bytes[] = {1, 2, 3};
    (void)state;
    struct reader r = reader_of(slice_of(bytes, sizeof bytes));
    (void)reader_u32(&r);
    assert_false(reader_ok(&r));
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(reader_bytes(&r, 1).len, 0);
    struct reader nothing = reader_of(slice_of(NULL, 0));
    assert_int_equal(reader_rest(&nothing).len, 0);
    assert_true(reader_ok(&nothing));
    (void)reader_u8(&nothing);
    assert_false(reader_ok(&nothing));
}

static void child_stays_in_its_block(void **state)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5};
    (void)state;
    struct reader r = reader_of(slice_of(bytes, sizeof bytes));
    struct reader child = reader_child(&r, 2);
    assert_int_equal(reader_u16(&child), 0x0102);
    (void)reader_u8(&child);
    assert_false(reader_ok(&child));
    assert_true(reader_ok(&r));
    assert_int_equal(reader_u8(&r), 3);
    child = reader_child(&r, 3);
    assert_false(reader_ok(&child));
    assert_false(reader_ok(&r));
}

static void writer_stops_at_its_end(void **state)
{
    uint8_t bytes[6] = {0, 0, 0, 0, 0xee, 0xee};
    (void)state;
    struct writer w = writer_of(bytes, 4);
    writer_u16(&w, 0x0102);
    writer_u32(&w, 0xffffffff);
    assert_false(writer_ok(&w));
    writer_u8(&w, 9); /* would fit, but comes after what did not */
    assert_int_equal(writer_len(&w), 2);
    assert_int_equal(bytes[2], 0);
    assert_int_equal(bytes[4], 0xee);
    assert_null(writer_room(&w, 0));
}

static void numbers_wrap(void **state)
{
    (void)state;
    assert_int_equal(seq16_diff(2, 65534), 4);
    assert_int_equal(seq32_diff(1, 0xffffffff), 2);
    assert_true(unwrap16(65535, 0) == 65536);
    assert_true(unwrap16(65536, 65535) == 65535);
    assert_true(unwrap16(5 * 65536 + 10, 65530) == 5 * 65536 - 6);
    assert_true(unwrap32(0xfffffff0ll, 5) == 0x100000005ll);
    int64_t at = 0;
    for (int64_t real = 0; real < 300000; real += 211) {
        at = unwrap16(at, (uint16_t)real);
        assert_true(at == real);
    }
}

static void list_keeps_order(void **state)
{
    struct link head, a, b, c;
    (void)state;
    list_init(&head);
    list_init(&a);
    list_init(&b);
    list_init(&c);
    list_remove(&a); /* in no list: harmless */
    assert_true(list_empty(&head));
    list_append(&head, &a);
    list_append(&head, &b);
    list_append(&head, &c);
    list_remove(&b);
    list_remove(&b);
    assert_ptr_equal(head.next, &a);
    assert_ptr_equal(a.next, &c);
    assert_ptr_equal(head.prev, &c);
    list_remove(&c);
    list_remove(&a);
    assert_true(list_empty(&head));
}

static void decimal_numbers(void **state)
{
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x10", "65536", "99999999999999999999", "1.0"};
    uint64_t n = 77;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(slice_to_u64(slice_str(bad[i]), 65535, &n));
    assert_true(n == 77);
    assert_true(slice_to_u64(slice_str("65535"), 65535, &n) && n == 65535);
    assert_true(slice_to_u64(slice_str("00012"), 65535, &n) && n == 12);
    assert_true(slice_to_u64(slice_str("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX);
    assert_false(slice_to_u64(slice_str("18446744073709551616"), UINT64_MAX, &n));
    assert_true(slice_is_nocase(slice_str("OpUs"), "opus"));
    assert_false(slice_is_nocase(slice_str("opus2"), "opus"));
}

static void *refuse(void *user, size_t size)
{
    size_t *left = user;
    return *left > 0 ? (*left)--, malloc(size) : NULL;
}

static void *refuse_more(void *user, void *memory, size_t size)
{
    size_t *left = user;
    return *left > 0 ? (*left)--, realloc(memory, size) : NULL;
}

static void give_back(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void text_grows_or_fails_once(void **state)
{
    size_t left = 1000;
    const rtc_allocator allocator = {refuse, refuse_more, give_back, &left};
    const rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    struct text t = text_new(context);
    char *taken = text_take(&t);
    assert_string_equal(taken, "");
    memory_free(context, taken);
    for (int i = 0; i < 500; i++)
        text_print(&t, "%d,", i);
    text_add(&t, slice_of("a\0b", 3));
    assert_int_equal(t.len, 10 * 2 + 90 * 3 + 400 * 4 + 3);
    taken = text_take(&t);
    assert_memory_equal(taken, "0,1,2,", 6);
    memory_free(context, taken);
    left = 0;
    text_print(&t, "%s", "anything");
    left = 1000;
    text_print(&t, "%s", "more"); /* there is memory again, but something is missing */
    assert_null(text_take(&t));
    rtc_context_unref(context);
}

static void array_growth(void **state)
{
    rtc_context *context;
    void *array = NULL;
    size_t capacity = 0;
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    assert_true(memory_grow(context, &array, &capacity, 1, 8));
    assert_true(capacity >= 1);
    size_t before = capacity;
    assert_true(memory_grow(context, &array, &capacity, before + 1, 8));
    assert_true(capacity >= before * 2);
    before = capacity;
    void *same = array;
    assert_false(memory_grow(context, &array, &capacity, SIZE_MAX / 4, 8));
    assert_ptr_equal(array, same);
    assert_int_equal(capacity, before);
    memory_free(context, array);
    rtc_context_unref(context);
}

static void errors_have_names_and_texts(void **state)
{
    static const struct {
        int code, value;
        const char *name;
    } all[] = {
#define ROW(name, value, dom, text) {name, value, dom},
        RTC_ERROR_LIST(ROW)
#undef ROW
    };
    (void)state;
    assert_int_equal(RTC_ERR_INVALID_STATE, -1); /* the values are ABI */
    assert_int_equal(RTC_ERR_ENCODING, -17);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(all[i].code, -(int)i - 1);
        assert_string_equal(rtc_error_name(all[i].code), all[i].name);
        assert_true(strlen(rtc_error_message(all[i].code)) > 10);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rtc_error_message(all[k].code), rtc_error_message(all[i].code));
    }
    assert_string_equal(rtc_error_name(RTC_OK), "None");
    assert_string_equal(rtc_error_name(1), "UnknownError");
    assert_string_equal(rtc_error_name(-1000), "UnknownError");
    assert_string_equal(rtc_version(), "0.1.0");
}

static void foreign_text(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"", ""},
        {"Quota reached", "Quota reached"},
        {"a\nb\tc\x7f", "a?b?c?"},
        {"gr\xc3\xb6\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xb6\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc3", "?"},
        {"\xc3(", "?("},
        {"\xc0\xaf", "??"}, /* longer than need be */
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},
        {"\xed\xa0\x80", "???"}, /* half of a pair: the first */
        {"\xed\xa4\x80", "???"},
        {"\xed\xbf\xbf", "???"}, /* and the last */
        {"\xee\x80\x80", "\xee\x80\x80"},
        {"\xf5\x80\x80\x80", "????"}, /* beyond Unicode */
        {"\xc2\x85", "??"},           /* a control character */
        {"0123456789abcde", "0123456789abcde"},
        {"0123456789abcdef", "0123456789abcde"},
        {"0123456789abcd\xc3\xb6", "0123456789abcd"}, /* not half a character */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char to[16];
        text_copy_foreign(to, sizeof to, slice_str(cases[i].from));
        assert_string_equal(to, cases[i].to);
    }
    char zero[8];
    text_copy_foreign(zero, sizeof zero, slice_of("a\0b", 3));
    assert_string_equal(zero, "a?b");
}

/* What happens evenly is counted exactly, in any tenth of a second, after pauses of any length. */
static void a_rate_is_of_the_last_second(void **state)
{
    struct event_rate rate = {0};
    (void)state;
    assert_int_equal(event_rate_per_second(&rate, 0), 0);
    assert_int_equal(event_rate_per_second(&rate, 123456789), 0);
    for (rtc_time_t at = 5000000; at < 8000000; at += 33333)
        event_rate_add(&rate, at);
    for (rtc_time_t at = 8000000; at < 8100000; at += 20000)
        assert_in_range(event_rate_per_second(&rate, at), 29, 31);
    assert_in_range(event_rate_per_second(&rate, 8500000), 14, 16);
    assert_int_equal(event_rate_per_second(&rate, 9100000), 0);
    event_rate_add(&rate, 9000000000);
    assert_int_equal(event_rate_per_second(&rate, 9000000000), 0); /* its tenth is not over */
    assert_int_equal(event_rate_per_second(&rate, 9000100000), 1);
    assert_int_equal(event_rate_per_second(&rate, 9001000000), 1);
    assert_int_equal(event_rate_per_second(&rate, 9001100000), 0);
    event_rate_add(&rate, 8999900000); /* a clock that went back: counted where the last one was */
    assert_int_equal(event_rate_per_second(&rate, 9000100000), 2);
}

static void expect_json(const char *bytes, size_t len, const char *expected)
{
    rtc_context *context;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    struct text text = text_new(context);
    json_string(&text, slice_of(bytes, len));
    char *json = text_take(&text);
    assert_string_equal(json, expected);
    memory_free(context, json);
    rtc_context_unref(context);
}

static void json_strings(void **state)
{
    (void)state;
    expect_json("", 0, "\"\"");
    expect_json("plain", 5, "\"plain\"");
    expect_json("a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"");
    expect_json("\0\n\x1f\x7f", 4, "\"\\u0000\\u000a\\u001f\\u007f\"");
    expect_json("gr\xc3\xb6\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15, "\"gr\xc3\xb6\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
    /* What is no UTF-8, byte for byte: cut short, too long, half of a pair, beyond Unicode. */
    expect_json("\xe2\x82", 2, "\"\\ufffd\\ufffd\"");
    expect_json("\xc0\xaf"
                "x",
                3, "\"\\ufffd\\ufffdx\"");
    expect_json("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
    expect_json("\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void json_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } numbers[] = {{0, "0"},
                   {-1, "-1"},
                   {0.1, "0.1"},
                   {1764441512345.678, "1764441512345.678"},
                   {4294967295.0, "4294967295"},
                   {1e300, "1e+300"},
                   {1.0 / 3, "0.33333333333333331"},
                   {INFINITY, "null"},
                   {NAN, "null"}};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct text text = text_new(context);
        json_number(&text, numbers[i].value);
        char *json = text_take(&text);
        assert_string_equal(json, numbers[i].text);
        memory_free(context, json);
    }
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_reads_what_writer_wrote),
        cmocka_unit_test(reader_failure_sticks),
        cmocka_unit_test(child_stays_in_its_block),
        cmocka_unit_test(writer_stops_at_its_end),
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(list_keeps_order),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(text_grows_or_fails_once),
        cmocka_unit_test(foreign_text),
        cmocka_unit_test(array_growth),
        cmocka_unit_test(errors_have_names_and_texts),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(json_numbers),
        cmocka_unit_test(a_rate_is_of_the_last_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
