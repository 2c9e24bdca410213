/* SPDX-License-Identifier: MIT */
/* a=rid and a=simulcast (RFC 8851, RFC 8853): lines, what they restrict, and which streams a section has by them. */
#include "jsep.h"
#include "sdp_attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void rid_lines(void **state)
{
    static const struct {
        const char *line, *id;
        bool good, send;
        const char *restrictions;
    } cases[] = {
        {"q send", "q", true, true, ""},  {"h-1_x recv pt=96;max-width=640", "h-1_x", true, false, "pt=96;max-width=640"},
        {"q", "", false, false, ""},      {"q both", "", false, false, ""},
        {" send", "", false, false, ""},  {"q! send", "", false, false, ""},
        {"q SEND", "", false, false, ""}, {"", "", false, false, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sdp_rid rid;
        bool good = sdp_read_rid(slice_str(cases[i].line), &rid);
        assert_int_equal(good, cases[i].good);
        if (good)
            assert_true(slice_is(rid.id, cases[i].id) && rid.send == cases[i].send && slice_is(rid.restrictions, cases[i].restrictions));
    }
}

static void simulcast_lines(void **state)
{
    static const struct {
        const char *line, *send, *recv;
        bool good;
    } cases[] = {
        {"send q;h;f", "q;h;f", "", true}, {"recv q", "", "q", true}, {"send a,~b;c recv d", "a,~b;c", "d", true},
        {"recv d send a", "a", "d", true}, {"send", "", "", false},   {"", "", "", false},
        {"send a send b", "", "", false},  {"both a", "", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sdp_simulcast s;
        assert_int_equal(sdp_read_simulcast(slice_str(cases[i].line), &s), cases[i].good);
        if (cases[i].good)
            assert_true(slice_is(s.send, cases[i].send) && slice_is(s.recv, cases[i].recv));
    }
}

static void restrictions(void **state)
{
    static const struct {
        const char *text;
        bool good;
        struct jsep_rid_limits limits;
    } cases[] = {
        {"", true, {.max_width = 0}},
        {"max-width=640;max-height=360;max-fps=15;max-br=200000", true, {640, 360, 15, 200000, {0, 0}}},
        {"pt=96,0;max-br=1", true, {0, 0, 0, 1, {1, UINT64_C(1) << 32}}},
        {"pt=127", true, {.payload_types = {0, UINT64_C(1) << 63}}},
        {"max-fs=3600;depend=q;what=ever;flag", true, {.max_width = 0}},
        {"max-width=640;pt=96", false, {.max_width = 0}}, /* formats come first */
        {"pt=", false, {.max_width = 0}},
        {"pt=128", false, {.max_width = 0}},
        {"pt=96,", true, {.payload_types = {0, UINT64_C(1) << 32}}},
        {"max-width=", false, {.max_width = 0}},
        {"max-width;max-br=200000;max-fps", true, {.max_bitrate_bps = 200000}}, /* a name without a value is in the grammar */
        {"max-width=0", false, {.max_width = 0}},
        {"max-width=-1", false, {.max_width = 0}},
        {"max-width=4294967296", false, {.max_width = 0}},
        {"max-width=1;max-width=2", false, {.max_width = 0}},
        {"max-br=1;=2", false, {.max_width = 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jsep_rid_limits limits;
        memset(&limits, 0x55, sizeof limits);
        bool good = jsep_rid_read_limits(slice_str(cases[i].text), &limits);
        if (good != cases[i].good || memcmp(&limits, &cases[i].limits, sizeof limits) != 0)
            fail_msg("%s", cases[i].text);
        for (size_t len = 0; len < strlen(cases[i].text); len++) /* any part of it is read to its end and no further */
            (void)jsep_rid_read_limits(slice_of(cases[i].text, len), &limits);
    }
    struct jsep_rid_limits some = {.payload_types = {0, UINT64_C(1) << 32}}, any = {.max_width = 1};
    assert_true(jsep_rid_allows(&some, 96) && !jsep_rid_allows(&some, 97) && !jsep_rid_allows(&some, JSEP_NO_PAYLOAD_TYPE));
    assert_true(jsep_rid_allows(&any, 97));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rid_lines), cmocka_unit_test(simulcast_lines), cmocka_unit_test(restrictions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
