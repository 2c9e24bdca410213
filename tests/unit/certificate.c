/* SPDX-License-Identifier: MIT */
/* Certificates: made, printed, read back, refused; and the supply of them. The PEM files and their fingerprint come from openssl. */
#include "certificate_internal.h"
#include "certificate_write.h"
#include "context.h"
#include "counting_allocator.h"
#include "executor.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_US (INT64_C(86400) * 1000000)
#define P256_FINGERPRINT                                                                                                       \
    "9E:B5:1D:6C:40:70:60:F5:C5:25:C3:5F:66:39:38:34:19:C9:6E:98:2B:39:C1:A8:83:63:57:B8:FE:90:47:28"

static rtc_context *counted_context(struct counting_allocator *m)
{
    rtc_allocator allocator = counting_allocator_of(m);
    rtc_context_options options = {.size = sizeof options, .allocator = &allocator};
    rtc_context *context = NULL;
    *m = (struct counting_allocator){0};
    assert_int_equal(rtc_context_new(&options, &context), 0);
    return context;
}

static size_t load(const char *name, char *text, size_t capacity)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/certificates/%s.pem", CRTC_TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, capacity - 1, file);
    (void)fclose(file);
    text[len] = 0;
    return len;
}

static int import(const char *name, struct certificate **out)
{
    static char text[8192];
    return certificate_import_pem(NULL, slice_of(text, load(name, text, sizeof text)), out);
}

static void fingerprint_is_what_openssl_says(void **state)
{
    (void)state;
    struct certificate *c;
    assert_int_equal(import("p256", &c), 0);
    assert_string_equal(certificate_fingerprint(c), P256_FINGERPRINT);
    assert_true(certificate_expires_us(c) == INT64_C(4948844593) * 1000000);
    certificate_unref(c);
    assert_int_equal(import("p256_key_first", &c), 0);
    assert_string_equal(certificate_fingerprint(c), P256_FINGERPRINT);
    certificate_unref(c);
    assert_int_equal(import("p384", &c), 0);
    certificate_unref(c);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct certificate *c = NULL;
    assert_int_equal(import("mismatched", &c), RTC_ERR_INVALID_ACCESS);
    assert_int_equal(import("rsa768", &c), RTC_ERR_NOT_SUPPORTED);
    assert_int_equal(import("encrypted", &c), RTC_ERR_SYNTAX);
    assert_int_equal(certificate_import_pem(NULL, slice_str(""), &c), RTC_ERR_SYNTAX);
    assert_int_equal(certificate_import_pem(NULL, slice_str("no PEM at all"), &c), RTC_ERR_SYNTAX);
    assert_int_equal(certificate_generate(NULL, (enum certificate_key)7, 0, &c), RTC_ERR_NOT_SUPPORTED);
    assert_null(c);
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    char text[8192];
    struct certificate *c = NULL;
    size_t len = load("p256", text, sizeof text);
    for (size_t i = 0; i + 10 < len; i += 3)
        assert_int_not_equal(certificate_import_pem(NULL, slice_of(text, i), &c), 0);
    assert_null(c);
}

static void round_trip(enum certificate_key key)
{
    struct certificate *made, *read;
    char *pem, *again;
    assert_int_equal(certificate_generate(NULL, key, 0, &made), 0);
    assert_int_equal(certificate_export_pem(made, &pem), 0);
    assert_int_equal(certificate_import_pem(NULL, slice_str(pem), &read), 0);
    assert_string_equal(certificate_fingerprint(made), certificate_fingerprint(read));
    assert_true(slice_eq(certificate_der(made), certificate_der(read)));
    assert_true(certificate_expires_us(made) == certificate_expires_us(read));
    assert_int_equal(certificate_export_pem(read, &again), 0);
    assert_string_equal(pem, again);
    memory_free(context_resolve(NULL), pem);
    memory_free(context_resolve(NULL), again);
    certificate_unref(made);
    certificate_unref(read);
}

static void round_trips(void **state)
{
    (void)state;
    round_trip(CERTIFICATE_ECDSA_P256);
    round_trip(CERTIFICATE_RSA_2048);
}

