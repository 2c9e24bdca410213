/* SPDX-License-Identifier: MIT */
/* The states of pairs, bases, relays, connections, listeners, queries, lists of interfaces, gathering, agents and TURN clients: every move
 * that their diagrams draw, and no other. One that is not drawn can not happen unseen: it ends a debug build, and is refused and logged
 * where assertions are left out. */
#include "drawn_moves.h"
#include "ice_internal.h"
#include "ice_lookup.h"
#include "mdns_internal.h"

#include "context.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* f frozen, w waiting, i in progress, s succeeded, x failed */
static const struct drawn pairs = {&ice_pair_moves, {"wsx", "isx", "wsx", "wx", "ws"}};
/* o opening, O open, p probed, c closed */
static const struct drawn bases = {&ice_base_moves, {"Opc", "c", "c", "Oc"}};
/* o opening, a allocating, O open, w waiting, x failed */
static const struct drawn relays = {&ice_relay_moves, {"oawx", "oOwx", "wx", "ox", "x"}};
/* w waiting, C connecting, O open, p proven, c closed */
static const struct drawn connections = {&ice_connection_moves, {"Cc", "Owc", "pwc", "wc", ""}};
/* c closed, o opening, O open */
static const struct drawn listeners = {&ice_listener_moves, {"o", "Oc", "c"}};
/* w waiting, a active, m mapped, x failed */
static const struct drawn queries = {&ice_query_moves, {"ax", "wmx", "", "w"}};
/* w waiting, m multicast, s system, f found */
static const struct drawn lookups = {&ice_lookup_moves, {"ms", "sf", "f", ""}};
/* c closed, o opening, j joining, O open, x refused */
static const struct drawn links = {&mdns_link_moves, {"ox", "jx", "Ox", "cx", ""}};
/* u unknown, a asking, f found, m ambiguous (more than one), n no answer */
static const struct drawn names = {&mdns_query_moves, {"a", "fn", "m", "", ""}};
/* n new, a active, c complete */
static const struct drawn gatherings = {&ice_gathering_moves, {"a", "c", "a"}};
/* n new, k checking, C connected, m completed, d disconnected, x failed, c closed */
static const struct drawn agents = {&ice_agent_moves, {"kc", "Cdxc", "mdxc", "Cdxc", "kCxc", "c", ""}};
/* u unasked, a awaited, x unknown, k known */
static const struct drawn lists = {&ice_interfaces_moves, {"a", "xk", "k", ""}};
/* n new, a allocating, A allocated, x failed, g closing, c closed */
static const struct drawn clients = {&turn_client_moves, {"ac", "Axgc", "xg", "gc", "xc", "c"}};

static void what_is_drawn(void **state)
{
    (void)state;
    assert_moves_are_drawn(&pairs, "fwisx");
    assert_moves_are_drawn(&bases, "oOpc");
    assert_moves_are_drawn(&relays, "oaOwx");
    assert_moves_are_drawn(&connections, "wCOpc");
    assert_moves_are_drawn(&listeners, "coO");
    assert_moves_are_drawn(&queries, "wamx");
    assert_moves_are_drawn(&lookups, "wmsf");
    assert_moves_are_drawn(&links, "cojOx");
    assert_moves_are_drawn(&names, "uafmn");
    assert_moves_are_drawn(&gatherings, "nac");
    assert_moves_are_drawn(&lists, "uaxk");
    assert_moves_are_drawn(&agents, "nkCmdxc");
    assert_moves_are_drawn(&clients, "naAxgc");
}

static void keep_line(void *user, rtc_log_level level, const char *module, const char *text)
{
    (void)module;
    assert_int_equal(level, RTC_LOG_ERROR);
    (void)snprintf(user, 128, "%s", text);
}

static void never_silently(void **state)
{
    char line[128] = "";
    const rtc_context_options options = {.size = sizeof options, .log = keep_line, .log_user = line, .log_level = RTC_LOG_ERROR};
    struct ice_pair pair = {.state = ICE_PAIR_SUCCEEDED};
    rtc_context *context;
    (void)state;
    assert_int_equal(rtc_context_new(&options, &context), RTC_OK);
    ice_pair_set_state(&pair, context, ICE_PAIR_SUCCEEDED);
    assert_string_equal(line, "");
#ifdef NDEBUG
    ice_pair_set_state(&pair, context, ICE_PAIR_FROZEN);
    assert_int_equal(pair.state, ICE_PAIR_SUCCEEDED);
    assert_string_equal(line, "a pair can not go from succeeded to frozen");
    struct ice_base base = {.state = ICE_BASE_PROBED};
    ice_base_set_state(&base, context, ICE_BASE_OPEN);
    assert_int_equal(base.state, ICE_BASE_PROBED);
    assert_string_equal(line, "a base can not go from probed to open");
#else
    int status;
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO); /* what the assertion says */
        (void)signal(SIGABRT, SIG_DFL);
        ice_pair_set_state(&pair, context, ICE_PAIR_FROZEN);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
#endif
    rtc_context_unref(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_drawn), cmocka_unit_test(never_silently)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
