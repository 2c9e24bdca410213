/* SPDX-License-Identifier: MIT */
/* See peer_transports.h. */
#include "peer_transports.h"

#include "memory.h"

/* Both arrays grow, or neither does. */
static int grow(rtc_context *context, struct peer_transports *transports)
{
    size_t count = transports->count + 1;
    struct transport **items = memory_zeroed(context, count * sizeof *items);
    struct transport_states *states = memory_zeroed(context, count * sizeof *states);
    if (!items || !states) {
        memory_free(context, items);
        memory_free(context, states);
        return RTC_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < transports->count; i++) {
        items[i] = transports->items[i];
        states[i] = transports->states[i];
    }
    memory_free(context, transports->items);
    memory_free(context, transports->states);
    transports->items = items;
    transports->states = states;
    return RTC_OK;
}

int peer_transports_add(rtc_context *context, struct peer_transports *transports, const struct transport_settings *settings,
                        bool controlling)
{
    struct transport *t;
    int error = transport_new(context, settings, controlling, &t);
    if (error)
        return error;
    error = grow(context, transports);
    if (error) {
        transport_free(t);
        return error;
    }
    transports->items[transports->count++] = t;
    peer_transports_look(transports);
    return RTC_OK;
}

void peer_transports_fini(rtc_context *context, struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++)
        transport_free(transports->items[i]);
    memory_free(context, transports->items);
    memory_free(context, transports->states);
    *transports = (struct peer_transports){0};
}

size_t peer_transports_number(const struct peer_transports *transports, const struct transport *t)
{
    size_t i = 0;
    while (i < transports->count && transports->items[i] != t)
        i++;
    return i;
}

struct transport *peer_transports_by_socket(const struct peer_transports *transports, uint32_t socket)
{
    for (size_t i = 1; i < transports->count; i++)
        if (transport_ice_has_socket(transports->items[i], socket))
            return transports->items[i];
    return peer_transports_first(transports);
}

void peer_transports_look(struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++) {
        const struct transport *t = transports->items[i];
        transports->states[i].ice = transport_ice_state(t);
        transports->states[i].ice_told = transport_ice_told(t);
        transports->states[i].dtls = dtls_state(transport_dtls(t));
    }
}

void peer_transports_gathering(struct peer_transports *transports, size_t number, enum ice_gathering_state told)
{
    transports->states[number].gathering = told;
    peer_transports_look(transports);
}

/* A share may be nothing while little is left for many: there is more when the application has taken what waits. */
void peer_transports_set_room(const struct peer_transports *transports, uint64_t bytes, uint32_t events)
{
    for (size_t i = 0; i < transports->count; i++)
        transport_set_room(transports->items[i], bytes / transports->count, events / (uint32_t)transports->count);
}

void peer_transports_tick(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < transports->count; i++)
        transport_tick(transports->items[i], now);
}

rtc_time_t peer_transports_deadline(const struct peer_transports *transports, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < transports->count; i++) {
        enum timer_reason reason = TIMER_NONE;
        rtc_time_t next = transport_deadline(transports->items[i], &reason);
        deadline_min(&at, why, next, reason);
    }
    return at;
}

struct packet *peer_transports_next_packet(const struct peer_transports *transports)
{
    struct packet *packet = NULL;
    for (size_t i = 0; i < transports->count && !packet; i++)
        packet = transport_next_packet(transports->items[i]);
    return packet;
}

struct request *peer_transports_next_request(const struct peer_transports *transports, rtc_time_t now, struct transport **asker)
{
    struct request *request = NULL;
    for (size_t i = 0; i < transports->count && !request; i++) {
        *asker = transports->items[i];
        request = transport_next_request(*asker, now);
    }
    return request;
}

bool peer_transports_result(const struct peer_transports *transports, rtc_time_t now, const struct io_result *result)
{
    for (size_t i = 0; i < transports->count; i++)
        if (transport_result(transports->items[i], now, result))
            return true;
    return false;
}

void peer_transports_set_max_bitrate(const struct peer_transports *transports, uint32_t bps)
{
    for (size_t i = 0; i < transports->count; i++)
        if (transport_media(transports->items[i]))
            rtp_session_set_max_bitrate(transport_media(transports->items[i]), bps);
}

bool peer_transports_starved(const struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++)
        if (transport_is_starved(transports->items[i]))
            return true;
    return false;
}

bool peer_transports_closed(const struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++)
        if (!transport_is_closed(transports->items[i]))
            return false;
    return true;
}

rtc_time_t peer_transports_last_traffic(const struct peer_transports *transports)
{
    rtc_time_t last = 0;
    for (size_t i = 0; i < transports->count; i++)
        if (transport_last_traffic(transports->items[i]) > last)
            last = transport_last_traffic(transports->items[i]);
    return last;
}

void peer_transports_close_channels(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < transports->count; i++)
        transport_close_channels(transports->items[i], now);
}

void peer_transports_close(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < transports->count; i++)
        transport_close(transports->items[i], now);
}
