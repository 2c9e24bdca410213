/* SPDX-License-Identifier: MIT */
/* RTCConfiguration (webrtc-pc 4.2, 4.4.1.6): reading and checking it; server URLs as RFC 7064 and RFC 7065 spell them. */
#include "configuration.h"

#include "endpoint.h"
#include "gcc.h"
#include "kept_configuration.h"
#include "own_controller.h"
#include "rtp_rate.h"
#include "scream.h"
#include "text.h"

enum { PORT = 3478, PORT_TLS = 5349 };

/* host, [ipv6], host:port, [ipv6]:port */
static int parse_host(rtc_peer_connection *pc, struct slice text, uint16_t port_default, const char *url, struct ice_server *server)
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
    uint64_t number = port_default;
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

/* "?transport=" at the end of a TURN URL, cut off `text` (RFC 7065). */
static int parse_transport(rtc_peer_connection *pc, struct slice *text, bool secure, const char *url, uint8_t *kind)
{
    const uint8_t *mark = text->len > 0 ? memchr(text->data, '?', text->len) : NULL;
    struct slice query = mark ? slice_of(mark + 1, text->len - (size_t)(mark + 1 - text->data)) : slice_str("");
    bool udp = slice_is_nocase(query, "transport=udp"), tcp = slice_is_nocase(query, "transport=tcp");
    if (mark && !udp && !tcp)
        return peer_fail(pc, RTC_ERR_SYNTAX, "unknown transport in the URL '%s'", url);
    if (secure && udp)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "the URL '%s': TURN over DTLS is not supported", url);
    if (mark)
        text->len = (size_t)(mark - text->data);
    *kind = secure ? ICE_SERVER_TURN_TLS : tcp ? ICE_SERVER_TURN_TCP : ICE_SERVER_TURN_UDP;
    return RTC_OK;
}

/* webrtc-pc 4.4.1.6: a TURN server needs both. */
static int copy_credentials(rtc_peer_connection *pc, const rtc_ice_server *from, const char *url, struct ice_server *to)
{
    if (!from->username || !from->credential)
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the URL '%s' needs a username and a credential", url);
    if (strlen(from->username) >= sizeof to->username || strlen(from->credential) >= sizeof to->credential)
        return peer_fail(pc, RTC_ERR_SYNTAX, "the username or the credential of '%s' is too long", url);
    text_copy(to->username, sizeof to->username, from->username);
    text_copy(to->credential, sizeof to->credential, from->credential);
    return RTC_OK;
}

static int parse_turn(rtc_peer_connection *pc, struct slice rest, bool secure, const rtc_ice_server *from, const char *url,
                      struct ice_server *server)
{
    uint8_t kind = 0;
    int error = parse_transport(pc, &rest, secure, url, &kind);
    if (!error)
        error = parse_host(pc, rest, secure ? PORT_TLS : PORT, url, server);
    if (!error)
        error = copy_credentials(pc, from, url, server);
    server->kind = kind;
    return error;
}

static int parse_url(rtc_peer_connection *pc, const rtc_ice_server *from, const char *url, struct ice_server *server)
{
    if (!url)
        return peer_fail(pc, RTC_ERR_TYPE, "a server's URL is missing");
    struct slice text = slice_str(url);
    struct slice scheme = slice_of(url, strcspn(url, ":"));
    if (scheme.len == text.len)
        return peer_fail(pc, RTC_ERR_SYNTAX, "no scheme in the URL '%s'", url);
    struct slice rest = slice_of(text.data + scheme.len + 1, text.len - scheme.len - 1);
    bool secure = slice_is_nocase(scheme, "turns");
    if (secure || slice_is_nocase(scheme, "turn"))
        return parse_turn(pc, rest, secure, from, url, server);
    if (slice_is_nocase(scheme, "stuns"))
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "the URL '%s': STUN is spoken over UDP only", url);
    if (!slice_is_nocase(scheme, "stun"))
        return peer_fail(pc, RTC_ERR_SYNTAX, "unknown scheme in the URL '%s'", url);
    return parse_host(pc, rest, PORT, url, server);
}

