/* SPDX-License-Identifier: MIT */
/* Under which names a server answers. */
#include "hosts.h"

#include "authority.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void hosts_init(struct hosts *hosts, const char *listen, const struct text_list *given)
{
    hosts->listen = listen;
    hosts->given = given;
    if (gethostname(hosts->own, sizeof(hosts->own)) != 0) {
        hosts->own[0] = '\0';
    }
    hosts->own[sizeof(hosts->own) - 1] = '\0';
}

/* An IPv4 address, also one that came to an IPv6 socket; false when it is none. */
static bool four_of(const struct sockaddr *address, struct in_addr *out)
{
    if (address->sa_family == AF_INET) {
        *out = ((const struct sockaddr_in *)(const void *)address)->sin_addr;
        return true;
    }
    if (address->sa_family != AF_INET6) {
        return false;
    }
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(six)) {
        return false;
    }
    memcpy(out, six->s6_addr + 12, sizeof(*out));
    return true;
}

static bool is_address(const struct authority *named, const struct sockaddr *local)
{
    struct in_addr four, wanted_four;
    struct in6_addr wanted_six;
    if (four_of(local, &four)) {
        return inet_pton(AF_INET, named->host, &wanted_four) == 1 && wanted_four.s_addr == four.s_addr;
    }
    return local->sa_family == AF_INET6 && named->bracketed && inet_pton(AF_INET6, named->host, &wanted_six) == 1 &&
           memcmp(&wanted_six, &((const struct sockaddr_in6 *)(const void *)local)->sin6_addr, sizeof(wanted_six)) == 0;
}

static bool is_loopback(const struct sockaddr *local)
{
    struct in_addr four;
    if (four_of(local, &four)) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    return local->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)local)->sin6_addr);
}

static bool is_own_name(const struct hosts *hosts, const char *name)
{
    char local[sizeof(hosts->own) + 8];
    snprintf(local, sizeof(local), "%s.local", hosts->own);
    return hosts->own[0] != '\0' && (strcasecmp(name, hosts->own) == 0 || strcasecmp(name, local) == 0);
}

static bool is_given(const struct hosts *hosts, const char *name)
{
    for (size_t i = 0; hosts->given != NULL && i < hosts->given->count; i++) {
        if (strcasecmp(hosts->given->texts[i], name) == 0) {
            return true;
        }
    }
    return hosts->listen != NULL && strcasecmp(hosts->listen, name) == 0;
}

bool hosts_are_named(const struct hosts *hosts, const char *text, const struct sockaddr *local)
{
    struct authority named;
    if (authority_read(&named, text, strlen(text)) != NULL) {
        return false;
    }
    size_t len = strlen(named.host);
    if (!named.bracketed && named.host[len - 1] == '.') {
        named.host[len - 1] = '\0'; /* a name may end with the root's dot */
    }
    return is_address(&named, local) || is_given(hosts, named.host) ||
           (!named.bracketed && (is_own_name(hosts, named.host) || (is_loopback(local) && strcasecmp(named.host, "localhost") == 0)));
}

bool hosts_is_origin(const char *origin, const char *host)
{
    size_t scheme = strncasecmp(origin, "http://", 7) == 0 ? 7 : strncasecmp(origin, "https://", 8) == 0 ? 8 : 0;
    return scheme > 0 && strcasecmp(origin + scheme, host) == 0;
}
