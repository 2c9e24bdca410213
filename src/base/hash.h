/* SPDX-License-Identifier: MIT */
/* Checksums and message digests. The only file outside src/dtls that stands on mbedTLS. */
#ifndef CRTC_HASH_H
#define CRTC_HASH_H

#include "slice.h"

enum { HASH_SHA1_LEN = 20, HASH_SHA256_LEN = 32, HASH_MD5_LEN = 16 };

/* False when the digest is not available. */
bool hash_hmac_sha1(struct slice key, struct slice data, uint8_t digest[HASH_SHA1_LEN]);
bool hash_hmac_sha256(struct slice key, struct slice data, uint8_t digest[HASH_SHA256_LEN]);
bool hash_md5(struct slice data, uint8_t digest[HASH_MD5_LEN]);
bool hash_sha256(struct slice data, uint8_t digest[HASH_SHA256_LEN]);
/* CRC-32 as ISO 3309 defines it (STUN's FINGERPRINT). */
uint32_t hash_crc32(struct slice data);
/* In time that does not depend on the contents. */
bool hash_equal(const void *a, const void *b, size_t len);

#endif
