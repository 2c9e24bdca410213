/* SPDX-License-Identifier: MIT */
/* What a link did with each packet, as a table in a file: a line of names, then a line for each packet in the order they came,
 *   us,way,bytes,protocol,from,to,first,queue_us,fate
 * when it came (monotonic), "ab" or "ba", its length with the IP header, protocol and ports of IPv4 (0: none), the first byte of a UDP
 * payload (RFC 7983; 0: none), how long it waits before the bottleneck, and what became of it: given, lost, overflowed, down. */
#ifndef LAB_PACKET_LOG_H
#define LAB_PACKET_LOG_H

#include "wire.h"

#include <stdio.h>

struct packet_log {
    FILE *file; /* NULL: nothing is logged */
};

/* Ends what was logged before, and logs into the file from here on; an empty path: nothing. False: the file can not be made. */
bool packet_log_begin(struct packet_log *log, const char *path);
void packet_log_end(struct packet_log *log);
/* `from`: 0 for a to b, 1 for b to a. */
void packet_log_write(struct packet_log *log, unsigned from, const uint8_t *packet, size_t len, struct wire_passage passage,
                      int64_t now_us);

#endif
