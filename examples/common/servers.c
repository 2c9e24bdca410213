/* SPDX-License-Identifier: MIT */
/* The servers of a command line. */
#include "servers.h"

const char *servers_mistake(const struct servers *servers)
{
    if (servers->turn.count > 0 && (servers->username == NULL || servers->credential == NULL)) {
        return "--turn needs --username and --credential";
    }
    return servers->relay && servers->turn.count == 0 ? "--relay needs --turn" : NULL;
}

void servers_configure(const struct servers *servers, struct server_lists *lists, rtc_configuration *configuration)
{
    size_t count = 0;
    lists->stun = (rtc_ice_server){.size = sizeof(lists->stun), .urls = servers->stun.texts, .url_count = servers->stun.count};
    lists->turn = (rtc_ice_server){.size = sizeof(lists->turn),
                                   .urls = servers->turn.texts,
                                   .url_count = servers->turn.count,
                                   .username = servers->username,
                                   .credential = servers->credential};
    if (servers->stun.count > 0) {
        lists->all[count++] = &lists->stun;
    }
    if (servers->turn.count > 0) {
        lists->all[count++] = &lists->turn;
    }
    configuration->ice_servers = lists->all;
    configuration->ice_server_count = count;
    configuration->ice_transport_policy = servers->relay ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
}
