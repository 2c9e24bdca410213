/* SPDX-License-Identifier: MIT */
/* The long-term credential mechanism as a client (RFC 8489 section 9.2): the server's challenge gives realm and nonce and may offer
 * password algorithms; from then on every request is signed. Where algorithms are offered the messages are signed with SHA-256, and the key
 * is made with it, too, if it is among them; else MD5 and SHA-1 do. User name and password are taken as they are, in UTF-8, as browsers do:
 * who has them from a user brings them into Normalization Form C (RFC 8265 section 4.2). */
#ifndef CRTC_TURN_CREDENTIALS_H
#define CRTC_TURN_CREDENTIALS_H

#include "hash.h"
#include "stun_message.h"

/* In bytes. RFC 8489 sections 14.3, 14.9 and 14.10: fewer than 509 of a user name, at most 763 of a realm and a nonce. */
enum { TURN_USERNAME_MAX = 508, TURN_PASSWORD_MAX = 508, TURN_REALM_MAX = 763, TURN_NONCE_MAX = 763, TURN_ALGORITHMS_MAX = 64 };

/* Part of a TURN client, wiped with it. Written by turn_credentials.c only. */
struct turn_credentials {
    char username[TURN_USERNAME_MAX + 1];
    char password[TURN_PASSWORD_MAX + 1];
    uint8_t realm[TURN_REALM_MAX], nonce[TURN_NONCE_MAX], algorithms[TURN_ALGORITHMS_MAX];
    size_t realm_len, nonce_len, algorithms_len;
    bool challenged; /* realm, nonce and key are set */
    bool sha256;     /* PASSWORD-ALGORITHM is SHA-256 */
    bool negotiated; /* PASSWORD-ALGORITHMS were offered: messages carry MESSAGE-INTEGRITY-SHA256 */
    uint8_t key[HASH_SHA256_LEN];
    size_t key_len;
};

/* RTC_ERR_RANGE when one is too long. */
int turn_credentials_init(struct turn_credentials *c, const char *username, const char *password);
/* Whether a challenge is from another realm than the last. */
bool turn_credentials_elsewhere(const struct turn_credentials *c, const struct stun_message *response);
/* Takes a 401 or 438 response; false when it can not be answered, which one is that would have us use weaker algorithms than before. */
bool turn_credentials_challenge(struct turn_credentials *c, const struct stun_message *response);
/* Adds what a request needs; the views point into `c`. The key to write it with, empty before a challenge. */
struct slice turn_credentials_sign(const struct turn_credentials *c, struct stun_message *request);
/* Whether a response was made by who knows the password. */
bool turn_credentials_authentic(const struct turn_credentials *c, const struct stun_message *response);

#endif
