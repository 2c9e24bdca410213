/* SPDX-License-Identifier: MIT */
/* Certificates from text that somebody else wrote: what is taken comes out as PEM that gives the same certificate again; and, behind a zero byte, names that are to be
 * written into one: those that are taken give DER that mbedTLS reads. */
#include "certificate_internal.h"
#include "certificate_text.h"
#include "certificate_write.h"
#include "context.h"
#include "memory.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void import(struct slice pem)
{
    struct certificate *c, *again;
    char *text;
    if (certificate_import_pem(NULL, pem, &c) != RTC_OK)
        return;
    check(strlen(certificate_fingerprint(c)) == 95);
    check(certificate_der(c).len > 0);
    check(certificate_export_pem(c, &text) == RTC_OK);
    check(certificate_import_pem(NULL, slice_str(text), &again) == RTC_OK);
    check(slice_eq(certificate_der(c), certificate_der(again)) && certificate_expires_us(c) == certificate_expires_us(again));
    char *base64 = certificate_base64(certificate_context(c), certificate_der(c));
    check(base64 != NULL);
    memory_free(certificate_context(c), base64);
    memory_free(certificate_context(c), text);
    certificate_unref(again);
    certificate_unref(c);
}

/* Zero-terminated texts, as many as one certificate takes; false when one is no name. */
static bool split(struct slice texts, const char *names[CERTIFICATE_NAMES_MAX], size_t *count)
{
    *count = 0;
    for (size_t at = 0; at < texts.len && *count < CERTIFICATE_NAMES_MAX; at += strlen(names[(*count)++]) + 1) {
        names[*count] = (const char *)texts.data + at;
        if (!certificate_name_is_valid(names[*count]))
            return false;
    }
    return true;
}

static void write_names(struct slice texts)
{
    static struct certificate *key;
    static uint8_t buffer[65536];
    const char *names[CERTIFICATE_NAMES_MAX];
    const uint8_t serial[] = {1};
    struct certificate_content content = {.serial = slice_of(serial, sizeof serial), .to_us = INT64_C(4102444800000000), .names = names};
    struct slice der;
    mbedtls_x509_crt read;
    if (!key && certificate_generate(NULL, CERTIFICATE_ECDSA_P256, 0, &key) != RTC_OK)
        abort();
    char *text = memory_text(context_resolve(NULL), texts.data, texts.len);
    if (text && split(slice_of(text, texts.len), names, &content.name_count)) {
        content.key = &certificate_chain(key)->pk;
        content.signer = certificate_private_key(key);
        size_t capacity = certificate_write_bound(content.name_count);
        check(capacity <= sizeof buffer);
        check(certificate_write(context_resolve(NULL), &content, buffer, capacity, &der) == 0);
        mbedtls_x509_crt_init(&read);
        check(mbedtls_x509_crt_parse_der(&read, der.data, der.len) == 0);
        mbedtls_x509_crt_free(&read);
    }
    memory_free(context_resolve(NULL), text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0)
        write_names(slice_of(data + 1, size - 1));
    else
        import(slice_of(data, size));
    return 0;
}