static void lifetime(void **state)
{
    (void)state;
    rtc_context *context = context_resolve(NULL);
    struct certificate *c;
    int64_t now = context_wall_us(context, rtc_now());
    assert_int_equal(certificate_generate(context, CERTIFICATE_ECDSA_P256, 0, &c), 0);
    assert_in_range(certificate_expires_us(c) - now + DAY_US, 31 * DAY_US - 2000000, 31 * DAY_US + 10000000);
    certificate_unref(c);
    assert_int_equal(certificate_generate(context, CERTIFICATE_ECDSA_P256, 2 * DAY_US, &c), 0);
    assert_in_range(certificate_expires_us(c) - now, 2 * DAY_US - 2000000, 2 * DAY_US + 10000000);
    certificate_unref(c);
    assert_int_equal(certificate_generate(context, CERTIFICATE_ECDSA_P256, INT64_MAX, &c), 0);
    assert_true(certificate_expires_us(c) > now);
    certificate_unref(c);
}

static int named(const char *name, size_t times)
{
    const char *names[CERTIFICATE_NAMES_MAX + 1];
    struct certificate *c = NULL;
    for (size_t i = 0; i < times; i++)
        names[i] = name;
    const struct certificate_wish wish = {.names = names, .name_count = times};
    int error = certificate_make(NULL, &wish, &c);
    assert_true((error == 0) == (c != NULL));
    if (c && times > 0)
        assert_non_null(memmem(certificate_der(c).data, certificate_der(c).len, strchr(name, ':') ? "\x87\x10" : name, strchr(name, ':') ? 2 : strlen(name)));
    certificate_unref(c);
    return error;
}

static void names(void **state)
{
    char longest[255], label[65];
    static const char *const good[] = {"localhost", "a", "call.example.org", "*.example.org", "x_y.example", "2001:db8::1", "1.example", "xn--bcher-kva.example"};
    static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "*", "*.", "a.*", "1.2.3", "1.2.3.256", "[::1]", "b\xc3\xbc" "cher.example", "a/b"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (named(good[i], 1))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (named(bad[i], 1) != RTC_ERR_SYNTAX)
            fail_msg("taken: %s", bad[i]);
    memset(label, 'a', sizeof label);
    label[64] = 0;
    assert_int_equal(named(label, 1), RTC_ERR_SYNTAX); /* 64 characters */
    label[63] = 0;
    assert_int_equal(named(label, 1), 0);
    memset(longest, 'a', sizeof longest);
    longest[63] = longest[127] = longest[191] = '.';
    longest[254] = 0;
    assert_int_equal(named(longest, 1), RTC_ERR_SYNTAX); /* 254 */
    longest[253] = 0;
    assert_int_equal(named(longest, CERTIFICATE_NAMES_MAX), 0); /* the largest of all */
    assert_int_equal(named("a", CERTIFICATE_NAMES_MAX + 1), RTC_ERR_RANGE);
}

