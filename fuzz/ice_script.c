/* SPDX-License-Identifier: MIT */
/* See ice_script.h. */
#include "ice_script.h"

#include "hash.h"
#include "writer.h"

#include <stdlib.h>

enum { TICKS_MAX = 3000 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

bool script_next(struct reader *script, unsigned kinds, unsigned *kind, struct slice *bytes)
{
    if (reader_left(script) < 2)
        return false;
    *kind = reader_u8(script) % kinds;
    size_t len = reader_u8(script);
    *bytes = reader_bytes(script, len < reader_left(script) ? len : reader_left(script));
    return true;
}

void script_time(struct ice_agent *agent, rtc_time_t *now, struct slice bytes, struct out *out, void (*drain)(void *user), void *user)
{
    struct reader r = reader_of(bytes);
    rtc_time_t end = *now + (rtc_time_t)reader_u8(&r) * reader_u8(&r) * 1000, at;
    for (unsigned ticks = 0; ticks < TICKS_MAX && (at = ice_agent_deadline(agent, NULL)) <= end; ticks++) {
        *now = at > *now ? at : *now;
        ice_agent_tick(agent, *now, out);
        require(ice_agent_deadline(agent, NULL) > *now);
        drain(user);
    }
    *now = end > *now ? end : *now;
}

void script_candidate(struct ice_agent *agent, rtc_time_t now, struct slice text, struct out *out)
{
    struct ice_candidate c;
    if (ice_candidate_parse(text, &c) == RTC_OK)
        (void)ice_agent_add_remote_candidate(agent, now, &c, out);
}

size_t script_message(uint8_t *bytes, size_t capacity, const struct ice_agent *agent, uint16_t type, const uint8_t *transaction,
                      const char *key, struct slice attributes)
{
    uint8_t digest[HASH_SHA1_LEN];
    struct writer w = writer_of(bytes, capacity);
    size_t whole = attributes.len & ~(size_t)3;
    writer_u16(&w, type);
    writer_u16(&w, 0); /* below */
    writer_u32(&w, 0x2112a442);
    writer_bytes(&w, slice_of(transaction, STUN_TRANSACTION_LEN));
    writer_u16(&w, STUN_USERNAME);
    writer_u16(&w, ICE_LOCAL_UFRAG_LEN + 1 + sizeof SCRIPT_UFRAG - 1);
    writer_bytes(&w, slice_str(ice_agent_local_ufrag(agent)));
    writer_u8(&w, ':');
    writer_bytes(&w, slice_str(SCRIPT_UFRAG));
    writer_zeros(&w, 3);
    put_u16(bytes + 2, (uint16_t)(writer_len(&w) + whole + 24 - STUN_HEADER_LEN));
    writer_bytes(&w, slice_of(attributes.data, whole));
    require(hash_hmac_sha1(slice_str(key), slice_of(bytes, writer_len(&w)), digest));
    writer_u16(&w, STUN_MESSAGE_INTEGRITY);
    writer_u16(&w, sizeof digest);
    writer_bytes(&w, slice_of(digest, sizeof digest));
    require(writer_ok(&w));
    return writer_len(&w);
}
