/* SPDX-License-Identifier: MIT */
/* The command line of call. */
#ifndef CALL_OPTIONS_H
#define CALL_OPTIONS_H

#include "servers.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest URL of --join, in bytes. */
#define OPTIONS_URL_MAX 400

struct options {
    uint32_t port;
    const char *listen;     /* address or name; NULL: every interface */
    struct text_list hosts; /* more names of the server */
    const char *certificate, *key;
    bool https; /* with a certificate made now, unless one is given */
    const char *channel, *user;
    const char *join;       /* URL of another program's server */
    bool signaling_only;    /* serve, but take part in no call */
    struct servers servers; /* of this program and of the page */
    const char *save_frame;
    uint32_t size[2], frames_per_second;
    bool check;
    const char *browser, *picture;
    uint32_t seconds; /* end after so long; 0: never */
    bool verbose;
};

/* Reads the command line; on a mistake or --help says so and ends the program. */
void options_read(struct options *options, int argc, char **argv);

#endif
