/* SPDX-License-Identifier: MIT */
/* RTCCertificate (webrtc-pc 4.9): the public names of src/dtls's certificates. A handle is the certificate itself. */
#include "certificate.h"

#include "context.h"
#include "error.h"
#include "memory.h"
#include "options.h"

#include <crtc/peer_connection.h>

static struct certificate *inner(const rtc_certificate *c)
{
    return (struct certificate *)(uintptr_t)c;
}

static int check_options(const rtc_certificate_options *o)
{
    if (o->algorithm != RTC_KEY_ECDSA_P256 && o->algorithm != RTC_KEY_RSA_2048)
        return error_say(RTC_ERR_NOT_SUPPORTED, "unknown key algorithm %d", (int)o->algorithm);
    if (o->public_exponent != 0 && o->public_exponent != 65537)
        return error_say(RTC_ERR_NOT_SUPPORTED, "a public exponent of %u: it must be 65537", o->public_exponent);
    if (o->modulus_bits != 0 && (o->modulus_bits < 1024 || o->modulus_bits > 4096 || o->modulus_bits % 8 != 0))
        return error_say(RTC_ERR_NOT_SUPPORTED, "a modulus of %u bits: it must be 1024 to 4096, in steps of 8", o->modulus_bits);
    return RTC_OK;
}

/* webrtc-pc 4.9.1, generateCertificate: none lasts for more than a year. */
static int64_t lifetime_us(const rtc_certificate_options *o)
{
    const uint64_t most_ms = UINT64_C(365) * 24 * 60 * 60 * 1000;
    return (int64_t)(o->lifetime_ms < most_ms ? o->lifetime_ms : most_ms) * 1000;
}

int rtc_certificate_new(rtc_context *context, const rtc_certificate_options *given, rtc_certificate **out)
{
    rtc_certificate_options o;
    if (!out)
        return error_say(RTC_ERR_TYPE, "rtc_certificate_new: out is NULL");
    int error = options_take(&o, sizeof o, given, "rtc_certificate_options");
    if (!error)
        error = check_options(&o);
    if (error)
        return error;
    const struct certificate_wish wish = {
        .key = o.algorithm == RTC_KEY_RSA_2048 ? CERTIFICATE_RSA_2048 : CERTIFICATE_ECDSA_P256,
        .lifetime_us = lifetime_us(&o),
        .names = o.names,
        .name_count = o.name_count,
        .expires_at_once = o.has_lifetime && o.lifetime_ms == 0,
        .modulus_bits = o.modulus_bits,
    };
    struct certificate *made;
    error = certificate_make(context, &wish, &made);
    if (!error)
        *out = (rtc_certificate *)made;
    return error;
}

int rtc_certificate_generate(rtc_context *context, rtc_key_algorithm algorithm, uint64_t lifetime_ms, rtc_certificate **out)
{
    const rtc_certificate_options options = {.size = sizeof options, .algorithm = algorithm, .lifetime_ms = lifetime_ms};
    return rtc_certificate_new(context, &options, out);
}

int rtc_certificate_import_pem(rtc_context *context, const char *pem, size_t len, rtc_certificate **out)
{
    context = context_resolve(context);
    if (!out || !pem)
        return error_say(RTC_ERR_TYPE, "rtc_certificate_import_pem: %s is NULL", out ? "pem" : "out");
    if (!context)
        return error_plain(RTC_ERR_NO_MEMORY);
    struct certificate *made;
    int error = certificate_import_pem(context, slice_of(pem, len), &made);
    if (!error)
        *out = (rtc_certificate *)made;
    return error;
}

int rtc_certificate_export_pem(const rtc_certificate *certificate, char **out)
{
    if (!certificate || !out)
        return error_say(RTC_ERR_TYPE, "rtc_certificate_export_pem: %s is NULL", certificate ? "out" : "certificate");
    return certificate_export_pem(inner(certificate), out);
}

void rtc_certificate_free_pem(const rtc_certificate *certificate, char *pem)
{
    if (!certificate || !pem)
        return;
    memory_wipe(pem, strlen(pem));
    memory_free(certificate_context(inner(certificate)), pem);
}

rtc_certificate *rtc_certificate_ref(rtc_certificate *certificate)
{
    return certificate ? (rtc_certificate *)certificate_ref(inner(certificate)) : NULL;
}

void rtc_certificate_unref(rtc_certificate *certificate)
{
    if (certificate)
        certificate_unref(inner(certificate));
}

const rtc_dtls_fingerprint *const *rtc_certificate_get_fingerprints(const rtc_certificate *certificate, size_t *count)
{
    if (count)
        *count = 1;
    return certificate_listed(inner(certificate));
}

const char *rtc_certificate_fingerprint(const rtc_certificate *certificate)
{
    return certificate_fingerprint(inner(certificate));
}

double rtc_certificate_expires_ms(const rtc_certificate *certificate)
{
    return (double)certificate_expires_us(inner(certificate)) / 1000.0;
}
