/* SPDX-License-Identifier: MIT */
/* See certificate_text.h. */
#include "certificate_text.h"

#include "hash.h"
#include "memory.h"

#include <mbedtls/base64.h>
#include <stdio.h>

void certificate_fingerprint_text(struct slice der, char text[CERTIFICATE_FINGERPRINT_TEXT])
{
    uint8_t digest[HASH_SHA256_LEN];
    text[0] = 0;
    if (!hash_sha256(der, digest))
        return;
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(text + 3 * i, 4, "%02X%s", digest[i], i + 1 < sizeof digest ? ":" : "");
}

char *certificate_base64(rtc_context *context, struct slice der)
{
    size_t capacity = (der.len + 2) / 3 * 4 + 1, written = 0;
    char *text = memory_alloc(context, capacity);
    if (text && mbedtls_base64_encode((unsigned char *)text, capacity, &written, der.data, der.len) != 0) {
        memory_free(context, text);
        return NULL;
    }
    return text;
}
