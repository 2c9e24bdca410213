/* SPDX-License-Identifier: MIT */
/* The states of transceivers, of a connection's life, and of what a transport keeps beside its cores: every move that their diagrams draw,
 * and no other. */
#include "drawn_moves.h"
#include "peer.h"
#include "transceiver_life.h"
#include "transport_internal.h"

static void what_is_drawn(void **state)
{
    /* l live, g stopping, s stopped, d detached */
    static const struct drawn transceivers = {&transceiver_moves, {"gs", "s", "d", ""}};
    /* o open, g given up, c closed, l lingering */
    static const struct drawn lives = {&peer_life_moves, {"gc", "c", "l", "c"}};
    /* n none, w withheld, s surfacing */
    static const struct drawn pools = {&transport_pool_moves, {"w", "sn", "n"}};
    /* n none, a agreed, s started, g ending, e ended */
    static const struct drawn associations = {&transport_sctp_moves, {"ag", "sg", "g", "e", "nag"}};
    (void)state;
    assert_moves_are_drawn(&transceivers, "lgsd");
    assert_moves_are_drawn(&lives, "ogcl");
    assert_moves_are_drawn(&pools, "nws");
    assert_moves_are_drawn(&associations, "nasge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
