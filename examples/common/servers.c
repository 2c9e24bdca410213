/* SPDX-License-Identifier: MIT */
/* The servers of a command line. */
#include "servers.h"

#include "authority.h"

#include <string.h>
#include <strings.h>

/* What is wrong with a URL (RFC 7064, RFC 7065) as the library takes it; NULL: nothing. `secure`: the scheme of the encrypted kind, NULL:
 * none. */
static const char *url_mistake(const char *url, const char *plain, const char *secure)
{
    const char *colon = strchr(url, ':');
    size_t scheme = colon == NULL ? 0 : (size_t)(colon - url);
    bool is_plain = scheme == strlen(plain) && strncasecmp(url, plain, scheme) == 0;
    bool is_secure = secure != NULL && scheme == strlen(secure) && strncasecmp(url, secure, scheme) == 0;
    if (!is_plain && !is_secure) {
        return secure == NULL ? "not of the form stun:HOST[:PORT]" : "not of the form turn:HOST[:PORT] or turns:HOST[:PORT]";
    }
    const char *host = colon + 1, *query = strchr(host, '?');
    if (strncmp(host, "//", 2) == 0) {
        return "the host follows the colon, without //";
    }
    if (query != NULL &&
        (secure == NULL || (strcmp(query, "?transport=tcp") != 0 && (is_secure || strcmp(query, "?transport=udp") != 0)))) {
        return is_secure ? "after the host comes nothing but ?transport=tcp"
               : secure  ? "after the host comes nothing but ?transport=udp or ?transport=tcp"
                         : "after the host comes nothing but a port";
    }
    struct authority authority;
    return authority_read(&authority, host, query == NULL ? strlen(host) : (size_t)(query - host));
}

static void check_urls(const struct text_list *urls, const char *program, const char *plain, const char *secure)
{
    for (size_t i = 0; i < urls->count; i++) {
        const char *wrong = url_mistake(urls->texts[i], plain, secure);
        if (wrong != NULL) {
            arguments_refuse(program, "--%s %s: %s", plain, urls->texts[i], wrong);
        }
    }
}

void servers_check(const struct servers *servers, const char *program)
{
    check_urls(&servers->stun, program, "stun", NULL);
    check_urls(&servers->turn, program, "turn", "turns");
    if (servers->turn.count > 0 && (servers->username == NULL || servers->credential == NULL)) {
        arguments_refuse(program, "--turn needs --username and --credential");
    }
    if (servers->turn.count == 0 && (servers->username != NULL || servers->credential != NULL)) {
        arguments_refuse(program, "--username and --credential are for --turn, which is missing");
    }
    if (servers->turn.count == 0 && servers->relay) {
        arguments_refuse(program, "--relay needs --turn");
    }
}

void servers_configure(const struct servers *servers, struct server_lists *lists, rtc_configuration *configuration)
{
    size_t count = 0;
    lists->stun = (rtc_ice_server){.size = sizeof(lists->stun), .urls = servers->stun.texts, .url_count = servers->stun.count};
    lists->turn = (rtc_ice_server){.size = sizeof(lists->turn),
                                   .urls = servers->turn.texts,
                                   .url_count = servers->turn.count,
                                   .username = servers->username,
                                   .credential = servers->credential};
    if (servers->stun.count > 0) {
        lists->all[count++] = &lists->stun;
    }
    if (servers->turn.count > 0) {
        lists->all[count++] = &lists->turn;
    }
    configuration->ice_servers = lists->all;
    configuration->ice_server_count = count;
    configuration->ice_transport_policy = servers->relay ? RTC_ICE_TRANSPORT_RELAY : RTC_ICE_TRANSPORT_ALL;
}
