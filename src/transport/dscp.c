/* SPDX-License-Identifier: MIT */
/* See dscp.h. An association carries all channels, so its packets have the mark of the most urgent one; what serves everybody, STUN, DTLS
 * and RTCP, has the most urgent mark of all (RFC 8837 section 5). */
#include "dscp.h"

enum { DF = 0, CS1 = 8, AF11 = 10, AF21 = 18, AF41 = 34, AF42 = 36, EF = 46 };
enum { APPLICATION_DATA = 23, RTCP_FIRST = 192, RTCP_LAST = 223 }; /* RFC 8446 5.1, RFC 5761 4 */

uint8_t dscp_of_media(rtc_media_kind kind, rtc_priority priority)
{
    bool audio = kind == RTC_MEDIA_AUDIO;
    switch (priority) {
    case RTC_PRIORITY_VERY_LOW:
        return CS1;
    case RTC_PRIORITY_MEDIUM:
        return audio ? EF : AF42;
    case RTC_PRIORITY_HIGH:
        return audio ? EF : AF41;
    default:
        return DF;
    }
}

uint8_t dscp_of_channel(uint16_t priority)
{
    if (priority == 0)
        return DF;
    return priority <= 128 ? CS1 : priority <= 256 ? DF : priority <= 512 ? AF11 : AF21;
}

uint8_t dscp_more(uint8_t a, uint8_t b)
{
    static const uint8_t order[] = {EF, AF41, AF42, AF21, AF11, DF};
    for (size_t i = 0; i < sizeof order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return a == DSCP_NOTHING ? b : a;
}

void transport_set_media_mark(struct transport *t, uint8_t mark)
{
    t->marks.media = mark;
    t->marks.stale = true;
}

void dscp_update(struct transport *t)
{
    struct transport_marks *m = &t->marks;
    uint16_t channels = t->channels ? data_channels_priority(t->channels) : 0;
    /* CS1 is for those who ask for nothing better: among others it does not count. */
    uint8_t most = CS1;
    m->data = dscp_of_channel(channels);
    if (channels > 0)
        most = dscp_more(most, m->data);
    if (m->media != DSCP_NOTHING)
        most = dscp_more(most, m->media);
    m->most = channels > 0 || m->media != DSCP_NOTHING ? most : DF;
    m->stale = false;
}

void dscp_mark(const struct transport *t, struct packet *packet)
{
    const uint8_t *bytes = packet_data(packet);
    uint8_t first = packet->len > 0 ? bytes[0] : 0, second = packet->len > 1 ? bytes[1] : 0;
    if (first == APPLICATION_DATA)
        packet->dscp = t->marks.data;
    else if (first < 128 || first > 191 || (second >= RTCP_FIRST && second <= RTCP_LAST))
        packet->dscp = t->marks.most;
}
