/* SPDX-License-Identifier: MIT */
/* See socket_address.h. */
#include "socket_address.h"

#include <string.h>

socklen_t socket_address_from(union socket_address *out, const rtc_address *a)
{
    memset(out, 0, sizeof *out);
    if (a->family == RTC_ADDRESS_IPV6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(a->port);
        out->v6.sin6_scope_id = a->scope;
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(a->port);
    memcpy(&out->v4.sin_addr, a->ip, 4);
    return sizeof out->v4;
}

void socket_address_to(const union socket_address *in, rtc_address *out)
{
    *out = (rtc_address){0};
    if (in->any.sa_family == AF_INET6) {
        out->family = RTC_ADDRESS_IPV6;
        out->port = ntohs(in->v6.sin6_port);
        out->scope = in->v6.sin6_scope_id;
        memcpy(out->ip, &in->v6.sin6_addr, 16);
    } else if (in->any.sa_family == AF_INET) {
        out->family = RTC_ADDRESS_IPV4;
        out->port = ntohs(in->v4.sin_port);
        memcpy(out->ip, &in->v4.sin_addr, 4);
    }
}
