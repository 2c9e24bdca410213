/* SPDX-License-Identifier: MIT */
/* The native program as a member of a channel: it calls whom it finds there, answers who comes later, and keeps several calls apart. */
#ifndef CALL_PARTY_H
#define CALL_PARTY_H

#include "call.h"

#define PARTY_CALLS_MAX 8
/* Of a channel; a server of another kind may have more members, who are not called. */
#define PARTY_MEMBERS_MAX 16

struct party_member {
    char user[MESSAGE_NAME_MAX + 1];
    bool refused; /* it did not take a call; asked again when somebody left */
};

struct party_options {
    const char *channel, *user;
    const struct servers *servers;
    const char *save_frame;                    /* may be NULL: where the newest received picture goes */
    uint32_t width, height, frames_per_second; /* 0: the test camera's defaults */
    /* Gives the server a message. */
    void (*send)(void *sender, const char *text);
    /* The server does not let it in. */
    void (*on_refused)(void *sender, const char *why);
    void *sender;
};

struct party {
    struct party_options options;
    struct call_environment environment;
    rtc_media_source *camera_source, *tone_source;
    struct call calls[PARTY_CALLS_MAX];
    struct party_member members[PARTY_MEMBERS_MAX]; /* of the channel, the oldest first */
    size_t member_count;
    bool joined;
};

/* Makes camera and tone. Returns an error of the library's; then there is nothing to end. */
int party_begin(struct party *party, rtc_context *context, rtc_loop *loop, const struct party_options *options);
/* Enters the channel. */
void party_join(struct party *party);
void party_leave(struct party *party);
/* The server is gone, and with it the place in the channel; calls that run go on. */
void party_lose_server(struct party *party);
/* A message came from the server. */
void party_receive(struct party *party, const char *text, size_t len);
/* To be called every two seconds: prints a line of live numbers for each call, saves the newest picture, and looks after calls that are
 * interrupted. */
void party_report(struct party *party);
/* The first call that runs; NULL when there is none. */
struct call *party_call(struct party *party);
void party_end(struct party *party);

#endif
