/* SPDX-License-Identifier: MIT */
/* The usable local addresses (getifaddrs): of interfaces that are up and running, without those of IPv6 that the kernel does not let
 * anybody use yet (RFC 4862 section 5.4). ICE chooses among them. */
#include "interfaces.h"

#include "memory.h"
#include "network_type.h"
#include "text.h"
#include "unready.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

enum { INTERFACES_MAX = 256 };

static void find_unready(struct unready *list)
{
    FILE *f = fopen("/proc/thread-self/net/if_inet6", "re");
    unready_read(list, f);
    if (f)
        (void)fclose(f);
}

static uint32_t prefix_length(const struct sockaddr *mask, size_t offset, size_t len)
{
    uint32_t bits = 0;
    for (size_t i = 0; mask && i < len; i++)
        for (uint8_t byte = ((const uint8_t *)mask)[offset + i]; byte & 0x80; byte = (uint8_t)(byte << 1))
            bits++;
    return bits;
}

static bool read_address(const struct ifaddrs *i, const struct unready *unready, rtc_interface *out)
{
    const void *from = i->ifa_addr;
    if (!from || !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING))
        return false;
    memset(out, 0, sizeof *out);
    if (i->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = from;
        out->address.family = RTC_ADDRESS_IPV4;
        memcpy(out->address.ip, &v4->sin_addr, 4);
        out->prefix_length = prefix_length(i->ifa_netmask, offsetof(struct sockaddr_in, sin_addr), 4);
    } else if (i->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = from;
        out->address.family = RTC_ADDRESS_IPV6;
        out->address.scope = v6->sin6_scope_id;
        memcpy(out->address.ip, &v6->sin6_addr, 16);
        out->prefix_length = prefix_length(i->ifa_netmask, offsetof(struct sockaddr_in6, sin6_addr), 16);
        if (unready_has(unready, out->address.ip))
            return false;
    } else {
        return false;
    }
    text_copy(out->name, sizeof out->name, i->ifa_name);
    out->index = if_nametoindex(i->ifa_name);
    out->type = network_type(NETWORK_TYPE_ROOT, i->ifa_name);
    return true;
}

int interfaces_read(rtc_context *context, rtc_interface **out, size_t *count)
{
    struct unready unready;
    struct ifaddrs *all = NULL;
    rtc_interface *found = memory_alloc(context, INTERFACES_MAX * sizeof *found);
    if (!found)
        return RTC_ERR_NO_MEMORY;
    if (getifaddrs(&all) != 0) {
        memory_free(context, found);
        return RTC_ERR_NETWORK;
    }
    find_unready(&unready);
    *count = 0;
    for (struct ifaddrs *i = all; i && *count < INTERFACES_MAX; i = i->ifa_next)
        if (read_address(i, &unready, &found[*count]))
            ++*count;
    freeifaddrs(all);
    *out = found;
    return RTC_OK;
}
