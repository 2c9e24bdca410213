/* SPDX-License-Identifier: MIT */
/* See client_hello.h. */
#include "client_hello.h"

#include "memory.h"
#include "writer.h"

enum { HEADERS = DTLS_RECORD_HEADER + DTLS_HANDSHAKE_HEADER };

void client_hello_init(struct client_hello *h, rtc_context *context)
{
    *h = (struct client_hello){.context = context};
}

void client_hello_fini(struct client_hello *h)
{
    memory_free(h->context, h->record);
    client_hello_init(h, h->context);
}

static uint8_t *bits(struct client_hello *h)
{
    return h->record + HEADERS + h->length;
}

static int begin(struct client_hello *h, const struct dtls_fragment *f)
{
    if (h->record && h->message_seq == f->message_seq && h->length == f->length)
        return RTC_OK;
    client_hello_fini(h);
    h->record = memory_zeroed(h->context, HEADERS + f->length + (f->length + 7) / 8);
    if (!h->record)
        return RTC_ERR_NO_MEMORY;
    h->message_seq = f->message_seq;
    h->length = h->missing = f->length;
    return RTC_OK;
}

static void store(struct client_hello *h, const struct dtls_fragment *f)
{
    uint8_t *have = bits(h);
    for (uint32_t i = 0; i < f->bytes.len; i++) {
        uint32_t at = f->offset + i;
        uint8_t bit = (uint8_t)(1u << at % 8);
        if (have[at / 8] & bit)
            continue;
        have[at / 8] |= bit;
        h->record[HEADERS + at] = f->bytes.data[i];
        h->missing--;
    }
}

/* The record of the whole message: the header of the fragment that completed it, so that its sequence number is a fresh one. */
static struct slice finish(struct client_hello *h, const struct dtls_record *last)
{
    struct writer w = writer_of(h->record, HEADERS);
    writer_bytes(&w, slice_of(last->whole.data, DTLS_RECORD_HEADER - 2));
    writer_u16(&w, (uint16_t)(DTLS_HANDSHAKE_HEADER + h->length));
    writer_u8(&w, DTLS_CLIENT_HELLO);
    writer_u24(&w, h->length);
    writer_u16(&w, h->message_seq);
    writer_u24(&w, 0);
    writer_u24(&w, h->length);
    return slice_of(h->record, HEADERS + h->length);
}

static bool is_whole(const struct dtls_fragment *f, const struct dtls_record *record)
{
    return f->bytes.len == f->length && record->body.len == DTLS_HANDSHAKE_HEADER + f->length;
}

static int take(struct client_hello *h, const struct dtls_fragment *f)
{
    if (f->type != DTLS_CLIENT_HELLO || f->length == 0 || f->length > CLIENT_HELLO_MAX)
        return RTC_ERR_SYNTAX;
    if (f->bytes.len == 0)
        return RTC_OK;
    int error = begin(h, f);
    if (!error)
        store(h, f);
    return error;
}

int client_hello_input(struct client_hello *h, const struct dtls_record *record, struct slice *out)
{
    struct reader body = reader_of(record->body);
    struct dtls_fragment f;
    *out = slice_of(NULL, 0);
    if (h->record && h->missing == 0)
        client_hello_fini(h); /* the last call lent it out */
    do {
        if (!dtls_fragment_next(&body, &f))
            return RTC_ERR_SYNTAX;
        if (is_whole(&f, record) && f.type == DTLS_CLIENT_HELLO && f.length > 0 && f.length <= CLIENT_HELLO_MAX) {
            *out = record->whole;
            return RTC_OK;
        }
        int error = take(h, &f);
        if (error)
            return error;
        if (h->record && h->missing == 0) {
            *out = finish(h, record);
            return RTC_OK;
        }
    } while (reader_left(&body) > 0);
    return RTC_OK;
}
