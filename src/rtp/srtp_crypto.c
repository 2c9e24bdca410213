/* SPDX-License-Identifier: MIT */
/* A cipher and an authenticator for libsrtp2: see srtp_crypto.h. libsrtp2 owns what is made here, from the heap as all that it has. */
#include "srtp_crypto.h"

#include <mbedtls/aes.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/crypto_types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16, KEY_LEN = 16, SALT_LEN = 14, SHA1_LEN = 20 };

/* ---- AES-128 in counter mode ---- */

/* Owner: the libsrtp session that had it made. Written by this file alone, on the thread of that session. */
struct counter_mode {
    srtp_cipher_t base;
    mbedtls_aes_context aes;
    uint8_t salt[BLOCK];    /* of the session, the last two bytes zero */
    uint8_t counter[BLOCK]; /* of the next block */
    uint8_t stream[BLOCK];
    size_t used; /* of `stream` */
};

static const srtp_cipher_type_t counter_mode;

static srtp_err_status_t cipher_alloc(srtp_cipher_pointer_t *out, int key_len, int tag_len)
{
    (void)tag_len;
    if (key_len != KEY_LEN + SALT_LEN)
        return srtp_err_status_bad_param;
    struct counter_mode *c = calloc(1, sizeof *c);
    if (!c)
        return srtp_err_status_alloc_fail;
    c->base = (srtp_cipher_t){.type = &counter_mode, .state = c, .key_len = key_len, .algorithm = SRTP_AES_ICM_128};
    mbedtls_aes_init(&c->aes);
    *out = &c->base;
    return srtp_err_status_ok;
}

static srtp_err_status_t cipher_dealloc(srtp_cipher_pointer_t cipher)
{
    struct counter_mode *c = cipher->state;
    mbedtls_aes_free(&c->aes);
    mbedtls_platform_zeroize(c, sizeof *c);
    free(c);
    return srtp_err_status_ok;
}

static srtp_err_status_t cipher_init(void *state, const uint8_t *key)
{
    struct counter_mode *c = state;
    memcpy(c->salt, key + KEY_LEN, SALT_LEN);
    return mbedtls_aes_setkey_enc(&c->aes, key, KEY_LEN * 8) == 0 ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t cipher_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
    struct counter_mode *c = state;
    (void)direction;
    for (size_t i = 0; i < BLOCK; i++)
        c->counter[i] = c->salt[i] ^ iv[i];
    c->used = BLOCK;
    return srtp_err_status_ok;
}

/* RFC 3711 section 4.1.1: the last 16 bits count the blocks of a packet, which is never so long that they wrap. */
static bool next_block(struct counter_mode *c)
{
    unsigned count = (unsigned)(c->counter[BLOCK - 2] << 8 | c->counter[BLOCK - 1]) + 1;
    bool ok = mbedtls_aes_crypt_ecb(&c->aes, MBEDTLS_AES_ENCRYPT, c->counter, c->stream) == 0;
    c->counter[BLOCK - 2] = (uint8_t)(count >> 8);
    c->counter[BLOCK - 1] = (uint8_t)count;
    c->used = 0;
    return ok;
}

static void mix_block(uint8_t *bytes, const uint8_t *stream)
{
    uint64_t a[2], b[2];
    memcpy(a, bytes, BLOCK);
    memcpy(b, stream, BLOCK);
    a[0] ^= b[0];
    a[1] ^= b[1];
    memcpy(bytes, a, BLOCK);
}

/* Both ways. */
static srtp_err_status_t cipher_mix(void *state, uint8_t *bytes, unsigned int *len)
{
    struct counter_mode *c = state;
    for (size_t i = 0; i < *len;) {
        if (c->used == BLOCK && !next_block(c))
            return srtp_err_status_cipher_fail;
        if (c->used == 0 && *len - i >= BLOCK) {
            mix_block(bytes + i, c->stream);
            c->used = BLOCK;
            i += BLOCK;
        } else {
            bytes[i++] ^= c->stream[c->used++];
        }
    }
    return srtp_err_status_ok;
}

/* RFC 3711 appendix B.2. */
static const uint8_t cipher_test_key[KEY_LEN + SALT_LEN] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
                                                            0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xf0, 0xf1, 0xf2, 0xf3,
                                                            0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
static const uint8_t cipher_test_plain[32];
static const uint8_t cipher_test_cipher[32] = {0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1,
                                               0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02,
                                               0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab};
