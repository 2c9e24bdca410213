/* SPDX-License-Identifier: MIT */
/* The states of associations, of channels and of their streams: every move that their diagrams draw, and no other. */
#include "assoc.h"
#include "channel.h"
#include "drawn_moves.h"

static void what_is_drawn(void **state)
{
    /* n new, k connecting, u up, l lost */
    static const struct drawn engines = {&assoc_moves, {"kl", "ul", "l", ""}};
    /* n new, k connecting, C connected, c closed */
    static const struct drawn associations = {&sctp_moves, {"kc", "Cc", "c", ""}};
    /* k connecting, o open, g closing, c closed */
    static const struct drawn channels = {&data_channel_moves, {"ogc", "gc", "c", ""}};
    /* n none, w wanted, a asked, d done */
    static const struct drawn resets = {&channel_reset_moves, {"wd", "ad", "wd", ""}};
    (void)state;
    assert_moves_are_drawn(&engines, "nkul");
    assert_moves_are_drawn(&associations, "nkCc");
    assert_moves_are_drawn(&channels, "kogc");
    assert_moves_are_drawn(&resets, "nwad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
