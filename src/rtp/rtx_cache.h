/* SPDX-License-Identifier: MIT */
/* The sent packets that can still be asked for (RFC 4588): copies in a ring by sequence number, bounded by count, bytes and age. */
#ifndef CRTC_RTX_CACHE_H
#define CRTC_RTX_CACHE_H

#include "packet.h"

/* Resends are those of one packet: who asks for it oftener has a path on which it does not arrive. */
enum { RTX_CACHE_PACKETS = 1024, RTX_CACHE_BYTES_MAX = 2 << 20, RTX_CACHE_AGE_US = 2000000, RTX_CACHE_RESENDS_MAX = 6 };

struct rtx_cache;

int rtx_cache_new(rtc_context *context, struct rtx_cache **out);
void rtx_cache_free(struct rtx_cache *cache);
/* Keeps a copy of the plain packet, replacing what has the same slot. Losing it for want of memory only loses the repair. */
void rtx_cache_put(struct rtx_cache *cache, rtc_time_t now, uint16_t sequence, const struct packet *packet);
/* The packet to send again, borrowed until the next call; NULL when it is gone, was first sent over `max_age_us` ago, or was sent again
 * less than `min_gap_us` ago or RTX_CACHE_RESENDS_MAX times. Notes the resend. */
const struct packet *rtx_cache_take(struct rtx_cache *cache, rtc_time_t now, uint16_t sequence, rtc_time_t min_gap_us,
                                    rtc_time_t max_age_us);
/* When the packet with the sequence number, or the first one after it that is kept, left; RTC_TIME_NEVER when there is none. */
rtc_time_t rtx_cache_left(const struct rtx_cache *cache, uint16_t sequence);
void rtx_cache_clear(struct rtx_cache *cache);

#endif
