/* SPDX-License-Identifier: MIT */
/* See ice_server.h. */
#include "ice_server.h"

#include "memory.h"
#include "text.h"

#include <stdio.h>

bool ice_servers_set(struct ice_servers *servers, const struct ice_server *list, uint32_t count)
{
    struct ice_server_state *copy = NULL;
    if (count > 0 && !(copy = memory_zeroed(servers->common->context, count * sizeof *copy)))
        return false;
    for (uint32_t i = 0; i < count; i++)
        copy[i].config = list[i];
    memory_free(servers->common->context, servers->list);
    servers->list = copy;
    servers->count = count;
    return true;
}

void ice_servers_fini(struct ice_servers *servers)
{
    if (servers->list)
        memory_wipe(servers->list, servers->count * sizeof *servers->list); /* credentials */
    memory_free(servers->common->context, servers->list);
}

static void add_address(struct ice_server_state *server, struct address address)
{
    bool full = server->address_count >= sizeof server->addresses / sizeof server->addresses[0];
    if (full || address.family == ADDRESS_NONE || (server->address_count == 1 && server->addresses[0].family == address.family))
        return;
    address.port = server->config.port;
    server->addresses[server->address_count++] = address;
}

static void resolve(struct ice_servers *servers, struct ice_server_state *server, struct out *out)
{
    struct address address;
    server->address_count = 0;
    server->resolve_id = 0;
    if (address_parse(slice_str(server->config.host), server->config.port, &address)) {
        add_address(server, address);
        return;
    }
    struct request *r = out_request(out, REQUEST_RESOLVE, ice_request_id(servers->common));
    if (!r)
        return;
    (void)snprintf(r->name, sizeof r->name, "%s", server->config.host);
    server->resolve_id = r->id;
}

void ice_servers_resolve(struct ice_servers *servers, struct out *out)
{
    for (uint32_t i = 0; i < servers->count; i++)
        resolve(servers, &servers->list[i], out);
}

uint32_t ice_servers_find_resolution(const struct ice_servers *servers, uint32_t id)
{
    uint32_t i = 0;
    while (i < servers->count && servers->list[i].resolve_id != id)
        i++;
    return i;
}

void ice_server_resolved(struct ice_server_state *server, const struct io_result *result)
{
    for (size_t i = 0; result->error == RTC_OK && i < result->address_count; i++)
        add_address(server, result->addresses[i]);
}

void ice_server_remember(struct ice_server_state *server, uint16_t code, struct slice text)
{
    server->error_code = code;
    text_copy_foreign(server->error_text, sizeof server->error_text, text);
}

/* An event's object is released without a context, so it carries its own. The event's, then theirs who take it; written once, when it is
 * made. */
struct error_object {
    struct ice_candidate_error error;
    rtc_context *context;
};

void ice_candidate_error_free(struct ice_candidate_error *error)
{
    struct error_object *o = (struct error_object *)error;
    if (o)
        memory_free(o->context, o);
}

static void release_error(struct event *event)
{
    ice_candidate_error_free(((struct ice_event *)event)->error);
}

void ice_server_report(const struct ice_servers *servers, struct ice_server_state *server, const struct address *local, uint16_t code,
                       struct slice text, struct out *out)
{
    rtc_context *context = servers->common->context;
    struct error_object *o = memory_zeroed(context, sizeof *o);
    if (!o) {
        out->failed = true;
        return;
    }
    ice_server_remember(server, code, text);
    o->context = context;
    o->error.code = code;
    if (local && !servers->common->hide_addresses)
        o->error.local = *local;
    ice_server_url(&server->config, o->error.url);
    memcpy(o->error.text, server->error_text, sizeof o->error.text);
    struct ice_event *e = ice_event(servers->common, ICE_EVENT_CANDIDATE_ERROR, out);
    if (!e) {
        ice_candidate_error_free(&o->error);
        return;
    }
    e->error = &o->error;
    e->head.release = release_error;
}

void ice_server_url(const struct ice_server *server, char url[ICE_URL_MAX])
{
    static const char *const schemes[] = {"stun", "turn", "turn", "turns"};
    static const char *const ends[] = {"", "?transport=udp", "?transport=tcp", "?transport=tcp"};
    const char *form = strchr(server->host, ':') ? "%s:[%.235s]:%u%s" : "%s:%.235s:%u%s";
    (void)snprintf(url, ICE_URL_MAX, form, schemes[server->kind], server->host, server->port, ends[server->kind]);
}
