/* SPDX-License-Identifier: MIT */
/* The STUN and TURN servers that a command line names, as the library takes them. */
#ifndef EXAMPLES_SERVERS_H
#define EXAMPLES_SERVERS_H

#include "arguments.h"

#include <crtc/crtc.h>

struct servers {
    struct text_list stun, turn;       /* URLs */
    const char *username, *credential; /* for all of `turn`; NULL: none */
    bool relay;                        /* use nothing but the TURN servers */
};

/* What a configuration points into: it lives as long as the call that takes the configuration. */
struct server_lists {
    rtc_ice_server stun, turn;
    const rtc_ice_server *all[2];
};

/* Ends the program, as arguments_refuse does, when they can not work. */
void servers_check(const struct servers *servers, const char *program);
/* Sets the configuration's servers and policy. */
void servers_configure(const struct servers *servers, struct server_lists *lists, rtc_configuration *configuration);

#endif
