/* SPDX-License-Identifier: MIT */
/* See dtls_fingerprint.h. */
#include "dtls_fingerprint.h"

#include "hash.h"
#include "text.h"

#include <mbedtls/md.h>

struct hash_function {
    const char *name;
    mbedtls_md_type_t type;
};

/* From the strongest. SHA-1, MD5 and MD2 have names too (RFC 8122 5), but whoever can choose both certificates can make them collide. */
static const struct hash_function functions[] = {
    {"sha-512", MBEDTLS_MD_SHA512},
    {"sha-384", MBEDTLS_MD_SHA384},
    {"sha-256", MBEDTLS_MD_SHA256},
    {"sha-224", MBEDTLS_MD_SHA224},
};

static bool has_name(const struct dtls_fingerprint *f, const char *name)
{
    return slice_is_nocase(slice_of(f->hash, strnlen(f->hash, sizeof f->hash)), name);
}

static bool has_value(const struct dtls_fingerprint *f, const uint8_t *digest, size_t len)
{
    return f->len == len && hash_equal(f->value, digest, len);
}

static enum dtls_fingerprint_result check(const struct hash_function *function, const struct dtls_fingerprint *list, size_t count,
                                          struct slice certificate)
{
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(function->type);
    enum dtls_fingerprint_result result = FINGERPRINT_UNUSABLE;
    if (!info || mbedtls_md(info, certificate.data, certificate.len, digest) != 0)
        return FINGERPRINT_UNUSABLE;
    for (size_t i = 0; i < count; i++) {
        if (!has_name(&list[i], function->name))
            continue;
        if (has_value(&list[i], digest, mbedtls_md_get_size(info)))
            return FINGERPRINT_MATCHES;
        result = FINGERPRINT_DIFFERS;
    }
    return result;
}

enum dtls_fingerprint_result dtls_fingerprint_check(const struct dtls_fingerprint *list, size_t count, struct slice certificate)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        enum dtls_fingerprint_result result = check(&functions[i], list, count, certificate);
        if (result != FINGERPRINT_UNUSABLE)
            return result;
    }
    return FINGERPRINT_UNUSABLE;
}
