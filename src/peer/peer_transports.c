/* SPDX-License-Identifier: MIT */
/* See peer_transports.h. */
#include "peer_transports.h"

#include "memory.h"

int peer_transports_reserve(rtc_context *context, struct peer_transports *transports, size_t count)
{
    size_t room = count + transports->count + transports->leaving;
    memory_free(context, transports->next);
    memory_free(context, transports->next_states);
    transports->next_count = 0;
    transports->next = memory_zeroed(context, room * sizeof(struct transport *));
    transports->next_states = memory_zeroed(context, room * sizeof *transports->next_states);
    return transports->next && transports->next_states ? RTC_OK : RTC_ERR_NO_MEMORY;
}

void peer_transports_put(struct peer_transports *transports, struct transport *t, bool idle)
{
    size_t before = peer_transports_number(transports, t);
    if (before < transports->count)
        transports->next_states[transports->next_count] = transports->states[before];
    transports->next_states[transports->next_count].idle = idle;
    transports->next[transports->next_count++] = t;
}

static bool is_named(const struct peer_transports *transports, const struct transport *t)
{
    for (size_t i = 0; i < transports->next_count; i++)
        if (transports->next[i] == t)
            return true;
    return false;
}

void peer_transports_arrange(rtc_context *context, struct peer_transports *transports)
{
    size_t all = transports->count + transports->leaving, end = transports->next_count;
    for (size_t i = 0; i < all; i++)
        if (!is_named(transports, transports->items[i]))
            transports->next[end++] = transports->items[i];
    memory_free(context, transports->items);
    memory_free(context, transports->states);
    transports->items = transports->next;
    transports->states = transports->next_states;
    transports->count = transports->next_count;
    transports->leaving = end - transports->count;
    transports->next = NULL;
    transports->next_states = NULL;
    transports->rearranged = true;
    peer_transports_look(transports);
}

bool peer_transports_were_rearranged(struct peer_transports *transports)
{
    bool were = transports->rearranged;
    transports->rearranged = false;
    return were;
}

bool peer_transports_any_left(const struct peer_transports *transports)
{
    for (size_t i = transports->count; i < transports->count + transports->leaving; i++)
        if (transport_is_gone(transports->items[i]))
            return true;
    return false;
}

struct transport *peer_transports_left(struct peer_transports *transports)
{
    size_t all = transports->count + transports->leaving;
    for (size_t i = transports->count; i < all; i++) {
        struct transport *t = transports->items[i];
        if (!transport_is_gone(t))
            continue;
        memmove(&transports->items[i], &transports->items[i + 1], (all - i - 1) * sizeof(struct transport *));
        transports->leaving--;
        return t;
    }
    return NULL;
}

int peer_transports_add(rtc_context *context, struct peer_transports *transports, const struct transport_settings *settings,
                        bool controlling)
{
    struct transport *t;
    int error = dtls_transport_make(context, settings, NULL, controlling, &t);
    if (error)
        return error;
    error = peer_transports_reserve(context, transports, transports->count + 1);
    if (error) {
        dtls_transport_drop(t);
        return error;
    }
    for (size_t i = 0; i < transports->count; i++)
        peer_transports_put(transports, transports->items[i], transports->states[i].idle);
    peer_transports_put(transports, t, false);
    peer_transports_arrange(context, transports);
    return RTC_OK;
}

void peer_transports_fini(rtc_context *context, struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count + transports->leaving; i++)
        dtls_transport_drop(transports->items[i]);
    memory_free(context, transports->items);
    memory_free(context, transports->states);
    memory_free(context, transports->next);
    memory_free(context, transports->next_states);
    *transports = (struct peer_transports){0};
}

/* With those that leave. */
static size_t all(const struct peer_transports *transports)
{
    return transports->count + transports->leaving;
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
    for (size_t i = 1; i < all(transports); i++)
        if (transport_ice_has_socket(transports->items[i], socket))
            return transports->items[i];
    return peer_transports_first(transports);
}

void peer_transports_look(struct peer_transports *transports)
{
    for (size_t i = 0; i < transports->count; i++) {
        const struct transport *t = transports->items[i];
        bool idle = transports->states[i].idle;
        transports->states[i].ice = idle ? ICE_CLOSED : transport_ice_state(t);
        transports->states[i].ice_told = idle ? ICE_CLOSED : transport_ice_told(t);
        transports->states[i].dtls = idle ? DTLS_CLOSED : dtls_state(transport_dtls(t));
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
    for (size_t i = 0; i < all(transports); i++)
        transport_set_room(transports->items[i], bytes / all(transports), events / (uint32_t)all(transports));
}

void peer_transports_tick(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < all(transports); i++)
        transport_tick(transports->items[i], now);
}

rtc_time_t peer_transports_deadline(const struct peer_transports *transports, enum timer_reason *why)
{
    rtc_time_t at = RTC_TIME_NEVER;
    for (size_t i = 0; i < all(transports); i++) {
        enum timer_reason reason = TIMER_NONE;
        rtc_time_t next = transport_deadline(transports->items[i], &reason);
        deadline_min(&at, why, next, reason);
    }
    return at;
}

struct packet *peer_transports_next_packet(const struct peer_transports *transports)
{
    struct packet *packet = NULL;
    for (size_t i = 0; i < all(transports) && !packet; i++)
        packet = transport_next_packet(transports->items[i]);
    return packet;
}

struct request *peer_transports_next_request(const struct peer_transports *transports, rtc_time_t now, struct transport **asker)
{
    struct request *request = NULL;
    for (size_t i = 0; i < all(transports) && !request; i++) {
        *asker = transports->items[i];
        request = transport_next_request(*asker, now);
    }
    return request;
}

bool peer_transports_result(const struct peer_transports *transports, rtc_time_t now, const struct io_result *result)
{
    for (size_t i = 0; i < all(transports); i++)
        if (transport_result(transports->items[i], now, result))
            return true;
    return false;
}

bool peer_transports_starved(const struct peer_transports *transports)
{
    for (size_t i = 0; i < all(transports); i++)
        if (transport_is_starved(transports->items[i]))
            return true;
    return false;
}

bool peer_transports_closed(const struct peer_transports *transports)
{
    for (size_t i = 0; i < all(transports); i++)
        if (!transport_is_closed(transports->items[i]))
            return false;
    return true;
}

rtc_time_t peer_transports_last_traffic(const struct peer_transports *transports)
{
    rtc_time_t last = 0;
    for (size_t i = 0; i < all(transports); i++)
        if (transport_last_traffic(transports->items[i]) > last)
            last = transport_last_traffic(transports->items[i]);
    return last;
}

void peer_transports_close_channels(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < all(transports); i++)
        transport_close_channels(transports->items[i], now);
}

void peer_transports_close(const struct peer_transports *transports, rtc_time_t now)
{
    for (size_t i = 0; i < all(transports); i++)
        transport_close(transports->items[i], now);
}
