/* RTCConfiguration (webrtc-pc 4.2, 4.4.1.6): reading and checking it; server URLs as RFC 7064 and RFC 7065 spell them. */
#include "peer.h"

/* host, [ipv6], host:port, [ipv6]:port */
static int parse_host(rtc_peer_connection *pc, struct slice text, const char *url, struct ice_server *server)
{
    struct slice host = text, port = {NULL, 0};
    if (text.len > 0 && text.data[0] == '[') {
        const uint8_t *close = memchr(text.data, ']', text.len);
        if (!close)
            return peer_fail(pc, RTC_ERR_SYNTAX, "no ']' in the URL '%s'", url);
        host = slice_of(text.data + 1, (size_t)(close - text.data) - 1);
        port = slice_of(close + 1, text.len - host.len - 2);
    } else {
        const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
        if (colon) {
            host.len = (size_t)(colon - text.data);
            port = slice_of(colon, text.len - host.len);
        }
    }
    uint64_t number = 3478;
    if (port.len > 0 && (port.data[0] != ':' || !slice_to_u64(slice_of(port.data + 1, port.len - 1), 65535, &number) || number == 0))
        return peer_fail(pc, RTC_ERR_SYNTAX, "bad port in the URL '%s'", url);
    if (host.len == 0 || host.len >= sizeof server->host)
        return peer_fail(pc, RTC_ERR_SYNTAX, "no host in the URL '%s'", url);
    for (size_t i = 0; i < host.len; i++)
        if (host.data[i] <= ' ' || host.data[i] >= 0x7f || strchr("/?#@\\", host.data[i]))
            return peer_fail(pc, RTC_ERR_SYNTAX, "bad host in the URL '%s'", url);
    memset(server, 0, sizeof *server);
    memcpy(server->host, host.data, host.len);
    server->port = (uint16_t)number;
    return RTC_OK;
}

static int parse_url(rtc_peer_connection *pc, const char *url, struct ice_server *server)
{
    if (!url)
        return peer_fail(pc, RTC_ERR_TYPE, "a server's URL is missing");
    struct slice text = slice_str(url);
    struct slice scheme = slice_of(url, strcspn(url, ":"));
    if (scheme.len == text.len)
        return peer_fail(pc, RTC_ERR_SYNTAX, "no scheme in the URL '%s'", url);
    if (slice_is_nocase(scheme, "turn") || slice_is_nocase(scheme, "turns") || slice_is_nocase(scheme, "stuns"))
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "the URL '%s': this version speaks to stun: servers only", url);
    if (!slice_is_nocase(scheme, "stun"))
        return peer_fail(pc, RTC_ERR_SYNTAX, "unknown scheme in the URL '%s'", url);
    return parse_host(pc, slice_of(text.data + scheme.len + 1, text.len - scheme.len - 1), url, server);
}

static int read_servers(rtc_peer_connection *pc, const rtc_configuration *c, struct ice_server *servers, uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < c->ice_server_count; i++) {
        const rtc_ice_server *server = c->ice_servers ? c->ice_servers[i] : NULL;
        if (!server || server->size == 0 || server->url_count == 0 || !server->urls)
            return peer_fail(pc, RTC_ERR_SYNTAX, "ICE server %zu has no URLs", i);
        for (size_t k = 0; k < server->url_count; k++) {
            if (*count == ICE_SERVERS_MAX)
                return peer_fail(pc, RTC_ERR_RANGE, "more than %d server URLs", ICE_SERVERS_MAX);
            int error = parse_url(pc, server->urls[k], &servers[*count]);
            if (error)
                return error;
            ++*count;
        }
    }
    return RTC_OK;
}

static int choose_certificate(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->certificate_count == 0)
        return certificate_take(pc->context, &pc->certificate);
    struct certificate *given = c->certificates ? (struct certificate *)c->certificates[0] : NULL;
    if (!given)
        return peer_fail(pc, RTC_ERR_TYPE, "the certificate is NULL");
    if (certificate_expires_us(given) <= context_wall_us(pc->context, peer_now(pc)))
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the certificate has expired");
    pc->certificate = certificate_ref(given);
    return RTC_OK;
}

static int check_first(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->max_channels > 65534)
        return peer_fail(pc, RTC_ERR_RANGE, "max_channels is over 65534");
    if (c->max_message_size > 256 * 1024)
        return peer_fail(pc, RTC_ERR_RANGE, "max_message_size is over 256 KiB");
    pc->loop = c->loop;
    pc->include_loopback = c->include_loopback;
    pc->max_channels = c->max_channels ? c->max_channels : 256;
    pc->max_bitrate_bps = c->max_bitrate_bps ? c->max_bitrate_bps : 1500000;
    pc->max_message_size = c->max_message_size ? c->max_message_size : 256 * 1024;
    return choose_certificate(pc, c);
}

static int check_change(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->loop && c->loop != pc->loop)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the loop can not change");
    if (c->certificate_count > 0 && (!c->certificates || (struct certificate *)c->certificates[0] != pc->certificate))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the certificate can not change");
    return RTC_OK;
}

int configuration_apply(rtc_peer_connection *pc, const rtc_configuration *given, bool first)
{
    rtc_configuration c = {.size = sizeof c};
    if (given && (given->size == 0 || given->size > sizeof c))
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_configuration.size is wrong");
    if (given)
        memcpy(&c, given, given->size);
    if (c.ice_transport_policy == RTC_ICE_TRANSPORT_RELAY)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "the relay-only policy needs TURN, which this version does not have");
    if (c.bundle_policy != RTC_BUNDLE_MAX_BUNDLE || c.ice_transport_policy != RTC_ICE_TRANSPORT_ALL)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown policy");
    struct ice_server *servers = memory_alloc(pc->context, ICE_SERVERS_MAX * sizeof *servers);
    uint32_t count = 0;
    int error = servers ? read_servers(pc, &c, servers, &count) : RTC_ERR_NO_MEMORY;
    if (!error)
        error = first ? check_first(pc, &c) : check_change(pc, &c);
    struct ice_server *kept = !error && count > 0 ? memory_realloc(pc->context, servers, count * sizeof *servers) : NULL;
    if (!kept)
        memory_free(pc->context, servers);
    if (!error && count > 0 && !kept)
        error = RTC_ERR_NO_MEMORY;
    if (error)
        return error;
    memory_free(pc->context, pc->servers);
    pc->servers = kept;
    pc->server_count = count;
    return RTC_OK;
}
