/* SPDX-License-Identifier: MIT */
/* The states of transceivers: every move that their diagram draws, and no other. */
#include "drawn_moves.h"
#include "transceiver_life.h"

/* l live, g stopping, s stopped, d detached */
static void what_is_drawn(void **state)
{
    static const struct drawn transceivers = {&transceiver_moves, {"gs", "s", "d", ""}};
    (void)state;
    assert_moves_are_drawn(&transceivers, "lgsd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
