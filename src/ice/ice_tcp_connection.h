/* SPDX-License-Identifier: MIT */
/* Connections of ICE over TCP: how one is kept, becomes a base and is lost; and what the candidates of their interfaces say. */
#ifndef CRTC_ICE_TCP_CONNECTION_H
#define CRTC_ICE_TCP_CONNECTION_H

#include "ice_tcp_types.h"

extern const struct moves ice_connection_moves;
extern const rtc_time_t ice_tcp_unproven_most; /* nothing authenticated came in that time: it is a stranger's, or of no use */

/* The local side of a pair on a connection whose address, as the peer sees it, is none that was announced. */
void ice_tcp_describe(const struct ice_tcp *tcp, const struct ice_base *base, struct ice_candidate *out);
/* The UDP socket on the interface with this address; NULL when it is gone. */
struct ice_base *ice_tcp_interface(const struct ice_tcp *tcp, const struct address *address);
/* Tells the peer of a candidate on that interface. */
void ice_tcp_announce(struct ice_tcp *tcp, const struct ice_base *base, enum ice_tcp_type tcp_type, uint16_t port, struct out *out);

void ice_connection_set_state(const struct ice_tcp *tcp, struct ice_connection *c, enum ice_connection_state state);
/* OPEN or PROVEN. */
bool ice_connection_is_open(const struct ice_connection *c);
/* Somebody who connected and did not say yet who he is. */
bool ice_connection_is_stranger(const struct ice_connection *c);
/* A copy of it in the list; NULL when out of memory. */
struct ice_connection *ice_connection_add(struct ice_tcp *tcp, const struct ice_connection *connection);
void ice_connection_remove(struct ice_tcp *tcp, struct ice_connection *c);
/* The connection as a base; false when out of memory. */
bool ice_connection_add_base(struct ice_tcp *tcp, struct ice_connection *c);
/* It is over, or never came to be: with it goes its pair. `gone`: its socket is closed already. One that was accepted is freed. */
void ice_connection_lose(struct ice_tcp *tcp, struct ice_connection *c, rtc_time_t now, bool gone, struct out *out);
/* The one with this socket, or NULL. */
struct ice_connection *ice_connection_find(const struct ice_tcp *tcp, uint32_t socket);
/* Something authenticated came over this base's connection. */
void ice_tcp_prove(struct ice_tcp *tcp, const struct ice_base *base);

#endif
