/* SPDX-License-Identifier: MIT */
/* See sim_stun_server.h. */
#include "sim_stun_server.h"

#include "stun_message.h"

void sim_stun_serve(struct sim_host *host, rtc_time_t now, const struct packet *packet, uint16_t error)
{
    struct stun_message request;
    if (stun_parse(packet_slice(packet), &request) != RTC_OK || request.class != STUN_REQUEST)
        return;
    struct stun_message m = {.class = error ? STUN_ERROR : STUN_SUCCESS, .method = STUN_BINDING};
    m.has = error ? STUN_HAS_ERROR : STUN_HAS_XOR_MAPPED;
    memcpy(m.transaction, request.transaction, sizeof m.transaction);
    m.mapped = packet->path.remote;
    m.error_code = error;
    m.error_text = slice_str("refused");
    struct packet *p = packet_new(packet->pool);
    if (!p)
        return;
    p->len = (uint32_t)stun_write(&m, slice_of(NULL, 0), packet_data(p), packet_tailroom(p));
    p->path = packet->path;
    sim_host_send(host, now, p);
}