static int read_server(rtc_peer_connection *pc, const rtc_configuration *c, size_t index, rtc_ice_server *server)
{
    *server = (rtc_ice_server){.size = sizeof *server};
    if (!c->ice_servers || !c->ice_servers[index])
        return peer_fail(pc, RTC_ERR_TYPE, "ice_servers: entry %zu is missing", index);
    int error = peer_options(pc, server, sizeof *server, c->ice_servers[index], "rtc_ice_server");
    if (error)
        return error;
    return server->url_count > 0 && server->urls ? RTC_OK : peer_fail(pc, RTC_ERR_SYNTAX, "ICE server %zu has no URLs", index);
}

static int read_servers(rtc_peer_connection *pc, const rtc_configuration *c, struct ice_server *servers, uint32_t *count)
{
    *count = 0;
    for (size_t i = 0; i < c->ice_server_count; i++) {
        rtc_ice_server server;
        int error = read_server(pc, c, i, &server);
        for (size_t k = 0; k < server.url_count && !error; k++) {
            if (*count == ICE_SERVERS_MAX) /* webrtc-pc 4.2.1: those beyond it are ignored */
                return RTC_OK;
            error = parse_url(pc, &server, server.urls[k], &servers[*count]);
            *count += error ? 0 : 1;
        }
        if (error)
            return error;
    }
    return RTC_OK;
}

void configuration_forget_servers(rtc_peer_connection *pc)
{
    if (pc->settings.servers)
        memory_wipe(pc->settings.servers, pc->settings.server_count * sizeof *pc->settings.servers);
    memory_free(pc->context, pc->settings.servers);
    pc->settings.servers = NULL;
    pc->settings.server_count = 0;
}

/* *servers stays NULL when there are none. */
static int make_servers(rtc_peer_connection *pc, const rtc_configuration *c, struct ice_server **servers, uint32_t *count)
{
    size_t urls = 0;
    for (size_t i = 0; i < c->ice_server_count && urls < ICE_SERVERS_MAX; i++) {
        rtc_ice_server server;
        int error = read_server(pc, c, i, &server);
        if (error)
            return error;
        urls += server.url_count < ICE_SERVERS_MAX ? server.url_count : ICE_SERVERS_MAX;
    }
    urls = urls < ICE_SERVERS_MAX ? urls : ICE_SERVERS_MAX;
    if (urls > 0 && !(*servers = memory_zeroed(pc->context, urls * sizeof **servers)))
        return RTC_ERR_NO_MEMORY;
    return read_servers(pc, c, *servers, count);
}

static int choose_certificate(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->certificate_count == 0)
        return certificate_take(pc->context, &pc->settings.certificate);
    for (size_t i = 0; i < c->certificate_count; i++) {
        struct certificate *given = c->certificates ? (struct certificate *)c->certificates[i] : NULL;
        if (!given)
            return peer_fail(pc, RTC_ERR_TYPE, "certificates: entry %zu is missing", i);
        if (certificate_expires_us(given) <= context_wall_us(pc->context, peer_now(pc)))
            return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "certificates: entry %zu has expired", i);
    }
    pc->settings.certificate = certificate_ref((struct certificate *)c->certificates[0]);
    return RTC_OK;
}

/* Those that are given are those that there are. */
static bool same_certificates(const rtc_peer_connection *pc, const rtc_configuration *c)
{
    const rtc_configuration *kept = kept_configuration_show(pc->configuration);
    if (c->certificate_count == 0)
        return true;
    return c->certificates && c->certificate_count == kept->certificate_count &&
           memcmp(c->certificates, kept->certificates, c->certificate_count * sizeof *c->certificates) == 0;
}

static int add_filter(void *filters, struct slice text)
{
    return ice_filters_add(filters, text);
}

/* Of the peer no interface is known. */
static int add_remote_filter(void *filters, struct slice text)
{
    struct ice_filters *f = filters;
    uint32_t count = f->count;
    int error = ice_filters_add(f, text);
    if (error || f->list[count].pattern[0] == 0)
        return error;
    f->count = count;
    f->list[count] = (struct ice_filter){.bits = 0};
    return RTC_ERR_SYNTAX;
}

