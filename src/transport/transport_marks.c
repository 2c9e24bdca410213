/* SPDX-License-Identifier: MIT */
/* See transport_marks.h. An association carries all channels, so its packets have the mark of the most urgent one; what serves everybody,
 * STUN, DTLS and RTCP, has the most urgent mark of all (RFC 8837 section 5). */
#include "transport_marks.h"

#include "dscp.h"
#include "transport_internal.h"

enum { APPLICATION_DATA = 23, RTCP_FIRST = 192, RTCP_LAST = 223 }; /* RFC 8446 5.1, RFC 5761 4 */

void transport_set_media_mark(struct transport *t, uint8_t mark)
{
    t->marks.media = mark;
    t->marks.stale = true;
}

void transport_update_marks(struct transport *t)
{
    struct transport_marks *m = &t->marks;
    uint16_t channels = t->channels ? data_channels_priority(t->channels) : 0;
    /* The least is for those who ask for nothing better: among others it does not count. */
    uint8_t most = DSCP_LEAST;
    m->data = dscp_of_channel(channels);
    if (channels > 0)
        most = dscp_more(most, m->data);
    if (m->media != DSCP_NOTHING)
        most = dscp_more(most, m->media);
    if (t->rtp)
        rtp_session_set_data_weight(t->rtp, channels / (CHANNEL_PRIORITY_LOW / 2));
    m->most = channels > 0 || m->media != DSCP_NOTHING ? most : 0;
    m->stale = false;
}

void transport_mark(const struct transport *t, struct packet *packet)
{
    const uint8_t *bytes = packet_data(packet);
    uint8_t first = packet->len > 0 ? bytes[0] : 0, second = packet->len > 1 ? bytes[1] : 0;
    if (first == APPLICATION_DATA)
        packet->dscp = t->marks.data;
    else if (first < 128 || first > 191 || (second >= RTCP_FIRST && second <= RTCP_LAST))
        packet->dscp = t->marks.most;
}
