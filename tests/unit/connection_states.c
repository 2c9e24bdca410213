/* SPDX-License-Identifier: MIT */
/* What connections are when their transports are in these states (webrtc-pc 4.3.2 to 4.3.4): a table, and every combination of two. */
#include "connection_states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TRANSPORTS_MAX = 3 };

static struct transport_states transport(enum ice_state ice, enum dtls_state dtls)
{
    return (struct transport_states){.ice = ice, .ice_told = ice, .dtls = dtls};
}

struct row {
    struct transport_states transports[TRANSPORTS_MAX];
    size_t count;
    rtc_peer_connection_state connection;
    rtc_ice_connection_state ice;
};

#define T(ice, dtls)                                                \
    {                                                               \
        ICE_##ice, ICE_##ice, DTLS_##dtls, ICE_GATHERING_NEW, false \
    }

static const struct row rows[] = {
    {{{ICE_NEW}}, 0, RTC_PEER_CONNECTION_NEW, RTC_ICE_CONNECTION_NEW},
    /* One, on its way. */
    {{T(NEW, NEW)}, 1, RTC_PEER_CONNECTION_NEW, RTC_ICE_CONNECTION_NEW},
    {{T(NEW, CONNECTING)}, 1, RTC_PEER_CONNECTION_NEW, RTC_ICE_CONNECTION_NEW},
    {{T(CHECKING, CONNECTING)}, 1, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CHECKING},
    {{T(CONNECTED, CONNECTING)}, 1, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CONNECTED},
    {{T(CONNECTED, CONNECTED)}, 1, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(COMPLETED, CONNECTED)}, 1, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_COMPLETED},
    {{T(DISCONNECTED, CONNECTED)}, 1, RTC_PEER_CONNECTION_DISCONNECTED, RTC_ICE_CONNECTION_DISCONNECTED},
    {{T(FAILED, CONNECTED)}, 1, RTC_PEER_CONNECTION_FAILED, RTC_ICE_CONNECTION_FAILED},
    {{T(CONNECTED, FAILED)}, 1, RTC_PEER_CONNECTION_FAILED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(CONNECTED, CLOSED)}, 1, RTC_PEER_CONNECTION_DISCONNECTED, RTC_ICE_CONNECTION_CONNECTED}, /* nothing gets through */
    /* Two: the one that is worst counts, and one that is not there yet. */
    {{T(CONNECTED, CONNECTED), T(NEW, NEW)}, 2, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CHECKING},
    {{T(CONNECTED, CONNECTED), T(CHECKING, CONNECTING)}, 2, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CHECKING},
    {{T(CONNECTED, CONNECTED), T(COMPLETED, CONNECTED)}, 2, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(COMPLETED, CONNECTED), T(COMPLETED, CONNECTED)}, 2, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_COMPLETED},
    {{T(CONNECTED, CONNECTED), T(DISCONNECTED, CONNECTED)}, 2, RTC_PEER_CONNECTION_DISCONNECTED, RTC_ICE_CONNECTION_DISCONNECTED},
    {{T(NEW, NEW), T(DISCONNECTED, CONNECTED)}, 2, RTC_PEER_CONNECTION_DISCONNECTED, RTC_ICE_CONNECTION_DISCONNECTED},
    {{T(DISCONNECTED, CONNECTED), T(FAILED, CONNECTED)}, 2, RTC_PEER_CONNECTION_FAILED, RTC_ICE_CONNECTION_FAILED},
    {{T(CONNECTED, CONNECTED), T(CONNECTED, FAILED)}, 2, RTC_PEER_CONNECTION_FAILED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(CONNECTED, CONNECTING), T(CONNECTED, CONNECTED)}, 2, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CONNECTED},
    /* What is closed is not needed any more. */
    {{T(CONNECTED, CONNECTED), T(CLOSED, CLOSED)}, 2, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(COMPLETED, CONNECTED), T(CLOSED, CLOSED)}, 2, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_COMPLETED},
    {{T(CONNECTED, CONNECTED), T(CONNECTED, CLOSED)}, 2, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(CONNECTED, CLOSED), T(CONNECTED, CLOSED)}, 2, RTC_PEER_CONNECTION_DISCONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(NEW, NEW), T(CLOSED, CLOSED)}, 2, RTC_PEER_CONNECTION_NEW, RTC_ICE_CONNECTION_NEW},
    {{T(CHECKING, CONNECTING), T(CLOSED, CLOSED)}, 2, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CHECKING},
    /* Three. */
    {{T(COMPLETED, CONNECTED), T(CONNECTED, CONNECTED), T(CLOSED, CLOSED)}, 3, RTC_PEER_CONNECTION_CONNECTED, RTC_ICE_CONNECTION_CONNECTED},
    {{T(COMPLETED, CONNECTED), T(NEW, NEW), T(CLOSED, CLOSED)}, 3, RTC_PEER_CONNECTION_CONNECTING, RTC_ICE_CONNECTION_CHECKING},
};

