/* SPDX-License-Identifier: MIT */
/* Sockets that others on this host have, too, and groups: what multicast DNS needs (RFC 6762 sections 11 and 15). A socket that is bound to
 * a group gets what is sent to the group on the interfaces where it joined, and takes no unicast datagram from whoever shares the port. */
#include "multicast.h"

#include "io_socket.h"
#include "socket_address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

/* RFC 6762 section 11. */
enum { HOPS = 255 };

static void set(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

void multicast_share(int fd)
{
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static bool has_address(const struct ifaddrs *i, const rtc_address *address)
{
    rtc_address a = {.family = RTC_ADDRESS_NONE};
    union socket_address s;
    if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
        return false;
    memcpy(&s, i->ifa_addr, i->ifa_addr->sa_family == AF_INET ? sizeof s.v4 : sizeof s.v6);
    socket_address_to(&s, &a);
    return a.family == address->family && memcmp(a.ip, address->ip, sizeof a.ip) == 0;
}

/* 0: no interface has it any more. */
static unsigned index_of(const rtc_address *address)
{
    struct ifaddrs *all = NULL;
    unsigned index = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *i = all; i && index == 0; i = i->ifa_next)
        if (has_address(i, address))
            index = if_nametoindex(i->ifa_name);
    freeifaddrs(all);
    return index;
}

static bool join4(int fd, const rtc_address *group, const rtc_address *interface, unsigned index)
{
    struct ip_mreqn request = {.imr_ifindex = (int)index};
    memcpy(&request.imr_multiaddr, group->ip, 4);
    memcpy(&request.imr_address, interface->ip, 4);
    set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    set(fd, IPPROTO_IP, IP_MULTICAST_TTL, HOPS);
    set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) == 0 &&
           setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
}

static bool join6(int fd, const rtc_address *group, unsigned index)
{
    struct ipv6_mreq request = {.ipv6mr_interface = index};
    memcpy(&request.ipv6mr_multiaddr, group->ip, 16);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOPS);
    set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
    return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) == 0 &&
           setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0;
}

int multicast_join(int fd, const rtc_address *group, const rtc_address *interface)
{
    unsigned index = interface->scope ? interface->scope : index_of(interface);
    if (group->family != interface->family || index == 0)
        return RTC_ERR_NETWORK;
    bool joined = group->family == RTC_ADDRESS_IPV6 ? join6(fd, group, index) : join4(fd, group, interface, index);
    return joined ? RTC_OK : io_socket_error();
}
