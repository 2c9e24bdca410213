/* SPDX-License-Identifier: MIT */
/* Kinds of networks, read from a folder like /sys/class/net and guessed from names. */
#include "network_type.h"

#include <crtc/transport.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/crtc_network_type_XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(root);
}

/* What the interface is called and has in its folder: a file with that content, or (empty) none. */
static void assert_type(const char *name, const char *file, const char *content, rtc_network_type expected)
{
    char folder[128], path[192];
    (void)snprintf(folder, sizeof folder, "%s/%.15s", root, name);
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_int_equal(mkdir(folder, 0700), 0);
    FILE *f = file[0] ? fopen(path, "w") : NULL;
    if (f) {
        assert_true(fputs(content, f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
    uint32_t type = network_type(root, name);
    if (f)
        assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    if (type != (uint32_t)expected)
        fail_msg("%s with %s: %u", name, file, type);
}

static void as_the_kernel_says(void **state)
{
    (void)state;
    assert_type("x0", "type", "1\n", RTC_NETWORK_ETHERNET);
    assert_type("x0", "type", "772\n", RTC_NETWORK_LOOPBACK);
    assert_type("x0", "type", "65534\n", RTC_NETWORK_VPN);
    assert_type("x0", "type", "519\n", RTC_NETWORK_CELLULAR);
    assert_type("x0", "type", "", RTC_NETWORK_UNKNOWN);
    assert_type("x0", "type", "nonsense", RTC_NETWORK_UNKNOWN);
    assert_type("x0", "", "", RTC_NETWORK_UNKNOWN);
    assert_type("x0", "wireless", "", RTC_NETWORK_WIFI);
    assert_type("eth0", "phy80211", "", RTC_NETWORK_WIFI);
    assert_type("eth0", "tun_flags", "", RTC_NETWORK_VPN);
}

static void as_they_are_called(void **state)
{
    (void)state;
    assert_type("docker0", "type", "1\n", RTC_NETWORK_VIRTUAL);
    assert_type("br-0123456789ab", "type", "1\n", RTC_NETWORK_VIRTUAL);
    assert_type("br0", "type", "1\n", RTC_NETWORK_ETHERNET); /* a bridge of the host's own, which has its address */
    assert_type("wwan0", "type", "1\n", RTC_NETWORK_CELLULAR);
    assert_type("rmnet_data0", "", "", RTC_NETWORK_CELLULAR);
    assert_type("tun0", "", "", RTC_NETWORK_VPN);
    assert_type("wg0", "", "", RTC_NETWORK_VPN);
    assert_type("wlp3s0", "", "", RTC_NETWORK_WIFI);
    assert_type("enp0s31f6", "", "", RTC_NETWORK_ETHERNET);
    assert_int_equal(network_type("/nowhere", "eth0:1"), RTC_NETWORK_ETHERNET);
    assert_int_equal(network_type("/nowhere", "strange"), RTC_NETWORK_UNKNOWN);
    assert_int_equal(network_type("/nowhere", "a name that is longer than any interface has"), RTC_NETWORK_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_kernel_says),
        cmocka_unit_test(as_they_are_called),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
