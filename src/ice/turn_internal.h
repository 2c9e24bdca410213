/* SPDX-License-Identifier: MIT */
/* What the files of the TURN client share. */
#ifndef CRTC_TURN_INTERNAL_H
#define CRTC_TURN_INTERNAL_H

#include "turn_client.h"
#include "turn_credentials.h"

#define TURN_MS ((rtc_time_t)1000)
#define TURN_SECOND ((rtc_time_t)1000000)

enum turn_method { TURN_ALLOCATE = 3, TURN_REFRESH = 4, TURN_SEND = 6, TURN_DATA = 7, TURN_CREATE_PERMISSION = 8, TURN_CHANNEL_BIND = 9 };

/* A request on its way. Part of the client, of a permission or of a channel; written by turn_client.c for all of them. */
struct turn_request {
    uint8_t id[STUN_TRANSACTION_LEN];
    bool active;
    uint8_t challenges; /* 401 and 438 responses that it met */
    rtc_time_t interval, first_sent, next_send;
};

/*   UNUSED --wanted--> ASKED --success--> GRANTED --refresh due--> ASKED again, still of use
 *                        +--error--> DENIED, until forgotten */
enum turn_grant { TURN_UNUSED, TURN_ASKED, TURN_GRANTED, TURN_DENIED };

/* RFC 8656 section 9: for an address, whatever the port. Part of the client; written by turn_permission.c. */
struct turn_permission {
    struct address peer;
    enum turn_grant grant;
    struct turn_request request;
    rtc_time_t due; /* when it is asked for, asked for again, or forgotten */
    rtc_time_t used;
};

/* RFC 8656 section 12. A channel that was asked for may be used by the server before its answer arrives here. One that goes UNUSED may
 * still be bound for a while: until then its number and its peer belong together. Part of the client; written by turn_permission.c. */
struct turn_channel {
    struct address peer;
    uint16_t number;
    enum turn_grant grant;
    bool usable; /* granted once and not denied since */
    struct turn_request request;
    rtc_time_t due; /* UNUSED: when its number and its peer are free again */
    rtc_time_t used;
};

/* Which families are asked for; what a server does not have is tried no more. */
enum turn_families { TURN_FAMILIES_BOTH, TURN_FAMILIES_IPV4, TURN_FAMILIES_IPV6 };

/* Owned by the relay that made it (ice_relay.c). turn_client.c writes to it; permissions, channels and
 * `next_channel` are written by turn_permission.c, which also notes in `asked` what it sends. */
struct turn_client {
    rtc_context *context;
    struct path server;
    struct turn_credentials credentials;
    enum turn_state state;
    enum turn_families families;
    struct turn_request request; /* Allocate, then Refresh */
    rtc_time_t refresh, expires;
    rtc_time_t asked; /* when something was sent that a living server, or peer, answers, and nothing came since; RTC_TIME_NEVER */
    struct address relayed[STUN_RELAYED_MAX];
    size_t relayed_count;
    struct address mapped;
    struct turn_failure failure;
    bool may_linger; /* FAILED, but the server may not know: it is worth a goodbye */
    uint16_t next_channel;
    struct turn_permission permissions[TURN_PERMISSIONS_MAX];
    size_t permission_count;
    struct turn_channel channels[TURN_CHANNELS_MAX];
    size_t channel_count;
};

/* turn_client.c */
void turn_request_start(struct turn_client *t, struct turn_request *r, rtc_time_t now);
/* Sends it when it is due. False when it has gone unanswered for too long; it is then inactive. */
bool turn_request_run(struct turn_client *t, struct turn_request *r, const struct stun_message *what, rtc_time_t now, struct out *out);
rtc_time_t turn_request_due(const struct turn_request *r);
/* What to do about a response to `r`: */
enum turn_verdict {
    TURN_VERDICT_IGNORE, /* not to be believed */
    TURN_VERDICT_AGAIN,  /* the nonce was stale: it goes out again by itself */
    TURN_VERDICT_SUCCESS,
    TURN_VERDICT_ERROR
};
enum turn_verdict turn_request_judge(struct turn_client *t, struct turn_request *r, const struct stun_message *m, rtc_time_t now);
/* A response, taken for what it is, that says the allocation is no more (437): the client has failed. */
bool turn_is_lost(struct turn_client *t, const struct stun_message *m);
bool turn_request_is(const struct turn_request *r, const struct stun_message *m);

/* turn_permission.c */
struct turn_permission *turn_find_permission(struct turn_client *t, const struct address *peer);
/* The permission for a peer, made when there is none; NULL beyond the limit. */
struct turn_permission *turn_want_permission(struct turn_client *t, const struct address *peer, rtc_time_t now);
struct turn_channel *turn_find_channel(struct turn_client *t, const struct address *peer);
struct turn_channel *turn_find_number(struct turn_client *t, uint16_t number);
void turn_grants_run(struct turn_client *t, rtc_time_t now, struct out *out);
rtc_time_t turn_grants_deadline(const struct turn_client *t);
/* True when the response was to one of theirs. */
bool turn_grants_response(struct turn_client *t, const struct stun_message *m, rtc_time_t now);

#endif
