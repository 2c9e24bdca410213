/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 section 4 and its test vectors of section 10). */
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_vectors(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct slice bytes = slice_str(vectors[i][0]);
        char text[16];
        uint8_t back[8];
        size_t len;
        base64_encode(bytes, text);
        assert_string_equal(text, vectors[i][1]);
        assert_true(base64_decode(slice_str(text), back, sizeof back, &len));
        assert_true(slice_eq(slice_of(back, len), bytes));
        struct slice bare = slice_str(text);
        while (bare.len > 0 && bare.data[bare.len - 1] == '=')
            bare.len--;
        assert_true(base64_decode(bare, back, bytes.len, &len));
        assert_true(slice_eq(slice_of(back, len), bytes));
        if (bytes.len > 0)
            assert_false(base64_decode(slice_str(text), back, bytes.len - 1, &len));
    }
}

static void every_byte(void **state)
{
    uint8_t bytes[256], back[256];
    char text[BASE64_LEN(256) + 1];
    size_t len;
    (void)state;
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)(i * 167);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        base64_encode(slice_of(bytes, n), text);
        assert_int_equal(slice_str(text).len, BASE64_LEN(n));
        assert_true(base64_decode(slice_str(text), back, sizeof back, &len));
        assert_true(slice_eq(slice_of(back, len), slice_of(bytes, n)));
    }
}

static void what_is_none(void **state)
{
    static const char *const broken[] = {"A",    "AA=",  "AAA==", "AAAA=", "AAAA====", "A===", "=AAA",
                                         "AA=A", "AB==", "AAB=",  "AA A",  "AA-_",     "AAAAA"};
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t bytes[8];
        size_t len;
        assert_false(base64_decode(slice_str(broken[i]), bytes, sizeof bytes, &len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_vectors), cmocka_unit_test(every_byte), cmocka_unit_test(what_is_none)};
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
