/* The long-term credential mechanism as a client (RFC 8489 section 9.2): the server's challenge gives realm and nonce and may offer
 * password algorithms; from then on every request is signed. SHA-256 is used where it is offered, MD5 and SHA-1 else. */
#ifndef CRTC_TURN_CREDENTIALS_H
#define CRTC_TURN_CREDENTIALS_H

#include "hash.h"
#include "stun_message.h"

enum { TURN_USERNAME_MAX = 508, TURN_PASSWORD_MAX = 508, TURN_REALM_MAX = 763, TURN_NONCE_MAX = 763, TURN_ALGORITHMS_MAX = 64 };

struct turn_credentials {
    char username[TURN_USERNAME_MAX + 1];
    char password[TURN_PASSWORD_MAX + 1];
    uint8_t realm[TURN_REALM_MAX], nonce[TURN_NONCE_MAX], algorithms[TURN_ALGORITHMS_MAX];
    size_t realm_len, nonce_len, algorithms_len;
    bool challenged; /* realm, nonce and key are set */
    bool sha256;     /* PASSWORD-ALGORITHM is SHA-256, and messages carry MESSAGE-INTEGRITY-SHA256 */
    bool negotiated; /* PASSWORD-ALGORITHMS were offered */
    uint8_t key[HASH_SHA256_LEN];
    size_t key_len;
};

/* RTC_ERR_RANGE when one is too long. */
int turn_credentials_init(struct turn_credentials *c, const char *username, const char *password);
/* Takes a 401 or 438 response; false when it can not be answered. */
bool turn_credentials_challenge(struct turn_credentials *c, const struct stun_message *response);
/* Adds what a request needs; the views point into `c`. The key to write it with, empty before a challenge. */
struct slice turn_credentials_sign(const struct turn_credentials *c, struct stun_message *request);
/* Whether a response was made by who knows the password. */
bool turn_credentials_authentic(const struct turn_credentials *c, const struct stun_message *response);

#endif
