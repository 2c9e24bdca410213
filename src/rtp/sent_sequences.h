/* SPDX-License-Identifier: MIT */
/* Which number among all that left on the transport a packet of an SSRC had: feedback by RFC 8888 names packets by SSRC and sequence
 * number, the history of what left (sent_history.h) by their order on the transport. Bounded: of each SSRC the newest packets, of SSRCs
 * those that sent last. */
#ifndef CRTC_SENT_SEQUENCES_H
#define CRTC_SENT_SEQUENCES_H

#include <crtc/context.h>

enum { SENT_SEQUENCES_WINDOW = 2048, SENT_SEQUENCES_SOURCES_MAX = 32 };

struct sent_sequences;

/* RTC_ERR_NO_MEMORY. */
int sent_sequences_new(rtc_context *context, struct sent_sequences **out);
void sent_sequences_free(struct sent_sequences *sequences); /* NULL is fine */
/* A packet leaves with this number, the transport's, all bits of it. Without memory for one more SSRC nothing is known of it. */
void sent_sequences_add(struct sent_sequences *sequences, uint32_t ssrc, uint16_t sequence, uint64_t number);
/* False: nobody knows. */
bool sent_sequences_find(const struct sent_sequences *sequences, uint32_t ssrc, uint16_t sequence, uint64_t *number);

#endif
