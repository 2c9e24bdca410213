/* SPDX-License-Identifier: MIT */
/* An RTCConfiguration as JSON. */
#include "page_configuration.h"

#include <cjson/cJSON.h>

static cJSON *add_server(cJSON *list, const struct text_list *urls)
{
    cJSON *server = urls->count > 0 ? cJSON_CreateObject() : NULL;
    if (server != NULL) {
        cJSON_AddItemToArray(list, server);
        cJSON_AddItemToObject(server, "urls", cJSON_CreateStringArray(urls->texts, (int)urls->count));
    }
    return server;
}

char *page_configuration(const struct servers *servers)
{
    cJSON *configuration = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(configuration, "iceServers");
    add_server(list, &servers->stun);
    cJSON *turn = add_server(list, &servers->turn);
    if (turn != NULL) {
        cJSON_AddStringToObject(turn, "username", servers->username);
        cJSON_AddStringToObject(turn, "credential", servers->credential);
    }
    cJSON_AddStringToObject(configuration, "iceTransportPolicy", servers->relay ? "relay" : "all");
    char *text = cJSON_PrintUnformatted(configuration);
    cJSON_Delete(configuration);
    return text;
}
