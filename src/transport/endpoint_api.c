/* SPDX-License-Identifier: MIT */
/* The endpoint as an object (<crtc/endpoint.h>). */
#include "endpoint.h"
#include "error.h"
#include "memory.h"
#include "options.h"
#include "public_address.h"
#include "references.h"

/* NULL-terminated lists of what stands for "no addresses given". */
static const char *const any_addresses[] = {"::", "0.0.0.0"};

static int read_addresses(rtc_endpoint *e, const rtc_endpoint_options *o)
{
    const char *const *texts = o->address_count ? o->addresses : any_addresses;
    size_t count = o->address_count ? o->address_count : sizeof any_addresses / sizeof any_addresses[0];
    if (count > ENDPOINT_ADDRESSES_MAX)
        return error_say(RTC_ERR_RANGE, "%zu addresses are more than the %d of one endpoint", count, ENDPOINT_ADDRESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!texts || !texts[i])
            return error_say(RTC_ERR_TYPE, "rtc_endpoint_options.addresses: entry %zu is missing", i);
        if (!address_parse(slice_str(texts[i]), o->port, &e->addresses[i]))
            return error_say(RTC_ERR_SYNTAX, "'%.80s' is no numeric address", texts[i]);
    }
    e->address_count = count;
    return RTC_OK;
}

static int bind_port(rtc_endpoint *e, bool some)
{
    rtc_address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t count = e->address_count;
    for (size_t i = 0; i < count; i++)
        addresses[i] = address_out(&e->addresses[i]);
    int error = e->loop->ops->bind_port(e->loop, e, addresses, &count, some, &e->port);
    for (size_t i = 0; !error && i < count; i++)
        e->addresses[i] = address_in(&addresses[i]);
    e->address_count = error ? 0 : count;
    return error;
}

static int open_endpoint(rtc_endpoint *e, const rtc_endpoint_options *o)
{
    e->loop = o->loop;
    e->answer_stun = o->answer_stun;
    int error = read_addresses(e, o);
    if (!error && !e->loop && o->port == 0)
        error = error_say(RTC_ERR_TYPE, "an endpoint without a loop must be told its port");
    if (!error && e->loop) {
        e->pool = packet_pool_ref(e->loop->pool);
        e->reaper = reaper_ref(e->loop->reaper);
    } else if (!error)
        error = packet_pool_new(e->context, &e->pool);
    if (error == RTC_ERR_NO_MEMORY)
        return error_plain(error);
    if (!error && e->loop && (error = bind_port(e, o->address_count == 0)) != RTC_OK)
        return error_say(error, "port %u can not be bound: %s", o->port, rtc_error_message(error));
    return error;
}

int rtc_endpoint_new(rtc_context *context, const rtc_endpoint_options *options, rtc_endpoint **out)
{
    rtc_endpoint_options o;
    context = context_resolve(context);
    if (!out || !options)
        return error_say(RTC_ERR_TYPE, "rtc_endpoint_new: %s is NULL", out ? "options" : "out");
    int error = options_take(&o, sizeof o, options, "rtc_endpoint_options");
    if (error)
        return error;
    rtc_endpoint *e = context ? memory_zeroed(context, sizeof *e) : NULL;
    if (!e)
        return error_plain(RTC_ERR_NO_MEMORY);
    e->context = rtc_context_ref(context);
    atomic_init(&e->references, 1);
    list_init(&e->members);
    table_init(context, &e->tags);
    table_init(context, &e->users);
    table_init(context, &e->paths);
    error = open_endpoint(e, &o);
    if (error) {
        rtc_endpoint_unref(e);
        return error;
    }
    *out = e;
    return RTC_OK;
}

rtc_endpoint *rtc_endpoint_ref(rtc_endpoint *e)
{
    if (e)
        references_take(&e->references);
    return e;
}

static void end(struct reaper_entry *grave)
{
    rtc_endpoint *e = link_owner(grave, rtc_endpoint, grave);
    rtc_endpoint_close(e); /* it has no members: each would hold a reference */
    rtc_context *context = e->context;
    endpoint_transactions_fini(e);
    table_fini(context, &e->tags);
    table_fini(context, &e->users);
    table_fini(context, &e->paths);
    packet_pool_unref(e->pool);
    reaper_unref(e->reaper);
    memory_free(context, e);
    rtc_context_unref(context);
}

void rtc_endpoint_unref(rtc_endpoint *e)
{
    if (!e || !references_drop(&e->references))
        return;
    e->grave.end = end;
    if (e->reaper)
        reaper_put(e->reaper, &e->grave);
    else
        end(&e->grave);
}

/* Nothing of a connection is called back here: that could close others of the list. */
void rtc_endpoint_close(rtc_endpoint *e)
{
    if (!e || e->closed)
        return;
    e->closed = true;
    if (e->port)
        e->loop->ops->unbind_port(e->port);
    e->port = NULL;
    packet_queue_clear(&e->answers);
    for (struct link *l = e->members.next; l != &e->members; l = l->next) {
        const struct endpoint_member *m = link_owner(l, struct endpoint_member, link);
        m->lost(m->owner);
    }
}

uint16_t rtc_endpoint_port(const rtc_endpoint *e)
{
    return e->address_count > 0 ? e->addresses[0].port : 0;
}

void rtc_endpoint_get_stats(const rtc_endpoint *e, rtc_endpoint_stats *out)
{
    rtc_endpoint_stats stats = e->stats;
    stats.size = out->size < sizeof stats ? out->size : sizeof stats;
    memcpy(out, &stats, stats.size);
}

rtc_peer_connection *rtc_endpoint_route(rtc_endpoint *e, rtc_time_t now, rtc_path *path, const void *data, size_t len)
{
    struct path in = {.local = address_in(&path->local), .remote = address_in(&path->remote)};
    const struct endpoint_member *m = endpoint_route(e, now, &in, slice_of(data, len));
    path->socket = in.socket;
    return m ? m->owner : NULL;
}

rtc_packet *rtc_endpoint_next_packet(rtc_endpoint *e)
{
    return (rtc_packet *)packet_queue_pop(&e->answers);
}
