/* SPDX-License-Identifier: MIT */
/* Reassembly of the ClientHello from arbitrary records: what comes out is one sound record whose bytes all came in. */
#include "client_hello.h"
#include "context.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct slice whole)
{
    struct reader r = reader_of(whole);
    struct dtls_record record;
    struct dtls_fragment f;
    if (dtls_record_next(&r, &record) != DTLS_RECORD_OK || reader_left(&r) > 0)
        abort();
    struct reader body = reader_of(record.body);
    if (!dtls_fragment_next(&body, &f) || reader_left(&body) > 0)
        abort();
    if (f.type != DTLS_CLIENT_HELLO || f.offset != 0 || f.length != f.bytes.len || f.length == 0 || f.length > CLIENT_HELLO_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct client_hello hello;
    struct reader r = reader_of(slice_of(data, size));
    struct dtls_record record;
    client_hello_init(&hello, context_resolve(NULL));
    while (dtls_record_next(&r, &record) == DTLS_RECORD_OK) {
        struct slice whole;
        (void)dtls_record_is_sound(&record);
        if (dtls_record_is_client_hello(&record) && client_hello_input(&hello, &record, &whole) == RTC_OK && whole.len > 0)
            check(whole);
    }
    client_hello_fini(&hello);
    return 0;
}
