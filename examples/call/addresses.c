/* SPDX-License-Identifier: MIT */
/* The addresses that a server can be opened under. */
#include "addresses.h"

#include "authority.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void add(struct addresses *addresses, const char *text)
{
    if (addresses->count < ADDRESSES_MAX) {
        snprintf(addresses->texts[addresses->count++], sizeof(addresses->texts[0]), "%s", text);
    }
}

/* True for an address that another machine can open: no browser takes the zone that a link-local one needs. */
static bool is_reachable(const struct ifaddrs *interface, int family)
{
    if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != family || (interface->ifa_flags & IFF_UP) == 0 ||
        (interface->ifa_flags & IFF_LOOPBACK) != 0) {
        return false;
    }
    return family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)(const void *)interface->ifa_addr)->sin6_addr);
}

static void add_interfaces(struct addresses *addresses, int family)
{
    struct ifaddrs *list = NULL;
    char text[INET6_ADDRSTRLEN];
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *interface = list; interface != NULL; interface = interface->ifa_next) {
        if (!is_reachable(interface, family)) {
            continue;
        }
        const void *bytes = family == AF_INET ? (const void *)&((const struct sockaddr_in *)(const void *)interface->ifa_addr)->sin_addr
                                              : &((const struct sockaddr_in6 *)(const void *)interface->ifa_addr)->sin6_addr;
        if (inet_ntop(family, bytes, text, sizeof(text)) != NULL) {
            add(addresses, text);
        }
    }
    freeifaddrs(list);
}

void addresses_list(struct addresses *addresses, const char *listen)
{
    struct in_addr four;
    struct in6_addr six;
    char written_out[INET_ADDRSTRLEN];
    bool is_four = listen != NULL && inet_aton(listen, &four) != 0; /* as getaddrinfo takes it: 127.1, and 0 for every interface */
    bool every_four = listen == NULL || (is_four && four.s_addr == INADDR_ANY);
    bool every_six = listen == NULL || (inet_pton(AF_INET6, listen, &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six));
    addresses->count = 0;
    if (!every_four && !every_six) {
        add(addresses, is_four ? inet_ntop(AF_INET, &four, written_out, sizeof(written_out)) : listen);
        return;
    }
    if (every_four) {
        add_interfaces(addresses, AF_INET);
    }
    if (every_six) {
        add_interfaces(addresses, AF_INET6);
    }
    addresses->count = addresses->count == ADDRESSES_MAX ? ADDRESSES_MAX - 1 : addresses->count;
    add(addresses, "localhost");
}

void addresses_write_url(char *text, size_t size, const char *scheme, const char *host, uint16_t port)
{
    char authority[300];
    authority_write(authority, sizeof(authority), host, port);
    snprintf(text, size, "%s://%s", scheme, authority);
}
