/* SPDX-License-Identifier: MIT */
/* The STUN codec: what parses is written and parsed again, and is the same. */
#include "stun_message.h"

#include <crtc/base.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct stun_message *a, const struct stun_message *b, uint32_t has)
{
    require(a->class == b->class && a->method == b->method && b->has == has);
    require(memcmp(a->transaction, b->transaction, STUN_TRANSACTION_LEN) == 0);
    require(slice_eq(a->username, b->username) && slice_eq(a->realm, b->realm) && slice_eq(a->nonce, b->nonce));
    require(slice_eq(a->software, b->software) && slice_eq(a->unknown_attributes, b->unknown_attributes));
    require(a->priority == b->priority && a->tie_breaker == b->tie_breaker && address_eq(&a->mapped, &b->mapped));
    require(a->error_code == b->error_code && slice_eq(a->error_text, b->error_text));
    require(b->unknown_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice key = {(const uint8_t *)"key", 3};
    uint8_t bytes[STUN_MESSAGE_MAX];
    struct stun_message m, back;
    if (stun_parse(slice_of(data, size), &m) != RTC_OK)
        return 0;
    (void)stun_authentic(&m, key);
    size_t len = stun_write(&m, key, bytes, sizeof bytes);
    if (len == 0)
        return 0; /* the integrity that was added made it too long */
    bool sha256 = m.has & STUN_HAS_INTEGRITY_SHA256;
    require(stun_parse(slice_of(bytes, len), &back) == RTC_OK);
    require(sha256 ? stun_authentic_sha256(&back, key) : stun_authentic(&back, key));
    /* XOR-MAPPED-ADDRESS stands for both forms. */
    uint32_t has = m.has;
    if (sha256) /* it is written with one integrity, the stronger where there were two */
        has &= ~(uint32_t)STUN_HAS_INTEGRITY;
    else
        has |= STUN_HAS_INTEGRITY;
    if (has & STUN_HAS_XOR_MAPPED)
        has &= ~(uint32_t)STUN_HAS_MAPPED;
    require_same(&m, &back, has);
    return 0;
}
