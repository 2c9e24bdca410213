/* SPDX-License-Identifier: MIT */
/* The usable local addresses (getifaddrs): of interfaces that are up and running, without those of IPv6 that the kernel does not let
 * anybody use yet (RFC 4862 section 5.4). ICE chooses among them. */
#include "io_internal.h"
#include "network_type.h"
#include "text.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>

enum { INTERFACES_MAX = 256, TENTATIVE_MAX = 64 };
/* Flags of an address in /proc/net/if_inet6: duplicate address detection goes on, or has failed; it may be used meanwhile. */
enum { TENTATIVE = 0x40, DUPLICATE = 0x08, OPTIMISTIC = 0x04 };

struct tentative {
    uint8_t ip[TENTATIVE_MAX][16];
    size_t count;
};

static bool read_ip(const char *hex, uint8_t ip[16])
{
    for (size_t i = 0; i < 16; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        ip[i] = (uint8_t)byte;
    }
    return true;
}

static void find_tentative(struct tentative *t)
{
    char line[256], hex[33];
    unsigned flags;
    FILE *f = fopen("/proc/thread-self/net/if_inet6", "re");
    t->count = 0;
    while (f && t->count < TENTATIVE_MAX && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%32s %*x %*x %*x %x", hex, &flags) != 2 || strlen(hex) != 32)
            continue;
        bool unusable = (flags & DUPLICATE) || ((flags & TENTATIVE) && !(flags & OPTIMISTIC));
        if (unusable && read_ip(hex, t->ip[t->count]))
            t->count++;
    }
    if (f)
        (void)fclose(f);
}

static bool is_tentative(const struct tentative *t, const uint8_t ip[16])
{
    for (size_t i = 0; i < t->count; i++)
        if (memcmp(t->ip[i], ip, 16) == 0)
            return true;
    return false;
}

static uint32_t prefix_length(const struct sockaddr *mask, size_t offset, size_t len)
{
    uint32_t bits = 0;
    for (size_t i = 0; mask && i < len; i++)
        for (uint8_t byte = ((const uint8_t *)mask)[offset + i]; byte & 0x80; byte = (uint8_t)(byte << 1))
            bits++;
    return bits;
}

static bool read_address(const struct ifaddrs *i, const struct tentative *tentative, rtc_interface *out)
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
        if (is_tentative(tentative, out->address.ip))
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
    struct tentative tentative;
    struct ifaddrs *all = NULL;
    rtc_interface *found = memory_alloc(context, INTERFACES_MAX * sizeof *found);
    if (!found)
        return RTC_ERR_NO_MEMORY;
    if (getifaddrs(&all) != 0) {
        memory_free(context, found);
        return RTC_ERR_NETWORK;
    }
    find_tentative(&tentative);
    *count = 0;
    for (struct ifaddrs *i = all; i && *count < INTERFACES_MAX; i = i->ifa_next)
        if (read_address(i, &tentative, &found[*count]))
            ++*count;
    freeifaddrs(all);
    *out = found;
    return RTC_OK;
}
