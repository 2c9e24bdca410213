/* SPDX-License-Identifier: MIT */
/* What the jitter buffers of a connection may hold together (rtc_limits.jitter_buffer_bytes): memory of packets and of frames that wait for
 * their time. A buffer of its own, without a room, is bounded by its count alone. */
#ifndef CRTC_JITTER_ROOM_H
#define CRTC_JITTER_ROOM_H

#include <crtc/media.h>

/* Owned by the receiving half of a session (rtp_receiving.h), which sets the limit; every buffer that shares it counts what it holds. */
struct jitter_room {
    uint64_t bytes, most;
};

/* Of an encoded frame beside its data. */
enum { JITTER_FRAME_COST = 256 };

static inline size_t jitter_room_cost(const rtc_encoded_frame *frame)
{
    return JITTER_FRAME_COST + rtc_encoded_frame_len(frame);
}

/* NULL is legal, here and below. */
static inline bool jitter_room_fits(const struct jitter_room *room, size_t bytes)
{
    return !room || room->bytes + bytes <= room->most;
}
static inline void jitter_room_add(struct jitter_room *room, size_t bytes)
{
    if (room)
        room->bytes += bytes;
}
static inline void jitter_room_give_back(struct jitter_room *room, size_t bytes)
{
    if (room)
        room->bytes -= bytes;
}

#endif
