/* SPDX-License-Identifier: MIT */
/* Checksums and message digests. */
#include "hash.h"

#include <mbedtls/md.h>

static bool hmac(mbedtls_md_type_t type, struct slice key, struct slice data, uint8_t *digest)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
    return info && mbedtls_md_hmac(info, key.data, key.len, data.data, data.len, digest) == 0;
}

static bool digest_of(mbedtls_md_type_t type, struct slice data, uint8_t *digest)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(type);
    return info && mbedtls_md(info, data.data, data.len, digest) == 0;
}

bool hash_hmac_sha1(struct slice key, struct slice data, uint8_t digest[HASH_SHA1_LEN])
{
    return hmac(MBEDTLS_MD_SHA1, key, data, digest);
}

bool hash_hmac_sha256(struct slice key, struct slice data, uint8_t digest[HASH_SHA256_LEN])
{
    return hmac(MBEDTLS_MD_SHA256, key, data, digest);
}

bool hash_md5(struct slice data, uint8_t digest[HASH_MD5_LEN])
{
    return digest_of(MBEDTLS_MD_MD5, data, digest);
}

bool hash_sha256(struct slice data, uint8_t digest[HASH_SHA256_LEN])
{
    return digest_of(MBEDTLS_MD_SHA256, data, digest);
}

uint32_t hash_crc32(struct slice data)
{
    /* Four bits at a time: the polynomial 0xEDB88320 applied to each nibble. */
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.len; i++) {
        crc = crc >> 4 ^ table[(crc ^ data.data[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ (uint32_t)(data.data[i] >> 4)) & 15];
    }
    return ~crc;
}

bool hash_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < len; i++)
        differ = (uint8_t)(differ | (x[i] ^ y[i]));
    return differ == 0;
}