static int add_external(void *externals, struct slice text)
{
    return ice_externals_add(externals, text);
}

static int read_rules(rtc_peer_connection *pc, const char *member, const char *const *texts, size_t count,
                      int (*add)(void *list, struct slice text), void *list)
{
    for (size_t i = 0; i < count; i++) {
        if (!texts || !texts[i])
            return peer_fail(pc, RTC_ERR_TYPE, "%s: entry %zu is missing", member, i);
        int error = add(list, slice_str(texts[i]));
        if (error)
            return peer_fail(pc, error,
                             error == RTC_ERR_RANGE ? "%s has too many entries, from '%.120s' on" : "%s: '%.120s' can not be read", member,
                             texts[i]);
    }
    return RTC_OK;
}

static int make_rules(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->ice_allow_count + c->ice_deny_count + c->external_address_count + c->remote_allow_count + c->remote_deny_count == 0)
        return RTC_OK;
    struct ice_rules *rules = pc->settings.rules = memory_zeroed(pc->context, sizeof *rules);
    if (!rules)
        return RTC_ERR_NO_MEMORY;
    int error = read_rules(pc, "ice_allow", c->ice_allow, c->ice_allow_count, add_filter, &rules->allow);
    if (!error)
        error = read_rules(pc, "ice_deny", c->ice_deny, c->ice_deny_count, add_filter, &rules->deny);
    if (!error)
        error = read_rules(pc, "remote_allow", c->remote_allow, c->remote_allow_count, add_remote_filter, &rules->remote_allow);
    if (!error)
        error = read_rules(pc, "remote_deny", c->remote_deny, c->remote_deny_count, add_remote_filter, &rules->remote_deny);
    if (!error)
        error = read_rules(pc, "external_addresses", c->external_addresses, c->external_address_count, add_external, &rules->externals);
    return error;
}

static int check_first(rtc_peer_connection *pc, const rtc_configuration *c, void (*lost)(void *pc))
{
    int error = make_rules(pc, c);
    if (error)
        return error;
    if (c->ice_gathering_policy != RTC_ICE_GATHER_CONTINUALLY && c->ice_gathering_policy != RTC_ICE_GATHER_ONCE)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown ice_gathering_policy %d", (int)c->ice_gathering_policy);
    if (c->rtcp_mux_policy == RTC_RTCP_MUX_NEGOTIATE)
        return peer_fail(pc, RTC_ERR_NOT_SUPPORTED, "RTCP is always multiplexed with RTP");
    if (c->max_channels > 65534)
        return peer_fail(pc, RTC_ERR_RANGE, "max_channels is over 65534");
    if (c->max_message_size > 256 * 1024)
        return peer_fail(pc, RTC_ERR_RANGE, "max_message_size is over 256 KiB");
    if (c->port_min > c->port_max || (c->port_min == 0) != (c->port_max == 0))
        return peer_fail(pc, RTC_ERR_RANGE, "%u to %u is no range of ports", c->port_min, c->port_max);
    if (c->authorities_pem && !(pc->settings.authorities_pem = memory_text(pc->context, c->authorities_pem, strlen(c->authorities_pem))))
        return RTC_ERR_NO_MEMORY;
    if (c->endpoint && c->endpoint->loop != c->loop)
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "the endpoint has another loop");
    if (c->endpoint && c->endpoint->closed)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the endpoint is closed");
    pc->driver.loop = c->loop;
    pc->settings.ice_lite = c->ice_lite;
    pc->bundle_policy = c->bundle_policy;
    pc->settings.include_loopback = c->include_loopback;
    pc->settings.hide_addresses = c->hide_local_addresses;
    pc->settings.tcp_policy = (enum ice_tcp_policy)c->ice_tcp_policy;
    pc->settings.gather_once = c->ice_gathering_policy == RTC_ICE_GATHER_ONCE;
    pc->settings.port_min = c->port_min;
    pc->settings.port_max = c->port_max;
    pc->settings.max_channels = c->max_channels ? c->max_channels : 256;
    pc->settings.max_message_size = c->max_message_size ? c->max_message_size : 256 * 1024;
    error = choose_certificate(pc, c);
    return error || !c->endpoint ? error : endpoint_admit(c->endpoint, pc, lost, &pc->settings.member);
}