static uint8_t cipher_test_index[BLOCK];
static const srtp_cipher_test_case_t cipher_test = {
    .key_length_octets = sizeof cipher_test_key,
    .key = cipher_test_key,
    .idx = cipher_test_index,
    .plaintext_length_octets = sizeof cipher_test_plain,
    .plaintext = cipher_test_plain,
    .ciphertext_length_octets = sizeof cipher_test_cipher,
    .ciphertext = cipher_test_cipher,
};

static const srtp_cipher_type_t counter_mode = {
    .alloc = cipher_alloc,
    .dealloc = cipher_dealloc,
    .init = cipher_init,
    .encrypt = cipher_mix,
    .decrypt = cipher_mix,
    .set_iv = cipher_set_iv,
    .description = "AES-128 counter mode by mbedTLS",
    .test_data = &cipher_test,
    .id = SRTP_AES_ICM_128,
};

/* ---- HMAC-SHA1 ---- */

/* Likewise. */
struct hmac {
    srtp_auth_t base;
    mbedtls_md_context_t md;
};

static const srtp_auth_type_t hmac_sha1;

static srtp_err_status_t auth_dealloc(srtp_auth_pointer_t auth)
{
    struct hmac *h = auth->state;
    mbedtls_md_free(&h->md);
    mbedtls_platform_zeroize(h, sizeof *h);
    free(h);
    return srtp_err_status_ok;
}

static srtp_err_status_t auth_alloc(srtp_auth_pointer_t *out, int key_len, int tag_len)
{
    if (key_len > SHA1_LEN || tag_len > SHA1_LEN)
        return srtp_err_status_bad_param;
    struct hmac *h = calloc(1, sizeof *h);
    if (!h)
        return srtp_err_status_alloc_fail;
    h->base = (srtp_auth_t){.type = &hmac_sha1, .state = h, .out_len = tag_len, .key_len = key_len};
    mbedtls_md_init(&h->md);
    if (mbedtls_md_setup(&h->md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), 1) != 0) {
        (void)auth_dealloc(&h->base);
        return srtp_err_status_alloc_fail;
    }
    *out = &h->base;
    return srtp_err_status_ok;
}

static srtp_err_status_t status_of(int error)
{
    return error == 0 ? srtp_err_status_ok : srtp_err_status_auth_fail;
}

static srtp_err_status_t auth_init(void *state, const uint8_t *key, int key_len)
{
    struct hmac *h = state;
    return mbedtls_md_hmac_starts(&h->md, key, (size_t)key_len) == 0 ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t auth_start(void *state)
{
    struct hmac *h = state;
    return status_of(mbedtls_md_hmac_reset(&h->md));
}

static srtp_err_status_t auth_update(void *state, const uint8_t *bytes, int len)
{
    struct hmac *h = state;
    return status_of(mbedtls_md_hmac_update(&h->md, bytes, (size_t)len));
}

static srtp_err_status_t auth_compute(void *state, const uint8_t *bytes, int len, int tag_len, uint8_t *tag)
{
    struct hmac *h = state;
    uint8_t all[SHA1_LEN];
    if (mbedtls_md_hmac_update(&h->md, bytes, (size_t)len) != 0 || mbedtls_md_hmac_finish(&h->md, all) != 0)
        return srtp_err_status_auth_fail;
    memcpy(tag, all, (size_t)tag_len);
    return srtp_err_status_ok;
}

/* RFC 2202 section 3, the first one. */
static const uint8_t auth_test_key[SHA1_LEN] = {0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                                                0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
static const uint8_t auth_test_data[8] = {'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e'};
static const uint8_t auth_test_tag[SHA1_LEN] = {0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
                                                0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00};
static const srtp_auth_test_case_t auth_test = {
    .key_length_octets = sizeof auth_test_key,
    .key = auth_test_key,
    .data_length_octets = sizeof auth_test_data,
    .data = auth_test_data,
    .tag_length_octets = sizeof auth_test_tag,
    .tag = auth_test_tag,
};

static const srtp_auth_type_t hmac_sha1 = {
    .alloc = auth_alloc,
    .dealloc = auth_dealloc,
    .init = auth_init,
    .compute = auth_compute,
    .update = auth_update,
    .start = auth_start,
    .description = "HMAC-SHA1 by mbedTLS",
    .test_data = &auth_test,
    .id = SRTP_HMAC_SHA1,
};

bool srtp_crypto_install(void)
{
    bool ok = srtp_replace_cipher_type(&counter_mode, SRTP_AES_ICM_128) == srtp_err_status_ok;
    return srtp_replace_auth_type(&hmac_sha1, SRTP_HMAC_SHA1) == srtp_err_status_ok && ok;
}
