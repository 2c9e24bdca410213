/* SPDX-License-Identifier: MIT */
/* Self-signed certificates and their private keys (RFC 8827 6.5, RFC 8122, webrtc-pc 4.9.2) and their PEM form (RFC 7468). */
#include "certificate_internal.h"

#include "certificate_text.h"
#include "certificate_write.h"

#include "context.h"
#include "error.h"
#include "hash.h"
#include "log.h"
#include "mbedtls_compat.h"
#include "memory.h"
#include "references.h"

#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <mbedtls/rsa.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum {
    KEY_PEM_MAX = 16384,  /* an RSA key of 8192 bits takes 6.4 kB */
    PEM_MAX = 256 * 1024, /* what import accepts */
};

#define DAY_US (INT64_C(86400) * 1000000)
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define PEM_END "-----END CERTIFICATE-----\n"

/* Shared by whoever holds a reference; freed with the last. Written by this file until it is given away, and by certificate_bind() before
 * anybody else has it; then nobody writes but mbedTLS, whose table in the key the lock is for (certificate_internal.h). */
struct certificate {
    rtc_context *context;
    bool bound; /* holds a reference to the context */
    atomic_uint references;
    pthread_mutex_t lock;
    mbedtls_pk_context key;
    mbedtls_pk_context signer; /* the same key, borrowed */
    mbedtls_x509_crt chain;
    int64_t expires_us;
    char fingerprint[CERTIFICATE_FINGERPRINT_TEXT], lower[CERTIFICATE_FINGERPRINT_TEXT];
    rtc_dtls_fingerprint listed; /* of `lower` */
    const rtc_dtls_fingerprint *list[1];
};

static struct certificate *create(rtc_context *context)
{
    struct certificate *c = memory_zeroed(context, sizeof *c);
    if (!c)
        return NULL;
    c->context = context;
    atomic_init(&c->references, 1);
    pthread_mutex_init(&c->lock, NULL);
    mbedtls_pk_init(&c->key);
    mbedtls_x509_crt_init(&c->chain);
    return c;
}

struct certificate *certificate_ref(struct certificate *c)
{
    if (c)
        references_take(&c->references);
    return c;
}

void certificate_unref(struct certificate *c)
{
    if (!c || !references_drop(&c->references))
        return;
    mbedtls_x509_crt_free(&c->chain);
    mbedtls_pk_free(&c->key);
    pthread_mutex_destroy(&c->lock);
    rtc_context *context = c->context;
    bool bound = c->bound;
    memory_free(context, c);
    if (bound)
        rtc_context_unref(context);
}

void certificate_bind(struct certificate *c)
{
    c->bound = true;
    (void)rtc_context_ref(c->context);
}

void certificate_lock(struct certificate *c)
{
    pthread_mutex_lock(&c->lock);
}

void certificate_unlock(struct certificate *c)
{
    pthread_mutex_unlock(&c->lock);
}

mbedtls_x509_crt *certificate_chain(struct certificate *c)
{
    return &c->chain;
}

mbedtls_pk_context *certificate_private_key(struct certificate *c)
{
    return &c->signer;
}

const char *certificate_fingerprint(const struct certificate *c)
{
    return c->fingerprint;
}

const rtc_dtls_fingerprint *const *certificate_listed(const struct certificate *c)
{
    return c->list;
}

struct slice certificate_der(const struct certificate *c)
{
    return slice_of(c->chain.raw.p, c->chain.raw.len);
}

int64_t certificate_expires_us(const struct certificate *c)
{
    return c->expires_us;
}

/* mbedTLS reports an allocation failure of each of its parts under its own number. */
static bool is_out_of_memory(int error)
{
    static const int codes[] = {MBEDTLS_ERR_MPI_ALLOC_FAILED, MBEDTLS_ERR_PK_ALLOC_FAILED, MBEDTLS_ERR_X509_ALLOC_FAILED,
                                MBEDTLS_ERR_ECP_ALLOC_FAILED, MBEDTLS_ERR_PEM_ALLOC_FAILED};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (error == codes[i])
            return true;
    return false;
}

static int refuse(rtc_context *context, const char *what, int error, int otherwise)
{
    char text[96] = "";
    mbedtls_strerror(error, text, sizeof text);
    log_write(context, RTC_LOG_INFO, "dtls", "%s: %s (-0x%04x)", what, text, (unsigned)-error);
    return error_say(is_out_of_memory(error) ? RTC_ERR_NO_MEMORY : otherwise, "%s: %s", what, text);
}

