/* SPDX-License-Identifier: MIT */
/* See certificate_write.h. Everything is written from the end to the beginning, so each function reads from bottom to top. */
#include "certificate_write.h"

#include "address.h"
#include "der_writer.h"
#include "hash.h"
#include "mbedtls_compat.h"

#include <ctype.h>
#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <time.h>

enum {
    DER_BASE = 2048,       /* a certificate without names: an RSA one of 2048 bits takes 700 bytes */
    DER_NAME = 260,        /* one name with its head */
    PUBLIC_KEY_MAX = 1024, /* an RSA one of 4096 bits takes 550 bytes */
    LABEL_MAX = 63,        /* of a host name (RFC 1035 2.3.4) */
};

/* Contents of object identifiers, and whole values that never change. */
#define BYTES(...) slice_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define OID_ECDSA_WITH_SHA256 BYTES(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)     /* 1.2.840.10045.4.3.2 */
#define OID_RSA_WITH_SHA256 BYTES(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b) /* 1.2.840.113549.1.1.11 */
#define OID_COMMON_NAME BYTES(0x55, 0x04, 0x03)                                         /* 2.5.4.3 */
#define OID_KEY_USAGE BYTES(0x55, 0x1d, 0x0f)                                           /* 2.5.29.15 */
#define OID_SUBJECT_ALT_NAME BYTES(0x55, 0x1d, 0x11)                                    /* 2.5.29.17 */
#define OID_EXTENDED_KEY_USAGE BYTES(0x55, 0x1d, 0x25)                                  /* 2.5.29.37 */
#define OID_SERVER_AUTH BYTES(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01)           /* 1.3.6.1.5.5.7.3.1 */
#define OID_CLIENT_AUTH BYTES(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02)           /* 1.3.6.1.5.5.7.3.2 */

/* RFC 5280 4.2.1.6 through RFC 1034 3.5; a last label of digits alone would be read as an address. */
static bool is_host_name(const char *name)
{
    size_t len = strlen(name);
    const char *at = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    bool digits = false;
    if (len == 0 || len > CERTIFICATE_NAME_LEN_MAX)
        return false;
    for (;;) {
        size_t label = strcspn(at, ".");
        if (label == 0 || label > LABEL_MAX || at[0] == '-' || at[label - 1] == '-')
            return false;
        digits = true;
        for (size_t i = 0; i < label; i++) {
            if ((unsigned char)at[i] > 0x7f || (!isalnum((unsigned char)at[i]) && at[i] != '-' && at[i] != '_'))
                return false;
            digits = digits && isdigit((unsigned char)at[i]);
        }
        if (!at[label])
            return !digits;
        at += label + 1;
    }
}

bool certificate_name_is_valid(const char *name)
{
    struct address address;
    return address_parse(slice_str(name), 0, &address) || is_host_name(name);
}

