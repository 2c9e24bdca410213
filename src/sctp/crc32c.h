/* SPDX-License-Identifier: MIT */
/* The checksum of SCTP packets: CRC32c with the polynomial of Castagnoli (RFC 9260 appendix A). */
#ifndef CRTC_CRC32C_H
#define CRTC_CRC32C_H

#include "slice.h"

/* Continues a checksum over more bytes; a first call gives `crc` 0. */
uint32_t crc32c_update(uint32_t crc, struct slice bytes);
/* The same without special instructions, for machines that have none (and for comparing). */
uint32_t crc32c_update_portable(uint32_t crc, struct slice bytes);
/* The checksum of an SCTP packet of at least 12 bytes, its checksum field taken as zero. */
uint32_t crc32c_packet(struct slice packet);
/* Whether the packet's checksum field is right. */
bool crc32c_packet_ok(struct slice packet);
/* Writes the checksum into its field. */
void crc32c_packet_seal(uint8_t *packet, size_t len);

#endif