/* RFC 5280 4.1.2.5: the form of a time changes with the year 2050, and a year has four digits at most. */
static void years(void **state)
{
    (void)state;
    rtc_context *context;
    assert_int_equal(rtc_context_new(NULL, &context), 0);
    context_seed(context, 5); /* late in 2023 */
    static const struct {
        int64_t at;
        const char *text;
    } cases[] = {{2524607999, "\x17\x0d" "491231235959Z"}, {2524608000, "\x18\x0f" "20500101000000Z"}, {253402300799, "\x18\x0f" "99991231235959Z"},
                 {253402300800, "\x18\x0f" "99991231235959Z"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct certificate *c;
        int64_t now = context_wall_us(context, rtc_now());
        assert_int_equal(certificate_generate(context, CERTIFICATE_ECDSA_P256, cases[i].at * 1000000 + 500000 - now, &c), 0);
        assert_non_null(memmem(certificate_der(c).data, certificate_der(c).len, cases[i].text, strlen(cases[i].text)));
        certificate_unref(c);
    }
    rtc_context_unref(context);
}

static void supply_is_made_ahead_and_filled_up(void **state)
{
    (void)state;
    struct counting_allocator m = {0};
    rtc_context *context = counted_context(&m);
    struct certificate *c[5];
    uint32_t ready, pending;
    context_seed(context, 1);
    context_simulate(context, 1000);
    assert_int_equal(certificate_supply_take(context, 0, &c[0]), 0);
    certificate_supply_count(context, &ready, &pending);
    assert_int_equal(ready, 4);
    assert_int_equal(pending, 0);
    static const uint32_t left[] = {0, 3, 2, 4, 3}; /* the third one leaves a single one behind: filled up */
    for (int i = 1; i < 5; i++) {
        assert_int_equal(certificate_supply_take(context, i, &c[i]), 0);
        certificate_supply_count(context, &ready, &pending);
        assert_int_equal(ready, left[i]);
    }
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(certificate_fingerprint(c[i]), certificate_fingerprint(c[k]));
    for (int i = 0; i < 5; i++)
        certificate_unref(c[i]);
    rtc_context_unref(context);
    assert_int_equal(m.live, 0);
}

static void old_ones_are_dropped(void **state)
{
    (void)state;
    struct counting_allocator m = {0};
    rtc_context *context = counted_context(&m);
    struct certificate *c;
    uint32_t ready, pending;
    context_seed(context, 2);
    context_simulate(context, 0);
    assert_int_equal(certificate_supply_take(context, 0, &c), 0);
    certificate_unref(c);
    assert_int_equal(certificate_supply_take(context, DAY_US + 1, &c), 0);
    certificate_unref(c);
    certificate_supply_count(context, &ready, &pending);
    assert_int_equal(ready, 4); /* all four were too old; these are new */
    assert_int_equal(certificate_supply_take(context, DAY_US + 2, &c), 0);
    certificate_unref(c);
    certificate_supply_count(context, &ready, &pending);
    assert_int_equal(ready, 3);
    rtc_context_unref(context);
    assert_int_equal(m.live, 0);
}

static void certificate_outlives_the_callers_context_reference(void **state)
{
    (void)state;
    struct counting_allocator m = {0};
    rtc_context *context = counted_context(&m);
    struct certificate *c;
    context_seed(context, 3);
    context_simulate(context, 0);
    assert_int_equal(certificate_take(context, &c), 0);
    rtc_context_unref(context);
    assert_true(m.live > 0);
    assert_int_equal(strlen(certificate_fingerprint(c)), 95);
    certificate_unref(c);
    assert_int_equal(m.live, 0);
}

static void supply_with_threads(void **state)
{
    (void)state;
    rtc_context_options options = {.size = sizeof options, .worker_threads = 2};
    for (int round = 0; round < 8; round++) {
        rtc_context *context;
        struct certificate *c;
        assert_int_equal(rtc_context_new(&options, &context), 0);
        for (int i = 0; i < round; i++) {
            assert_int_equal(certificate_take(context, &c), 0);
            certificate_unref(c);
        }
        rtc_context_unref(context); /* workers may still be at it */
    }
}

static void allocation_failures(void **state)
{
    (void)state;
    int error = RTC_ERR_NO_MEMORY;
    for (long n = 1; error; n++) {
        struct counting_allocator m = {0};
        rtc_context *context = counted_context(&m);
        struct certificate *c = NULL;
        char *pem = NULL;
        context_seed(context, 4);
        context_simulate(context, 0);
        m.fail_at = m.calls + n;
        error = certificate_take(context, &c);
        if (!error)
            error = certificate_export_pem(c, &pem);
        assert_true(error == 0 || error == RTC_ERR_NO_MEMORY);
        if (!error && m.failed)
            error = RTC_ERR_NO_MEMORY; /* it failed where it did no harm: go on */
        memory_free(context, pem);
        certificate_unref(c);
        rtc_context_unref(context);
        assert_int_equal(m.live, 0);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_is_what_openssl_says),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(lifetime),
        cmocka_unit_test(names),
        cmocka_unit_test(years),
        cmocka_unit_test(supply_is_made_ahead_and_filled_up),
        cmocka_unit_test(old_ones_are_dropped),
        cmocka_unit_test(certificate_outlives_the_callers_context_reference),
        cmocka_unit_test(supply_with_threads),
        cmocka_unit_test(allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
