/* SPDX-License-Identifier: MIT */
/* The retransmission cache: see rtx_cache.h. */
#include "rtx_cache.h"

#include "context.h"
#include "memory.h"

/* A part of the cache. Owns its packet. */
struct slot {
    struct packet *packet; /* NULL: empty */
    uint16_t sequence;
    uint8_t resent; /* so many times */
    rtc_time_t sent, last_resent;
};

/* Sequence numbers come in order, so the slots from `oldest` on, `span` of them, are the ones in use. Owner: its send stream. Written by
 * this file. */
struct rtx_cache {
    rtc_context *context;
    uint16_t oldest;
    uint32_t span;
    size_t bytes; /* of memory */
    struct slot slots[RTX_CACHE_PACKETS];
};

int rtx_cache_new(rtc_context *context, struct rtx_cache **out)
{
    struct rtx_cache *cache = memory_zeroed(context, sizeof *cache);
    if (!cache)
        return RTC_ERR_NO_MEMORY;
    cache->context = rtc_context_ref(context);
    *out = cache;
    return RTC_OK;
}

static struct slot *slot_of(struct rtx_cache *cache, uint16_t sequence)
{
    return &cache->slots[sequence % RTX_CACHE_PACKETS];
}

static void drop_oldest(struct rtx_cache *cache)
{
    struct slot *s = slot_of(cache, cache->oldest);
    if (s->packet)
        cache->bytes -= s->packet->capacity;
    packet_free(s->packet);
    s->packet = NULL;
    cache->oldest++;
    cache->span--;
}

void rtx_cache_clear(struct rtx_cache *cache)
{
    while (cache->span > 0)
        drop_oldest(cache);
}

void rtx_cache_free(struct rtx_cache *cache)
{
    if (!cache)
        return;
    rtx_cache_clear(cache);
    context_free(cache->context, cache);
}

static bool outdated(struct rtx_cache *cache, rtc_time_t now)
{
    const struct slot *s = slot_of(cache, cache->oldest);
    return !s->packet || now - s->sent > RTX_CACHE_AGE_US;
}

/* Opens the slot of a sequence number that follows those in use, perhaps after a gap, or fills such a gap; false when it does neither. */
static bool extend(struct rtx_cache *cache, uint16_t sequence)
{
    uint16_t distance = (uint16_t)(sequence - cache->oldest);
    if (cache->span > 0 && distance < cache->span)
        return !slot_of(cache, sequence)->packet;
    if (cache->span == 0 || distance >= cache->span + RTX_CACHE_PACKETS) {
        rtx_cache_clear(cache);
        cache->oldest = sequence;
        cache->span = 1;
        return true;
    }
    while ((uint16_t)(sequence - cache->oldest) >= RTX_CACHE_PACKETS)
        drop_oldest(cache);
    cache->span = (uint32_t)(uint16_t)(sequence - cache->oldest) + 1;
    return true;
}

void rtx_cache_put(struct rtx_cache *cache, rtc_time_t now, uint16_t sequence, const struct packet *packet)
{
    while (cache->span > 0 && (outdated(cache, now) || cache->bytes + packet->capacity > RTX_CACHE_BYTES_MAX))
        drop_oldest(cache);
    if (!extend(cache, sequence))
        return;
    struct packet *copy = packet_copy(packet->pool, packet_slice(packet));
    *slot_of(cache, sequence) = (struct slot){.packet = copy, .sequence = sequence, .sent = now};
    if (copy)
        cache->bytes += copy->capacity;
}

const struct packet *rtx_cache_take(struct rtx_cache *cache, rtc_time_t now, uint16_t sequence, rtc_time_t min_gap_us,
                                    rtc_time_t max_age_us)
{
    struct slot *s = slot_of(cache, sequence);
    if (!s->packet || s->sequence != sequence || now - s->sent > RTX_CACHE_AGE_US || now - s->sent > max_age_us)
        return NULL;
    if (s->resent > 0 && (now - s->last_resent < min_gap_us || s->resent >= RTX_CACHE_RESENDS_MAX))
        return NULL;
    s->resent++;
    s->last_resent = now;
    return s->packet;
}

rtc_time_t rtx_cache_left(const struct rtx_cache *cache, uint16_t sequence)
{
    for (uint16_t at = sequence; (uint16_t)(at - cache->oldest) < cache->span; at++) {
        const struct slot *s = &cache->slots[at % RTX_CACHE_PACKETS];
        if (s->packet && s->sequence == at)
            return s->sent;
    }
    return RTC_TIME_NEVER;
}
