/* SPDX-License-Identifier: MIT */
/* The command line of peer. */
#ifndef PEER_OPTIONS_H
#define PEER_OPTIONS_H

#include "servers.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
    bool offer, answer; /* one of them */
    bool audio, video;  /* send these, and want to receive them */
    const char *label;  /* open a channel with this label; NULL: none */
    bool echo;          /* send every message back */
    uint32_t messages;  /* texts "message 0", "message 1", ... to send */
    const char *send_file;
    const char *record_video, *record_audio;
    uint32_t seconds;       /* 0: until bye or the end of the input */
    uint32_t restart_after; /* seconds until ICE is restarted; 0: only when asked */
    struct servers servers;
    const char *authorities_file;
    uint32_t port_range[2];
    uint32_t port; /* of an endpoint; 0: sockets of its own */
    bool lite;
    struct text_list allow, deny, external;
    bool loopback;
    bool sctp_init;
    bool max_bundle;
    bool max_compat;
    bool hide_addresses;
    bool no_trickle; /* the description waits for all candidates */
    uint32_t size[2], frames_per_second, colour, grain, tone_hz, voice, bitrate_bps;
    const char *pictures_file;
    const char *save_frame; /* at the end, the newest received picture */
    bool verbose;
};

/* Reads the command line; on a mistake or --help says so and ends the program. */
void options_read(struct options *options, int argc, char **argv);

#endif
