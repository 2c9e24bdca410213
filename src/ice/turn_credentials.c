/* SPDX-License-Identifier: MIT */
/* Long-term credentials: see turn_credentials.h. */
#include "turn_credentials.h"

#include "reader.h"

#include <crtc/base.h>

enum { ALGORITHM_MD5 = 1, ALGORITHM_SHA256 = 2 };

static const uint8_t parameters_sha256[4] = {0, ALGORITHM_SHA256, 0, 0};
static const uint8_t parameters_md5[4] = {0, ALGORITHM_MD5, 0, 0};

int turn_credentials_init(struct turn_credentials *c, const char *username, const char *password)
{
    size_t name = strlen(username), word = strlen(password);
    *c = (struct turn_credentials){.challenged = false};
    if (name > TURN_USERNAME_MAX || word > TURN_PASSWORD_MAX)
        return RTC_ERR_RANGE;
    memcpy(c->username, username, name);
    memcpy(c->password, password, word);
    return RTC_OK;
}

/* The six bits of a character of base64; 0 for any other. */
static uint32_t base64(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (uint32_t)(at - digits) : 0;
}

/* Whether the nonce says that the server offers password algorithms (RFC 8489 section 9.2): then their absence is somebody's attempt to bid
 * down. The flags' bit 0 is met at both ends. */
static bool promises_algorithms(struct slice nonce)
{
    static const char cookie[] = "obMatJos2";
    const size_t len = sizeof cookie - 1;
    uint32_t flags = 0;
    if (nonce.len < len + 4 || memcmp(nonce.data, cookie, len) != 0)
        return false;
    for (size_t i = 0; i < 4; i++)
        flags = flags << 6 | base64(nonce.data[len + i]);
    return (flags & 0x800001) != 0;
}

static bool offers(struct slice algorithms, uint16_t wanted)
{
    struct reader r = reader_of(algorithms);
    while (reader_left(&r) > 0) {
        uint16_t algorithm = reader_u16(&r);
        uint16_t len = reader_u16(&r);
        reader_skip(&r, (size_t)(len + 3) & ~(size_t)3);
        if (!reader_ok(&r))
            return false;
        if (algorithm == wanted)
            return true;
    }
    return false;
}

/* Nothing changes when it returns false. */
static bool choose_algorithm(struct turn_credentials *c, const struct stun_message *m)
{
    struct slice list = m->has & STUN_HAS_PASSWORD_ALGORITHMS ? m->password_algorithms : slice_of(NULL, 0);
    bool negotiated = m->has & STUN_HAS_PASSWORD_ALGORITHMS, sha256 = offers(list, ALGORITHM_SHA256);
    bool weaker = (c->negotiated && !negotiated) || (c->sha256 && !sha256);
    if (weaker || list.len > sizeof c->algorithms)
        return false;
    if (negotiated ? !sha256 && !offers(list, ALGORITHM_MD5) : promises_algorithms(m->nonce))
        return false;
    c->negotiated = negotiated;
    c->sha256 = sha256;
    c->algorithms_len = list.len;
    if (list.len > 0)
        memcpy(c->algorithms, list.data, list.len);
    return true;
}

/* What of a realm goes into the key: without quotes around it and zeros behind it (RFC 8489 section 9.2.2). */
static struct slice bare(struct slice s)
{
    while (s.len > 0 && s.data[s.len - 1] == 0)
        s.len--;
    bool quoted = s.len >= 2 && s.data[0] == '"' && s.data[s.len - 1] == '"';
    return quoted ? slice_of(s.data + 1, s.len - 2) : s;
}

/* RFC 8489 sections 9.2.2, 18.5.1: the digest of username ":" realm ":" password. */
static bool make_key(struct turn_credentials *c)
{
    uint8_t text[TURN_USERNAME_MAX + TURN_REALM_MAX + TURN_PASSWORD_MAX + 2];
    struct slice realm = bare(slice_of(c->realm, c->realm_len));
    size_t name = strlen(c->username), word = strlen(c->password), len = 0;
    memcpy(text, c->username, name);
    text[len = name] = ':';
    memcpy(text + ++len, realm.data, realm.len);
    text[len += realm.len] = ':';
    memcpy(text + ++len, c->password, word);
    struct slice all = slice_of(text, len + word);
    c->key_len = c->sha256 ? HASH_SHA256_LEN : HASH_MD5_LEN;
    return c->sha256 ? hash_sha256(all, c->key) : hash_md5(all, c->key);
}

bool turn_credentials_elsewhere(const struct turn_credentials *c, const struct stun_message *m)
{
    return (m->has & STUN_HAS_REALM) && !slice_eq(m->realm, slice_of(c->realm, c->realm_len));
}

bool turn_credentials_challenge(struct turn_credentials *c, const struct stun_message *m)
{
    bool whole = (m->has & STUN_HAS_REALM) && (m->has & STUN_HAS_NONCE);
    if (!whole || m->realm.len > sizeof c->realm || m->nonce.len > sizeof c->nonce || !choose_algorithm(c, m))
        return false;
    if (m->realm.len > 0)
        memcpy(c->realm, m->realm.data, m->realm.len);
    if (m->nonce.len > 0)
        memcpy(c->nonce, m->nonce.data, m->nonce.len);
    c->realm_len = m->realm.len;
    c->nonce_len = m->nonce.len;
    c->challenged = make_key(c);
    return c->challenged;
}

struct slice turn_credentials_sign(const struct turn_credentials *c, struct stun_message *m)
{
    if (!c->challenged)
        return slice_of(NULL, 0);
    m->has |= STUN_HAS_USERNAME | STUN_HAS_REALM | STUN_HAS_NONCE;
    m->username = slice_str(c->username);
    m->realm = slice_of(c->realm, c->realm_len);
    m->nonce = slice_of(c->nonce, c->nonce_len);
    if (c->negotiated) {
        m->has |= STUN_HAS_PASSWORD_ALGORITHMS | STUN_HAS_PASSWORD_ALGORITHM;
        m->password_algorithms = slice_of(c->algorithms, c->algorithms_len);
        m->password_algorithm = slice_of(c->sha256 ? parameters_sha256 : parameters_md5, 4);
    }
    m->has |= c->negotiated ? STUN_HAS_INTEGRITY_SHA256 : 0;
    return slice_of(c->key, c->key_len);
}

bool turn_credentials_authentic(const struct turn_credentials *c, const struct stun_message *m)
{
    struct slice key = slice_of(c->key, c->key_len);
    if (!c->challenged)
        return true;
    return c->negotiated ? stun_authentic_sha256(m, key) : stun_authentic(m, key);
}
