/* SPDX-License-Identifier: MIT */
/* What repairs an incoming stream of video by parity: the latest packets of it, as they were protected, and the packets of parity that may
 * still be of use. A packet that parity gave back is as good as one that came: it may give back others. All memory is had at once. */
#ifndef CRTC_FEC_WINDOW_H
#define CRTC_FEC_WINDOW_H

#include "fec_header.h"

/* Browsers send parity directly behind what it protects, of which there are 48 packets at most. */
enum { FEC_WINDOW_PACKETS = 128, FEC_WINDOW_PARITIES = 24 };

struct fec_window;

/* RTC_ERR_NO_MEMORY. */
int fec_window_new(rtc_context *context, struct fec_window **out);
void fec_window_free(struct fec_window *window);
/* A packet of the stream came. The header is a view of it. */
void fec_window_packet(struct fec_window *window, struct slice packet, const struct rtp_header *header);
/* One came by another way, such as RTX: it is not missing, and can not help others, for its header is not what it was. */
void fec_window_has(struct fec_window *window, uint32_t ssrc, uint16_t sequence);
/* A packet of parity came for this stream: its payload was read. False: it is of no use, and was discarded. */
bool fec_window_parity(struct fec_window *window, uint32_t ssrc, const struct fec_header *header);
/* A packet that was missing, as it left its sender but for what fec_sum.h says; NULL: none is to be had. The caller's. */
struct packet *fec_window_next(struct fec_window *window, struct packet_pool *pool);
/* Packets of parity that were of use to nobody, for all that they protect was there, or nobody waits for it any more. */
uint64_t fec_window_discarded(const struct fec_window *window);

#endif