static int64_t wall_of(const mbedtls_x509_time *t)
{
    struct tm broken = {
        .tm_year = t->year - 1900, .tm_mon = t->mon - 1, .tm_mday = t->day, .tm_hour = t->hour, .tm_min = t->min, .tm_sec = t->sec};
    return (int64_t)timegm(&broken) * 1000000;
}

/* What follows from the parsed certificate. */
static int describe(struct certificate *c)
{
    certificate_fingerprint_text(certificate_der(c), c->fingerprint);
    if (!c->fingerprint[0])
        return error_say(RTC_ERR_OPERATION, "the certificate's fingerprint can not be made");
    for (size_t i = 0; i < sizeof c->lower; i++)
        c->lower[i] = (char)(c->fingerprint[i] >= 'A' && c->fingerprint[i] <= 'F' ? c->fingerprint[i] - 'A' + 'a' : c->fingerprint[i]);
    c->listed = (rtc_dtls_fingerprint){.size = sizeof c->listed, .algorithm = "sha-256", .value = c->lower};
    c->list[0] = &c->listed;
    c->expires_us = wall_of(&c->chain.valid_to);
    return RTC_OK;
}

static int make_key(rtc_context *context, const struct certificate_wish *wish, mbedtls_pk_context *key)
{
    bool rsa = wish->key == CERTIFICATE_RSA_2048;
    unsigned bits = wish->modulus_bits ? wish->modulus_bits : 2048;
    int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY));
    if (error)
        return error;
    if (rsa)
        return mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbedtls_compat_random, context, bits, 65537);
    return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_compat_random, context);
}