static void by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        rtc_peer_connection_state connection = connection_state_of(r->transports, r->count);
        rtc_ice_connection_state ice = ice_connection_state_of(r->transports, r->count);
        if (connection != r->connection || ice != r->ice)
            fail_msg("row %zu: connection %d, not %d; ICE %d, not %d", i, (int)connection, (int)r->connection, (int)ice, (int)r->ice);
    }
}

/* Every combination of two: which comes first does not matter, a second of the same changes nothing, and one that is closed is as if it
 * were not there. */
static void pairs(void **state)
{
    (void)state;
    for (int n = 0; n < 35 * 35; n++) {
        const struct transport_states a = transport((enum ice_state)(n % 7), (enum dtls_state)(n / 7 % 5));
        const struct transport_states b = transport((enum ice_state)(n / 35 % 7), (enum dtls_state)(n / 35 / 7));
        const struct transport_states ab[] = {a, b}, ba[] = {b, a}, aa[] = {a, a}, ac[] = {a, transport(ICE_CLOSED, DTLS_CLOSED)};
        assert_int_equal(connection_state_of(ab, 2), connection_state_of(ba, 2));
        assert_int_equal(ice_connection_state_of(ab, 2), ice_connection_state_of(ba, 2));
        assert_int_equal(connection_state_of(aa, 2), connection_state_of(&a, 1));
        assert_int_equal(ice_connection_state_of(aa, 2), ice_connection_state_of(&a, 1));
        assert_int_equal(connection_state_of(ac, 2), connection_state_of(&a, 1));
        assert_int_equal(ice_connection_state_of(ac, 2), ice_connection_state_of(&a, 1));
        if (a.dtls == DTLS_FAILED || b.dtls == DTLS_FAILED || a.ice == ICE_FAILED || b.ice == ICE_FAILED)
            assert_int_equal(connection_state_of(ab, 2), RTC_PEER_CONNECTION_FAILED);
    }
}

/* One that no event told of yet: the connection looks at what is, iceConnectionState at what was told. */
static void told(void **state)
{
    const struct transport_states ahead = {ICE_COMPLETED, ICE_CHECKING, DTLS_CONNECTED, ICE_GATHERING_COMPLETE, false};
    (void)state;
    assert_int_equal(connection_state_of(&ahead, 1), RTC_PEER_CONNECTION_CONNECTED);
    assert_int_equal(ice_connection_state_of(&ahead, 1), RTC_ICE_CONNECTION_CHECKING);
}

static void gathering(void **state)
{
    (void)state;
    const struct transport_states ended[] = {{.gathering = ICE_GATHERING_COMPLETE}, {.ice = ICE_CLOSED, .gathering = ICE_GATHERING_ACTIVE}};
    assert_int_equal(gathering_state_of(NULL, 0), RTC_ICE_GATHERING_NEW);
    assert_int_equal(gathering_state_of(ended, 2), RTC_ICE_GATHERING_COMPLETE);
    for (int n = 0; n < 27; n++) {
        const struct transport_states t[] = {{.gathering = (enum ice_gathering_state)(n % 3)},
                                             {.gathering = (enum ice_gathering_state)(n / 3 % 3)},
                                             {.gathering = (enum ice_gathering_state)(n / 9)}};
        for (size_t count = 1; count <= 3; count++) {
            bool active = false, complete = true;
            for (size_t i = 0; i < count; i++) {
                active = active || t[i].gathering == ICE_GATHERING_ACTIVE;
                complete = complete && t[i].gathering == ICE_GATHERING_COMPLETE;
            }
            assert_int_equal(gathering_state_of(t, count), active     ? RTC_ICE_GATHERING_GATHERING
                                                           : complete ? RTC_ICE_GATHERING_COMPLETE
                                                                      : RTC_ICE_GATHERING_NEW);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_table),
        cmocka_unit_test(pairs),
        cmocka_unit_test(told),
        cmocka_unit_test(gathering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
