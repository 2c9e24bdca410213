/* SPDX-License-Identifier: MIT */
/* The public address and the internal one. */
#ifndef CRTC_PUBLIC_ADDRESS_H
#define CRTC_PUBLIC_ADDRESS_H

#include "address.h"

#include <crtc/transport.h>
#include <string.h>

static inline rtc_address address_out(const struct address *a)
{
    rtc_address out = {.family = a->family, .port = a->port, .scope = a->scope};
    memcpy(out.ip, a->ip, sizeof out.ip);
    return out;
}

static inline struct address address_in(const rtc_address *a)
{
    struct address in = {.family = a->family == RTC_ADDRESS_IPV6   ? ADDRESS_IPV6
                                   : a->family == RTC_ADDRESS_IPV4 ? ADDRESS_IPV4
                                                                   : ADDRESS_NONE,
                         .port = a->port,
                         .scope = a->scope};
    memcpy(in.ip, a->ip, address_ip_len(&in));
    return in;
}

#endif
