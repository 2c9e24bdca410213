/* SPDX-License-Identifier: MIT */
/* The states of pairs, bases, relays, connections, gathering, agents and TURN clients: every move that their diagrams draw, and no other.
 * One that is not drawn can not happen unseen: it ends a debug build, and is refused and logged where assertions are left out. */
#include "ice_internal.h"

#include "context.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Each row: the state that is left, and the first letters of those that may follow. */
struct drawn {
    const struct moves *moves;
    const char *rows[MOVES_STATES_MAX];
};

/* f frozen, w waiting, i in progress, s succeeded, x failed */
static const struct drawn pairs = {&ice_pair_moves, {"wsx", "isx", "wsx", "wx", "ws"}};
/* o opening, O open, p probed, c closed */
static const struct drawn bases = {&ice_base_moves, {"Opc", "c", "c", "Oc"}};
/* o opening, a allocating, O open, w waiting, x failed */
static const struct drawn relays = {&ice_relay_moves, {"oawx", "oOwx", "wx", "ox", "x"}};
/* w waiting, C connecting, O open, p proven, c closed */
static const struct drawn connections = {&ice_connection_moves, {"Cc", "Owc", "pwc", "wc", ""}};
/* n new, a active, c complete */
static const struct drawn gatherings = {&ice_gathering_moves, {"a", "c", "a"}};
/* n new, k checking, C connected, m completed, d disconnected, x failed, c closed */
static const struct drawn agents = {&ice_agent_moves, {"kc", "Cxc", "mdxc", "Cdxc", "Cxc", "c", ""}};
/* n new, a allocating, A allocated, x failed, g closing, c closed */
static const struct drawn clients = {&turn_client_moves, {"ac", "Axgc", "xg", "gc", "xc", "c"}};

static void check(const struct drawn *drawn, const char *letters)
{
    assert_int_equal(drawn->moves->count, strlen(letters));
    for (unsigned from = 0; from < drawn->moves->count; from++)
        for (unsigned to = 0; to < drawn->moves->count; to++)
            assert_int_equal(moves_allow(drawn->moves, from, to), strchr(drawn->rows[from], letters[to]) != NULL);
    for (unsigned i = 0; i < drawn->moves->count; i++) {
        assert_non_null(drawn->moves->names[i]);
        assert_false(moves_allow(drawn->moves, i, (unsigned)drawn->moves->count));
        assert_false(moves_allow(drawn->moves, (unsigned)drawn->moves->count, i));
    }
}

static void what_is_drawn(void **state)
{
    (void)state;
    check(&pairs, "fwisx");
    check(&bases, "oOpc");
    check(&relays, "oaOwx");
    check(&connections, "wCOpc");
    check(&gatherings, "nac");
    check(&agents, "nkCmdxc");
    check(&clients, "naAxgc");
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