static int check_change(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if (c->loop && c->loop != pc->driver.loop)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the loop can not change");
    if (c->endpoint &&
        (!pc->settings.member || c->endpoint != pc->settings.member->endpoint)) /* a connection that is not closed has not left */
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the endpoint can not change");
    if (c->bundle_policy != pc->bundle_policy)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the bundle policy can not change");
    if (c->ice_lite && !pc->settings.ice_lite)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "ICE-lite is chosen at first");
    if (c->rtcp_mux_policy != RTC_RTCP_MUX_REQUIRE)
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the RTCP mux policy can not change");
    if (!same_certificates(pc, c))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the certificates can not change");
    if (c->congestion_controller && c->congestion_controller != own_controller_given(pc->settings.controller))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the congestion controller can not change");
    if (c->ice_candidate_pool_size != kept_pool_size(pc) && negotiation_local(&pc->negotiation))
        return peer_fail(pc, RTC_ERR_INVALID_MODIFICATION, "the candidate pool's size can not change after a local description was set");
    return RTC_OK;
}

static bool same_servers(const rtc_peer_connection *pc, const struct ice_server *servers, uint32_t count, bool relay_only)
{
    return pc->settings.relay_only == relay_only && pc->settings.server_count == count &&
           (count == 0 || memcmp(pc->settings.servers, servers, count * sizeof *servers) == 0);
}

static int check_policies(rtc_peer_connection *pc, const rtc_configuration *c)
{
    if ((unsigned)c->bundle_policy > RTC_BUNDLE_MAX_BUNDLE)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown bundle_policy %d", (int)c->bundle_policy);
    if (c->ice_transport_policy != RTC_ICE_TRANSPORT_ALL && c->ice_transport_policy != RTC_ICE_TRANSPORT_RELAY)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown ice_transport_policy %d", (int)c->ice_transport_policy);
    if ((unsigned)c->rtcp_mux_policy > RTC_RTCP_MUX_NEGOTIATE)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown rtcp_mux_policy %d", (int)c->rtcp_mux_policy);
    if ((unsigned)c->ice_tcp_policy > RTC_ICE_TCP_DISABLED)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown ice_tcp_policy %d", (int)c->ice_tcp_policy);
    if ((unsigned)c->congestion_control > RTC_CONGESTION_CONTROL_REPORTS)
        return peer_fail(pc, RTC_ERR_TYPE, "unknown congestion_control %d", (int)c->congestion_control);
    return RTC_OK;
}

/* Nobody sends less than the least. What a call begins with can not change, and is not looked at again when the most does. */
static int check_rates(rtc_peer_connection *pc, const rtc_configuration *c, bool first)
{
    uint32_t most = c->max_bitrate_bps ? c->max_bitrate_bps : RTP_RATE_DEFAULT_CAP_BPS;
    if (most < RTP_RATE_MIN_BPS)
        return peer_fail(pc, RTC_ERR_RANGE, "max_bitrate_bps %u: the least is %d", most, RTP_RATE_MIN_BPS);
    if (!first || c->start_bitrate_bps == 0)
        return RTC_OK;
    if (c->start_bitrate_bps < RTP_RATE_MIN_BPS)
        return peer_fail(pc, RTC_ERR_RANGE, "start_bitrate_bps %u: the least is %d", c->start_bitrate_bps, RTP_RATE_MIN_BPS);
    if (c->start_bitrate_bps > most)
        return peer_fail(pc, RTC_ERR_RANGE, "start_bitrate_bps %u is over max_bitrate_bps %u", c->start_bitrate_bps, most);
    return RTC_OK;
}

