/* SPDX-License-Identifier: MIT */
/* When a layer of simulcast goes off and comes on again: not for a moment's want of rate, at once where there is nothing, and later each
 * time that it could not stay. */
#include "rtp_layer_switch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S ((rtc_time_t)1000000)
static const enum rtp_layer_rate NOTHING = RTP_LAYER_NOTHING, SHORT = RTP_LAYER_SHORT, ENOUGH = RTP_LAYER_ENOUGH;

static struct rtp_layer_switch layer;
static rtc_time_t now;

static void begin(void)
{
    rtp_layer_switch_init(&layer);
    now = 1000 * S;
}

/* For so long, asked ten times a second; whether it is on then. */
static bool pass(rtc_time_t duration, enum rtp_layer_rate rate)
{
    bool on = !layer.off;
    for (rtc_time_t end = now + duration; now < end; now += S / 10)
        on = rtp_layer_switch_follow(&layer, now, rate, true);
    return on;
}

/* So many tenths of a second pass until it is on. */
static int tenths_until_on(void)
{
    int tenths = 0;
    for (; !rtp_layer_switch_follow(&layer, now, ENOUGH, true) && tenths < 1000; now += S / 10)
        tenths++;
    return tenths;
}

static void a_moment_is_borne(void **state)
{
    (void)state;
    begin();
    assert_true(pass(10 * S, ENOUGH));
    assert_true(pass(9 * S / 10, SHORT));
    assert_true(pass(S / 10, ENOUGH));
    assert_true(pass(S, SHORT)); /* the moment begins anew */
    assert_false(pass(S / 10, SHORT));
}

static void nothing_is_not(void **state)
{
    (void)state;
    begin();
    assert_false(rtp_layer_switch_follow(&layer, now, NOTHING, true));
    begin();
    assert_false(rtp_layer_switch_follow(&layer, now, ENOUGH, false)); /* the one below it is off */
    assert_false(rtp_layer_switch_follow(&layer, now, ENOUGH, false));
    assert_true(rtp_layer_switch_follow(&layer, now, ENOUGH, true));
}

/* At once the first time, then after a second, two, and so on to half a minute; what it needs is enough for all of that time. */
static void it_waits_longer_each_time(void **state)
{
    static const int waits[] = {0, 10, 20, 40, 80, 160, 320, 320};
    (void)state;
    begin();
    assert_true(pass(60 * S, ENOUGH));
    assert_false(rtp_layer_switch_follow(&layer, now, NOTHING, true));
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_int_equal(tenths_until_on(), waits[i]);
        assert_true(pass(5 * S, ENOUGH));
        assert_false(pass(2 * S, SHORT));
    }
    assert_false(pass(31 * S, ENOUGH));
    assert_false(pass(S / 10, SHORT));
    assert_int_equal(tenths_until_on(), 320);
}

/* One that stayed for half a minute is trusted again. */
static void it_is_trusted_again(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 4; i++) {
        assert_false(pass(2 * S, NOTHING));
        (void)tenths_until_on();
    }
    assert_true(layer.wait > S);
    assert_true(pass(30 * S, ENOUGH));
    assert_false(pass(2 * S, NOTHING));
    assert_int_equal(tenths_until_on(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_borne),
        cmocka_unit_test(nothing_is_not),
        cmocka_unit_test(it_waits_longer_each_time),
        cmocka_unit_test(it_is_trusted_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