static int self_sign(struct certificate *c, const struct certificate_wish *wish)
{
    uint8_t serial[16];
    size_t capacity = certificate_write_bound(wish->name_count);
    uint8_t *der = memory_alloc(c->context, capacity);
    int64_t now = context_wall_us(c->context, rtc_now()), lifetime_us = wish->lifetime_us > 0 ? wish->lifetime_us : 30 * DAY_US;
    struct slice written;
    if (wish->expires_at_once)
        lifetime_us = 0;
    if (!der)
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    context_random(c->context, serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and never shorter than it looks */
    const struct certificate_content content = {
        .key = &c->key,
        .signer = &c->signer,
        .serial = slice_of(serial, sizeof serial),
        .from_us = now - DAY_US,
        .to_us = lifetime_us > INT64_MAX - now ? INT64_MAX : now + lifetime_us,
        .names = wish->names,
        .name_count = wish->name_count,
    };
    int error = certificate_write(c->context, &content, der, capacity, &written);
    if (!error)
        error = mbedtls_x509_crt_parse_der(&c->chain, written.data, written.len);
    memory_free(c->context, der);
    return error;
}

static int generate(rtc_context *context, const struct certificate_wish *wish, struct certificate **out)
{
    struct certificate *c = create(context);
    if (!c)
        return error_plain(RTC_ERR_NO_MEMORY);
    int error = make_key(context, wish, &c->key);
    c->signer = mbedtls_compat_signer(&c->key);
    if (!error)
        error = self_sign(c, wish);
    error = error ? refuse(context, "can not make a certificate", error, RTC_ERR_OPERATION) : describe(c);
    if (error) {
        certificate_unref(c);
        return error;
    }
    *out = c;
    return RTC_OK;
}

int certificate_generate_unbound(rtc_context *context, enum certificate_key key, int64_t lifetime_us, struct certificate **out)
{
    return generate(context, &(struct certificate_wish){.key = key, .lifetime_us = lifetime_us}, out);
}

static int check_names(const struct certificate_wish *wish)
{
    if (wish->name_count > CERTIFICATE_NAMES_MAX)
        return error_say(RTC_ERR_RANGE, "%zu names are more than the %d of one certificate", wish->name_count, CERTIFICATE_NAMES_MAX);
    for (size_t i = 0; i < wish->name_count; i++) {
        if (!wish->names || !wish->names[i])
            return error_say(RTC_ERR_TYPE, "the certificate's names: entry %zu is missing", i);
        if (!certificate_name_is_valid(wish->names[i]))
            return error_say(RTC_ERR_SYNTAX, "'%.120s' is neither a host name nor a numeric address", wish->names[i]);
    }
    return RTC_OK;
}

int certificate_make(rtc_context *context, const struct certificate_wish *wish, struct certificate **out)
{
    context = context_resolve(context);
    if (!context)
        return error_plain(RTC_ERR_NO_MEMORY);
    if (wish->key != CERTIFICATE_ECDSA_P256 && wish->key != CERTIFICATE_RSA_2048)
        return error_say(RTC_ERR_NOT_SUPPORTED, "unknown kind of key %d", (int)wish->key);
    int error = check_names(wish);
    if (!error)
        error = generate(context, wish, out);
    if (!error)
        certificate_bind(*out);
    return error;
}

int certificate_generate(rtc_context *context, enum certificate_key key, int64_t lifetime_us, struct certificate **out)
{
    return certificate_make(context, &(struct certificate_wish){.key = key, .lifetime_us = lifetime_us}, out);
}

static int parse_pem(struct certificate *c, const char *text, size_t len)
{
    /* A positive result counts the certificates that could not be read. */
    int error = mbedtls_x509_crt_parse(&c->chain, (const unsigned char *)text, len + 1);
    if (error)
        return error < 0 ? refuse(c->context, "not a certificate", error, RTC_ERR_SYNTAX)
                         : error_say(RTC_ERR_SYNTAX, "%d of the certificates in the text can not be read", error);
    error = mbedtls_compat_parse_key(c->context, &c->key, text, len);
    if (error)
        return refuse(c->context, "not a private key", error, RTC_ERR_SYNTAX);
    if (!mbedtls_compat_key_usable(&c->key))
        return error_say(RTC_ERR_NOT_SUPPORTED, "the private key is neither RSA of 1024 bits or more nor ECDSA on P-256 or P-384");
    c->signer = mbedtls_compat_signer(&c->key);
    error = mbedtls_compat_check_pair(c->context, &c->chain.pk, &c->key);
    return error ? refuse(c->context, "key and certificate do not match", error, RTC_ERR_INVALID_ACCESS) : describe(c);
}

int certificate_import_pem(rtc_context *context, struct slice pem, struct certificate **out)
{
    context = context_resolve(context);
    if (!context)
        return error_plain(RTC_ERR_NO_MEMORY);
    if (!pem.data || pem.len == 0 || pem.len > PEM_MAX)
        return error_say(RTC_ERR_SYNTAX, "PEM text of %zu bytes: there must be 1 to %d", pem.len, PEM_MAX);
    struct certificate *c = create(context);
    char *text = memory_text(context, pem.data, pem.len);
    int error = c && text ? parse_pem(c, text, pem.len) : error_plain(RTC_ERR_NO_MEMORY);
    if (text)
        memory_wipe(text, pem.len);
    memory_free(context, text);
    if (error) {
        certificate_unref(c);
        return error;
    }
    certificate_bind(c);
    *out = c;
    return RTC_OK;
}

/* One certificate of a chain; returns the characters written or a negative mbedTLS error. */
static int print_one(const mbedtls_x509_crt *certificate, char *text, size_t capacity)
{
    size_t len = 0;
    int error =
        mbedtls_pem_write_buffer(PEM_BEGIN, PEM_END, certificate->raw.p, certificate->raw.len, (unsigned char *)text, capacity, &len);
    return error ? error : (int)strlen(text);
}

static size_t pem_bound(const struct certificate *c)
{
    size_t size = KEY_PEM_MAX;
    for (const mbedtls_x509_crt *one = &c->chain; one; one = one->next)
        size += one->raw.len * 2 + 128;
    return size;
}

static int print_pem(struct certificate *c, char *text, size_t capacity)
{
    size_t len = 0;
    for (const mbedtls_x509_crt *one = &c->chain; one; one = one->next) {
        int printed = print_one(one, text + len, capacity - len);
        if (printed < 0)
            return printed;
        len += (size_t)printed;
    }
    certificate_lock(c);
    int error = mbedtls_pk_write_key_pem(&c->key, (unsigned char *)text + len, capacity - len);
    certificate_unlock(c);
    return error;
}

int certificate_export_pem(const struct certificate *certificate, char **out)
{
    struct certificate *c = (struct certificate *)certificate; /* printing the key takes the lock and changes nothing else */
    size_t capacity = pem_bound(c);
    char *text = memory_zeroed(c->context, capacity);
    if (!text)
        return error_plain(RTC_ERR_NO_MEMORY);
    int error = print_pem(c, text, capacity);
    char *exact = error ? NULL : memory_text(c->context, text, strlen(text));
    memory_wipe(text, capacity);
    memory_free(c->context, text);
    if (error)
        return refuse(c->context, "can not print a certificate", error, RTC_ERR_OPERATION);
    if (!exact)
        return error_plain(RTC_ERR_NO_MEMORY);
    *out = exact;
    return RTC_OK;
}

rtc_context *certificate_context(const struct certificate *certificate)
{
    return certificate->context;
}
