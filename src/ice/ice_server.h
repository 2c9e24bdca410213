/* SPDX-License-Identifier: MIT */
/* The STUN and TURN servers that the agent was given, where they are, and what each said last. The agent owns them; queries (ice_query.c)
 * and relays (ice_relay.c) refer to them by their index, so the list does not change once gathering has begun. ice_server.c writes to
 * them, and ice_gather.c to `resolve_id` when the answer came. */
#ifndef CRTC_ICE_SERVER_H
#define CRTC_ICE_SERVER_H

#include "ice_common.h"

/* The server could not be reached at all (webrtc-pc section 4.8.3). */
enum { ICE_UNREACHABLE = 701 };

/* One server. An element of the list of struct ice_servers, with its own copy of what the agent was told. */
struct ice_server_state {
    struct ice_server config;
    uint32_t resolve_id;         /* 0 unless a resolution is on its way */
    struct address addresses[2]; /* at most one per family */
    uint32_t address_count;
    uint16_t error_code; /* of the last error; 0: none */
    char error_text[128];
};

struct ice_servers {
    struct ice_common *common;
    struct ice_server_state *list;
    uint32_t count;
};

/* Replaces the list. False when out of memory. */
bool ice_servers_set(struct ice_servers *servers, const struct ice_server *list, uint32_t count);
void ice_servers_fini(struct ice_servers *servers);
/* Asks for the addresses of those that are known by name. */
void ice_servers_resolve(struct ice_servers *servers, struct out *out);
/* The one whose name that resolves; `count` when it is none's. */
uint32_t ice_servers_find_resolution(const struct ice_servers *servers, uint32_t id);
/* Takes the addresses. */
void ice_server_resolved(struct ice_server_state *server, const struct io_result *result);

/* The error stays with the server, for who asks later why it is of no use. */
void ice_server_remember(struct ice_server_state *server, uint16_t code, struct slice text);
/* The same, and an event for the application. `local`: from where it was tried; NULL: from nowhere yet. */
void ice_server_report(const struct ice_servers *servers, struct ice_server_state *server, const struct address *local, uint16_t code,
                       struct slice text, struct out *out);

/* "turn:host:port?transport=udp" */
void ice_server_url(const struct ice_server *server, char url[ICE_URL_MAX]);

#endif