/* Without parameters for ECDSA (RFC 5758 3.2), with NULL for RSA (RFC 4055 5). */
static void write_algorithm(struct der_writer *w, bool rsa)
{
    size_t mark = der_len(w);
    if (rsa)
        der_value(w, DER_NULL, slice_of(NULL, 0));
    der_value(w, DER_OBJECT_IDENTIFIER, rsa ? OID_RSA_WITH_SHA256 : OID_ECDSA_WITH_SHA256);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* subjectAltName, RFC 5280 4.2.1.6: dNSName is [2], iPAddress is [7]. */
static void write_name(struct der_writer *w, const char *name)
{
    struct address address;
    if (address_parse(slice_str(name), 0, &address))
        der_value(w, DER_CONTEXT | 7, slice_of(address.ip, address_ip_len(&address)));
    else
        der_value(w, DER_CONTEXT | 2, slice_str(name));
}

/* Wraps what was written since `mark`, the content of extnValue, into an Extension. */
static void wrap_extension(struct der_writer *w, struct slice oid, bool critical, size_t mark)
{
    der_wrap(w, DER_OCTET_STRING, mark);
    if (critical)
        der_value(w, DER_BOOLEAN, BYTES(0xff));
    der_value(w, DER_OBJECT_IDENTIFIER, oid);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* A certificate with names is one for a server of HTTPS, and may serve DTLS on either side as well. */
static void write_extensions(struct der_writer *w, const struct certificate_content *content)
{
    size_t all = der_len(w), mark = all;
    der_value(w, DER_OBJECT_IDENTIFIER, OID_CLIENT_AUTH);
    der_value(w, DER_OBJECT_IDENTIFIER, OID_SERVER_AUTH);
    der_wrap(w, DER_SEQUENCE, mark);
    wrap_extension(w, OID_EXTENDED_KEY_USAGE, false, mark);
    mark = der_len(w);
    der_value(w, DER_BIT_STRING, BYTES(7, 0x80)); /* digitalSignature, 7 bits unused */
    wrap_extension(w, OID_KEY_USAGE, true, mark);
    mark = der_len(w);
    for (size_t i = content->name_count; i > 0; i--)
        write_name(w, content->names[i - 1]);
    der_wrap(w, DER_SEQUENCE, mark);
    wrap_extension(w, OID_SUBJECT_ALT_NAME, false, mark);
    der_wrap(w, DER_SEQUENCE, all);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED | 3, all);
}

/* CN=WebRTC: nobody reads it, but a name must be there. */
static void write_subject(struct der_writer *w)
{
    size_t mark = der_len(w);
    der_value(w, DER_UTF8_STRING, slice_str("WebRTC"));
    der_value(w, DER_OBJECT_IDENTIFIER, OID_COMMON_NAME);
    der_wrap(w, DER_SEQUENCE, mark);
    der_wrap(w, DER_SET, mark);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* RFC 5280 4.1.2.5: two digits of the year until 2049, four from 2050 on. A certificate can not say a year of five digits, and mbedTLS
 * reads none before 1970. */
static void write_time(struct der_writer *w, int64_t wall_us)
{
    char text[20] = "99991231235959Z";
    time_t seconds = wall_us < 0 ? 0 : (time_t)(wall_us / 1000000);
    struct tm t;
    bool fits = gmtime_r(&seconds, &t) && t.tm_year + 1900 <= 9999;
    bool two_digits = fits && t.tm_year + 1900 < 2050;
    if (fits)
        (void)strftime(text, sizeof text, two_digits ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &t);
    der_value(w, two_digits ? DER_UTC_TIME : DER_GENERALIZED_TIME, slice_str(text));
}

static void write_validity(struct der_writer *w, const struct certificate_content *content)
{
    size_t mark = der_len(w);
    write_time(w, content->to_us);
    write_time(w, content->from_us);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* TBSCertificate, RFC 5280 4.1.2. */
static void write_unsigned(struct der_writer *w, const struct certificate_content *content, struct slice public_key, bool rsa)
{
    size_t mark = der_len(w), version;
    if (content->name_count > 0)
        write_extensions(w, content);
    der_bytes(w, public_key);
    write_subject(w);
    write_validity(w, content);
    write_subject(w); /* the issuer */
    write_algorithm(w, rsa);
    der_value(w, DER_INTEGER, content->serial);
    version = der_len(w);
    der_value(w, DER_INTEGER, BYTES(2)); /* v3 */
    der_wrap(w, DER_CONTEXT_CONSTRUCTED, version);
    der_wrap(w, DER_SEQUENCE, mark);
}

/* Signs what is in `body`, and writes both. */
static int write_signed(rtc_context *context, struct der_writer *w, struct slice body, mbedtls_pk_context *signer, bool rsa)
{
    uint8_t digest[HASH_SHA256_LEN], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0, mark = der_len(w);
    if (!hash_sha256(body, digest))
        return MBEDTLS_ERR_ERROR_GENERIC_ERROR;
    int error = mbedtls_compat_sign(context, signer, digest, sizeof digest, signature, sizeof signature, &len);
    if (error)
        return error;
    der_bytes(w, slice_of(signature, len));
    der_byte(w, 0); /* no bits unused */
    der_wrap(w, DER_BIT_STRING, mark);
    write_algorithm(w, rsa);
    der_bytes(w, body);
    der_wrap(w, DER_SEQUENCE, mark);
    return w->failed ? MBEDTLS_ERR_ASN1_BUF_TOO_SMALL : 0;
}

/* Half of it for the body, which is then written again with its signature. */
size_t certificate_write_bound(size_t name_count)
{
    return 2 * (DER_BASE + name_count * DER_NAME);
}

int certificate_write(rtc_context *context, const struct certificate_content *content, uint8_t *buffer, size_t capacity, struct slice *out)
{
    uint8_t key[PUBLIC_KEY_MAX];
    bool rsa = mbedtls_pk_get_type(content->key) == MBEDTLS_PK_RSA;
    int len = mbedtls_pk_write_pubkey_der(content->key, key, sizeof key); /* it, too, writes to the end */
    if (len < 0)
        return len;
    struct der_writer body = der_writer_of(buffer, capacity / 2);
    struct der_writer whole = der_writer_of(buffer + capacity / 2, capacity - capacity / 2);
    write_unsigned(&body, content, slice_of(key + sizeof key - (size_t)len, (size_t)len), rsa);
    if (body.failed)
        return MBEDTLS_ERR_ASN1_BUF_TOO_SMALL;
    int error = write_signed(context, &whole, der_written(&body), content->signer, rsa);
    if (!error)
        *out = der_written(&whole);
    return error;
}
