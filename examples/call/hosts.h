/* SPDX-License-Identifier: MIT */
/* Under which names a server answers. A page of another site can make a visitor's browser ask this server (DNS rebinding: the site's own
 * name is pointed at this machine's address): the Host field then names that site, and the Origin field the page's. */
#ifndef CALL_HOSTS_H
#define CALL_HOSTS_H

#include "arguments.h"

#include <stdbool.h>
#include <sys/socket.h>

struct hosts {
    const char *listen;            /* what was asked to listen on; NULL: everything */
    const struct text_list *given; /* names that were given besides; may be NULL */
    char own[256];                 /* this machine's name */
};

void hosts_init(struct hosts *hosts, const char *listen, const struct text_list *given);
/* True when the Host field `text` of a connection to the address `local` names this server: by that address, as localhost when it is a
 * loopback address, by the machine's name or that name with .local, by the name listened on, or by a given one. Any port will do: it may be
 * forwarded. */
bool hosts_are_named(const struct hosts *hosts, const char *text, const struct sockaddr *local);
/* True when the Origin field names a page of the server that the Host field names (RFC 6454). */
bool hosts_is_origin(const char *origin, const char *host);

#endif
