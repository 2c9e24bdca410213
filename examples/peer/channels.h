/* SPDX-License-Identifier: MIT */
/* The data channels of a peer: what it sends by its options, echoes, counts and tells. */
#ifndef PEER_CHANNELS_H
#define PEER_CHANNELS_H

#include "options.h"

#include <cjson/cJSON.h>
#include <crtc/crtc.h>
#include <stdio.h>

#define CHANNELS_MAX 16

struct channels {
    const struct options *options;
    rtc_data_channel *list[CHANNELS_MAX];
    size_t count;
    FILE *file; /* being sent */
    uint64_t messages_sent, messages_received, bytes_sent, bytes_received, errors;
};

/* Opens the file to send, if any. False when it can not be read. */
bool channels_init(struct channels *channels, const struct options *options);
/* Uses a channel, own or the peer's; its reference passes. */
void channels_add(struct channels *channels, rtc_data_channel *channel);
/* Sends what {"type":"send"} asks for: "text", or "size" bytes, on the channel "label" or else the first. Returns
 * NULL, or what is wrong with the command; what the library refuses is an event of its own. */
const char *channels_send(struct channels *channels, const cJSON *command);
cJSON *channels_summary(const struct channels *channels);
void channels_fini(struct channels *channels);

#endif
