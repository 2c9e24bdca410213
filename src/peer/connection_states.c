/* SPDX-License-Identifier: MIT */
/* See connection_states.h. A closed transport of several is one that is not needed any more: the others decide. */
#include "connection_states.h"

enum { ICE_STATES = ICE_CLOSED + 1, DTLS_STATES = DTLS_FAILED + 1, GATHERING_STATES = ICE_GATHERING_COMPLETE + 1 };

/* How many transports there are, and how many of them are in each state. */
struct tally {
    size_t all, ice[ICE_STATES], told[ICE_STATES], dtls[DTLS_STATES], gathering[GATHERING_STATES];
};

static struct tally count_states(const struct transport_states *transports, size_t count)
{
    struct tally n = {.all = count};
    for (size_t i = 0; i < count; i++) {
        const struct transport_states *t = &transports[i];
        /* Ours begins when roles are agreed on; one that has no path to say a word on is as new as its ICE transport. */
        bool waits = t->ice == ICE_NEW && t->dtls == DTLS_CONNECTING;
        n.ice[t->ice]++;
        n.told[t->ice_told]++;
        n.dtls[waits ? DTLS_NEW : t->dtls]++;
        n.gathering[t->gathering] += t->ice != ICE_CLOSED;
    }
    return n;
}

/* In the order of webrtc-pc 4.3.3. There DTLS transports that are closed, all of them, are as good as connected ones; nothing gets through
 * them any more, though. */
rtc_peer_connection_state connection_state_of(const struct transport_states *transports, size_t count)
{
    struct tally n = count_states(transports, count);
    if (n.ice[ICE_FAILED] > 0 || n.dtls[DTLS_FAILED] > 0)
        return RTC_PEER_CONNECTION_FAILED;
    if (n.ice[ICE_DISCONNECTED] > 0 || (n.dtls[DTLS_CLOSED] == n.all && n.all > 0))
        return RTC_PEER_CONNECTION_DISCONNECTED;
    if (n.ice[ICE_NEW] + n.ice[ICE_CLOSED] == n.all && n.dtls[DTLS_NEW] + n.dtls[DTLS_CLOSED] == n.all)
        return RTC_PEER_CONNECTION_NEW;
    if (n.ice[ICE_CONNECTED] + n.ice[ICE_COMPLETED] + n.ice[ICE_CLOSED] == n.all && n.dtls[DTLS_CONNECTED] + n.dtls[DTLS_CLOSED] == n.all)
        return RTC_PEER_CONNECTION_CONNECTED;
    return RTC_PEER_CONNECTION_CONNECTING;
}

rtc_ice_connection_state ice_connection_state_of(const struct transport_states *transports, size_t count)
{
    struct tally n = count_states(transports, count);
    if (n.told[ICE_FAILED] > 0)
        return RTC_ICE_CONNECTION_FAILED;
    if (n.told[ICE_DISCONNECTED] > 0)
        return RTC_ICE_CONNECTION_DISCONNECTED;
    if (n.told[ICE_NEW] + n.told[ICE_CLOSED] == n.all)
        return RTC_ICE_CONNECTION_NEW;
    if (n.told[ICE_NEW] + n.told[ICE_CHECKING] > 0)
        return RTC_ICE_CONNECTION_CHECKING;
    return n.told[ICE_COMPLETED] + n.told[ICE_CLOSED] == n.all ? RTC_ICE_CONNECTION_COMPLETED : RTC_ICE_CONNECTION_CONNECTED;
}

rtc_ice_gathering_state gathering_state_of(const struct transport_states *transports, size_t count)
{
    struct tally n = count_states(transports, count);
    if (n.gathering[ICE_GATHERING_ACTIVE] > 0)
        return RTC_ICE_GATHERING_GATHERING;
    return n.gathering[ICE_GATHERING_COMPLETE] > 0 && n.gathering[ICE_GATHERING_NEW] == 0 ? RTC_ICE_GATHERING_COMPLETE
                                                                                          : RTC_ICE_GATHERING_NEW;
}