/* *out is NULL: by reports alone. The table of a controller of the program's own is copied. */
static int choose_controller(rtc_peer_connection *pc, const rtc_configuration *c, const struct congestion_controller **out)
{
    static const struct congestion_controller *const controllers[] = {
        [RTC_CONGESTION_CONTROL_GOOGLE] = &gcc_controller,
        [RTC_CONGESTION_CONTROL_SCREAM] = &scream_controller,
        [RTC_CONGESTION_CONTROL_REPORTS] = NULL,
    };
    *out = controllers[c->congestion_control];
    if (!c->congestion_controller)
        return RTC_OK;
    int error = own_controller_new(pc->context, c->congestion_controller, c->congestion_user, out);
    return error ? peer_fail(pc, error, "%s", rtc_last_error()) : RTC_OK;
}

/* What is there, with what a change changes. */
static int keep(rtc_peer_connection *pc, const rtc_configuration *c, bool first, struct kept_configuration **out)
{
    rtc_configuration all = *c;
    if (!first) {
        all = *kept_configuration_show(pc->configuration);
        all.ice_servers = c->ice_servers;
        all.ice_server_count = c->ice_server_count;
        all.ice_transport_policy = c->ice_transport_policy;
        all.ice_candidate_pool_size = c->ice_candidate_pool_size;
        all.max_bitrate_bps = c->max_bitrate_bps ? c->max_bitrate_bps : all.max_bitrate_bps;
    }
    return kept_configuration_new(pc, &all, out);
}

/* `lost`: of a new connection; NULL: a change. */
static int apply(rtc_peer_connection *pc, const rtc_configuration *given, void (*lost)(void *pc), bool *servers_changed)
{
    bool first = lost != NULL;
    rtc_configuration c;
    int error = peer_options(pc, &c, sizeof c, given, "rtc_configuration");
    if (!error)
        error = check_policies(pc, &c);
    if (!error)
        error = check_rates(pc, &c, first);
    if (error)
        return error;
    bool relay_only = c.ice_transport_policy == RTC_ICE_TRANSPORT_RELAY;
    bool lite = first ? c.ice_lite : pc->settings.ice_lite;
    if (lite && (relay_only || c.ice_server_count > 0))
        return peer_fail(pc, RTC_ERR_INVALID_ACCESS, "ICE-lite knows host candidates only: no servers, no relays");
    struct ice_server *servers = NULL;
    struct kept_configuration *kept = NULL;
    const struct congestion_controller *controller = NULL;
    uint32_t count = 0;
    error = make_servers(pc, &c, &servers, &count);
    if (!error)
        error = first ? check_first(pc, &c, lost) : check_change(pc, &c);
    if (!error && first)
        error = choose_controller(pc, &c, &controller);
    if (first)
        c.congestion_controller = own_controller_given(controller); /* what is shown is the copy */
    if (!error)
        error = keep(pc, &c, first, &kept);
    if (!error) {
        kept_configuration_free(pc->context, pc->configuration);
        pc->configuration = kept;
        *servers_changed = !same_servers(pc, servers, count, relay_only);
        configuration_forget_servers(pc);
        pc->settings.servers = servers;
        pc->settings.server_count = count;
        pc->settings.relay_only = relay_only;
        if (c.max_bitrate_bps || first)
            pc->settings.max_bitrate_bps = c.max_bitrate_bps ? c.max_bitrate_bps : RTP_RATE_DEFAULT_CAP_BPS;
        if (first) {
            pc->settings.start_bitrate_bps = c.start_bitrate_bps;
            pc->settings.controller = controller;
        }
        return RTC_OK;
    }
    own_controller_free(pc->context, controller);
    memory_free(pc->context, servers);
    return error;
}

int configuration_begin(rtc_peer_connection *pc, const rtc_configuration *given, void (*lost)(void *pc))
{
    bool changed;
    return apply(pc, given, lost, &changed);
}

int configuration_change(rtc_peer_connection *pc, const rtc_configuration *given, bool *servers_changed)
{
    return apply(pc, given, NULL, servers_changed);
}

const rtc_configuration *rtc_peer_connection_get_configuration(const rtc_peer_connection *pc)
{
    return kept_configuration_show(pc->configuration);
}
