/* SPDX-License-Identifier: MIT */
/* mbedTLS 2.28. See mbedtls_compat.h. */
#include "mbedtls_compat.h"

#include "context.h"
#include "memory.h"

#include <mbedtls/version.h>

#if MBEDTLS_VERSION_NUMBER < 0x021c0000 || MBEDTLS_VERSION_NUMBER >= 0x03000000
#error "this file speaks to mbedTLS 2.28; another version needs its own"
#endif

int mbedtls_compat_random(void *context, unsigned char *bytes, size_t len)
{
    context_random(context, bytes, len);
    return 0;
}

/* x25519 and P-256 come first: mbedTLS would pick P-384, at several times the cost. The list also judges the peer's certificate. */
static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_SECP384R1,
                                              MBEDTLS_ECP_DP_NONE};
static const int signature_hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_NONE};

void mbedtls_compat_set_algorithms(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(config, curves);
    mbedtls_ssl_conf_sig_hashes(config, signature_hashes);
}

static int store_secrets(void *user, const unsigned char *master, const unsigned char *keys, size_t mac_len, size_t key_len, size_t iv_len,
                         const unsigned char client_random[32], const unsigned char server_random[32], mbedtls_tls_prf_types prf)
{
    struct mbedtls_compat_secrets *secrets = user;
    (void)keys;
    (void)mac_len;
    (void)key_len;
    (void)iv_len;
    memcpy(secrets->master, master, sizeof secrets->master);
    memcpy(secrets->random, client_random, 32);
    memcpy(secrets->random + 32, server_random, 32);
    secrets->prf = prf;
    secrets->set = true;
    return 0;
}

void mbedtls_compat_capture_secrets(mbedtls_ssl_config *config, mbedtls_ssl_context *ssl, struct mbedtls_compat_secrets *secrets)
{
    (void)ssl;
    mbedtls_ssl_conf_export_keys_ext_cb(config, store_secrets, secrets);
}

bool mbedtls_compat_awaits_client_hello(const mbedtls_ssl_context *ssl)
{
    return ssl->state == MBEDTLS_SSL_HELLO_REQUEST || ssl->state == MBEDTLS_SSL_CLIENT_HELLO;
}

unsigned mbedtls_compat_epoch_in(const mbedtls_ssl_context *ssl)
{
    return ssl->in_epoch;
}

int mbedtls_compat_alert(const mbedtls_ssl_context *ssl)
{
    return ssl->in_msg[1];
}

int mbedtls_compat_parse_key(rtc_context *context, mbedtls_pk_context *key, const char *pem, size_t len)
{
    (void)context;
    return mbedtls_pk_parse_key(key, (const unsigned char *)pem, len + 1, NULL, 0);
}

int mbedtls_compat_check_pair(rtc_context *context, const mbedtls_pk_context *public_key, const mbedtls_pk_context *private_key)
{
    (void)context;
    return mbedtls_pk_check_pair(public_key, private_key);
}

int mbedtls_compat_sign(rtc_context *context, mbedtls_pk_context *key, const uint8_t *digest, size_t digest_len, uint8_t *signature,
                        size_t capacity, size_t *len)
{
    if (capacity < MBEDTLS_PK_SIGNATURE_MAX_SIZE)
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    return mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest, digest_len, signature, len, mbedtls_compat_random, context);
}

bool mbedtls_compat_key_usable(const mbedtls_pk_context *key)
{
    if (mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA)
        return mbedtls_pk_get_bitlen(key) >= 1024;
    if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA))
        return false;
    mbedtls_ecp_group_id curve = mbedtls_pk_ec(*key)->grp.id;
    return curve == MBEDTLS_ECP_DP_SECP256R1 || curve == MBEDTLS_ECP_DP_SECP384R1;
}

mbedtls_pk_context mbedtls_compat_signer(const mbedtls_pk_context *key)
{
    mbedtls_pk_context signer = *key;
    if (mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY)
        signer.pk_info = mbedtls_pk_info_from_type(MBEDTLS_PK_ECDSA);
    return signer;
}
