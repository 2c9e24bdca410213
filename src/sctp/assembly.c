/* SPDX-License-Identifier: MIT */
/* See assembly.h. */
#include "assembly.h"

static size_t room_for(size_t have, size_t more, size_t max)
{
    size_t wanted = have * 2 > have + more ? have * 2 : have + more;
    return wanted < max ? wanted : max;
}

bool assembly_append(struct packet **packet, struct slice bytes, size_t max, struct packet_pool *pool)
{
    struct packet *p = *packet;
    if (!p || packet_tailroom(p) < bytes.len) {
        size_t have = p ? p->len : 0;
        struct packet *grown = packet_new_sized(pool, room_for(have, bytes.len, max));
        if (!grown)
            return false;
        if (have > 0)
            memcpy(packet_data(grown), packet_data(p), have);
        grown->len = (uint32_t)have;
        packet_free(p);
        *packet = p = grown;
    }
    if (bytes.len > 0)
        memcpy(packet_data(p) + p->len, bytes.data, bytes.len);
    p->len += (uint32_t)bytes.len;
    return true;
}

void assembly_abandon(struct assembly *a)
{
    packet_free(a->packet);
    *a = (struct assembly){.packet = NULL};
}

static int discard(struct assembly *a, int error)
{
    packet_free(a->packet);
    a->packet = NULL;
    a->discarding = true;
    return error;
}

int assembly_take(struct assembly *a, uint16_t stream, struct slice piece, bool last, size_t max, struct packet_pool *pool,
                  struct packet **whole)
{
    int error = RTC_OK;
    *whole = NULL;
    if (a->going && a->stream != stream)
        assembly_abandon(a);
    a->going = true;
    a->stream = stream;
    size_t have = a->packet ? a->packet->len : 0;
    if (!a->discarding && have + piece.len > max)
        error = discard(a, RTC_ERR_OPERATION);
    else if (!a->discarding && !assembly_append(&a->packet, piece, last ? have + piece.len : max, pool))
        error = discard(a, RTC_ERR_NO_MEMORY);
    if (!last)
        return error;
    *whole = a->packet;
    *a = (struct assembly){.packet = NULL};
    return error;
}
