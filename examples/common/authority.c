/* SPDX-License-Identifier: MIT */
/* HOST or HOST:PORT. */
#include "authority.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

static const char *read_port(uint16_t *port, const char *text, size_t len)
{
    unsigned value = 0;
    for (size_t i = 0; i < len; i++) {
        value = text[i] >= '0' && text[i] <= '9' && value <= UINT16_MAX ? value * 10 + (unsigned)(text[i] - '0') : UINT32_MAX;
    }
    *port = (uint16_t)value;
    return len > 0 && value >= 1 && value <= UINT16_MAX ? NULL : "the port is no number from 1 to 65535";
}

static const char *take_host(struct authority *authority, const char *text, size_t len)
{
    if (len == 0) {
        return "there is no host";
    }
    if (len > AUTHORITY_HOST_MAX) {
        return "the host is too long";
    }
    memcpy(authority->host, text, len);
    authority->host[len] = '\0';
    return NULL;
}

static const char *read_bracketed(struct authority *authority, const char *text, size_t len)
{
    const char *end = memchr(text, ']', len);
    struct in6_addr address;
    const char *wrong = end == NULL ? "the bracket is not closed" : take_host(authority, text + 1, (size_t)(end - text) - 1);
    if (wrong != NULL) {
        return wrong;
    }
    if (inet_pton(AF_INET6, authority->host, &address) != 1) {
        return "in the brackets is no IPv6 address";
    }
    authority->bracketed = true;
    size_t rest = len - (size_t)(end + 1 - text);
    if (rest == 0) {
        return NULL;
    }
    return end[1] == ':' ? read_port(&authority->port, end + 2, rest - 1) : "after the bracket comes no port";
}

const char *authority_read(struct authority *authority, const char *text, size_t len)
{
    memset(authority, 0, sizeof(*authority));
    if (len > 0 && text[0] == '[') {
        return read_bracketed(authority, text, len);
    }
    const char *colon = memchr(text, ':', len);
    size_t host = colon == NULL ? len : (size_t)(colon - text);
    if (colon != NULL && memchr(colon + 1, ':', len - host - 1) != NULL) {
        return "an IPv6 address stands in brackets";
    }
    for (size_t i = 0; i < host; i++) {
        if (!is_name_character(text[i])) {
            return "the host is neither a name nor an address";
        }
    }
    const char *wrong = take_host(authority, text, host);
    if (wrong == NULL && (authority->host[0] == '.' || strstr(authority->host, "..") != NULL)) {
        return "a part of the name is empty";
    }
    return wrong != NULL || colon == NULL ? wrong : read_port(&authority->port, colon + 1, len - host - 1);
}

void authority_write(char *text, size_t size, const char *host, uint16_t port)
{
    bool six = strchr(host, ':') != NULL;
    snprintf(text, size, "%s%s%s:%u", six ? "[" : "", host, six ? "]" : "", port);
}
