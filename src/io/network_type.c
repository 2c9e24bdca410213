/* SPDX-License-Identifier: MIT */
/* What kind of network an interface leads to, as the kernel shows it below /sys/class/net and as interfaces are called by habit. Where /sys
 * is of another namespace, or not mounted, the name has to do. */
#include "network_type.h"

#include <crtc/transport.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 256 };

static const struct {
    const char *prefix;
    rtc_network_type type;
} names[] = {
    {"docker", RTC_NETWORK_VIRTUAL}, {"veth", RTC_NETWORK_VIRTUAL},    {"virbr", RTC_NETWORK_VIRTUAL},  {"br-", RTC_NETWORK_VIRTUAL},
    {"vmnet", RTC_NETWORK_VIRTUAL},  {"vboxnet", RTC_NETWORK_VIRTUAL}, {"lxc", RTC_NETWORK_VIRTUAL},    {"lxd", RTC_NETWORK_VIRTUAL},
    {"cni", RTC_NETWORK_VIRTUAL},    {"tun", RTC_NETWORK_VPN},         {"tap", RTC_NETWORK_VPN},        {"wg", RTC_NETWORK_VPN},
    {"ipsec", RTC_NETWORK_VPN},      {"tailscale", RTC_NETWORK_VPN},   {"zt", RTC_NETWORK_VPN},         {"wwan", RTC_NETWORK_CELLULAR},
    {"wwp", RTC_NETWORK_CELLULAR},   {"ppp", RTC_NETWORK_CELLULAR},    {"rmnet", RTC_NETWORK_CELLULAR}, {"wl", RTC_NETWORK_WIFI},
    {"eth", RTC_NETWORK_ETHERNET},   {"en", RTC_NETWORK_ETHERNET},
};

static rtc_network_type by_name(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i].prefix, strlen(names[i].prefix)) == 0)
            return names[i].type;
    return RTC_NETWORK_UNKNOWN;
}

static bool has(const char *root, const char *name, const char *what)
{
    char path[PATH_BYTES];
    int len = snprintf(path, sizeof path, "%s/%s/%s", root, name, what);
    return len > 0 && (size_t)len < sizeof path && access(path, F_OK) == 0;
}

/* The ARPHRD_ number of the interface; -1 when it is not to be had. */
static int link_type(const char *root, const char *name)
{
    char path[PATH_BYTES], text[16];
    int len = snprintf(path, sizeof path, "%s/%s/type", root, name);
    int fd = len > 0 && (size_t)len < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        (void)close(fd);
    if (got <= 0)
        return -1;
    text[got] = 0;
    return (int)strtol(text, NULL, 10);
}

static rtc_network_type by_link(int type)
{
    switch (type) {
    case ARPHRD_ETHER:
        return RTC_NETWORK_ETHERNET;
    case ARPHRD_LOOPBACK:
        return RTC_NETWORK_LOOPBACK;
    case ARPHRD_PPP:
    case ARPHRD_RAWIP:
        return RTC_NETWORK_CELLULAR;
    case ARPHRD_NONE: /* WireGuard, and tunnels of other programs */
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
        return RTC_NETWORK_VPN;
    default:
        return RTC_NETWORK_UNKNOWN;
    }
}

uint32_t network_type(const char *root, const char *interface)
{
    char name[IF_NAMESIZE];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(interface, ":"), interface); /* "eth0:1" is a second address of eth0 */
    rtc_network_type habit = by_name(name);
    if (habit == RTC_NETWORK_VIRTUAL || habit == RTC_NETWORK_CELLULAR)
        return (uint32_t)habit;
    if (has(root, name, "wireless") || has(root, name, "phy80211"))
        return RTC_NETWORK_WIFI;
    if (has(root, name, "tun_flags"))
        return RTC_NETWORK_VPN;
    if (habit != RTC_NETWORK_UNKNOWN)
        return (uint32_t)habit;
    return (uint32_t)by_link(link_type(root, name));
}
