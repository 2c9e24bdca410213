/* SPDX-License-Identifier: MIT */
/* The ground of src/peer: what any of its files may ask of the connection, and what needs none of them. */
#include "peer.h"

#include "options.h"
#include "peer_record.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

const struct moves peer_life_moves = {
    .module = "peer",
    .what = "connection",
    .count = PEER_LINGERING + 1,
    .names = {"open", "given up", "closed", "lingering"},
    .allowed =
        {
            [PEER_OPEN] = MOVE_TO(PEER_GIVEN_UP) | MOVE_TO(PEER_CLOSED),
            [PEER_GIVEN_UP] = MOVE_TO(PEER_CLOSED),
            [PEER_CLOSED] = MOVE_TO(PEER_LINGERING),
            [PEER_LINGERING] = MOVE_TO(PEER_CLOSED),
        },
};

void peer_set_life(rtc_peer_connection *pc, enum peer_life life)
{
    if (moves_take(&peer_life_moves, pc->context, pc->life, life))
        pc->life = life;
}

rtc_time_t peer_now(rtc_peer_connection *pc)
{
    if (pc->driver.loop)
        pc->now = rtc_now();
    return pc->now;
}

void peer_log(const rtc_peer_connection *pc, rtc_log_level level, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!log_wants(pc->context, level))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_write(pc->context, level, "peer", "[%05u] %s", (unsigned)(pc->negotiation.session_id % 100000), text);
}

static int say(rtc_peer_connection *pc, int error, const char *format, va_list args)
{
    char text[ERROR_TEXT_MAX];
    (void)vsnprintf(text, sizeof text, format, args);
    (void)error_say(error, "%s", text);
    if (pc)
        text_copy(pc->last_error, sizeof pc->last_error, rtc_last_error());
    return error;
}

int peer_say(rtc_peer_connection *pc, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)say(pc, error, format, args);
    va_end(args);
    return error;
}

int peer_fail(rtc_peer_connection *pc, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)say(pc, error, format, args);
    va_end(args);
    if (pc)
        peer_log(pc, RTC_LOG_WARNING, "%s: %s", rtc_error_name(error), pc->last_error);
    return error;
}

int peer_fail_at(rtc_peer_connection *pc, int error, const char *sdp, const struct sdp_error *why)
{
    enum { QUOTED = 80 };
    if (why->line == 0)
        return peer_fail(pc, error, "%s", why->text);
    for (size_t line = 1; line < why->line && sdp; line++) {
        sdp = strchr(sdp, '\n');
        sdp += sdp ? 1 : 0;
    }
    size_t len = sdp ? strcspn(sdp, "\r\n") : 0;
    return peer_fail(pc, error, "line %zu, '%.*s%s': %s", why->line, len < QUOTED ? (int)len : QUOTED, sdp ? sdp : "",
                     len > QUOTED ? "..." : "", why->text);
}

int peer_options(rtc_peer_connection *pc, void *to, size_t known, const void *given, const char *name)
{
    int error = options_take(to, known, given, name);
    return error ? peer_fail(pc, error, "%s", rtc_last_error()) : RTC_OK;
}

int peer_begin(rtc_peer_connection *pc)
{
    pc->last_error[0] = 0;
    (void)peer_now(pc);
    if (peer_is_closed(pc))
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the connection is closed");
    return peer_gave_up(pc) ? peer_fail(pc, RTC_ERR_NO_MEMORY, "the connection failed when memory ran out") : RTC_OK;
}

int peer_end(rtc_peer_connection *pc, int error)
{
    return error && !pc->last_error[0] ? peer_fail(pc, error, "%s", rtc_error_message(error)) : error;
}

static void tell_state(rtc_peer_connection *pc, struct user_event *e)
{
    const rtc_peer_connection_callbacks *c = &pc->callbacks;
    peer_record_state(pc, (enum peer_state_event)e->type, e->value); /* not where it changes: there nothing may be allocated */
    switch ((enum peer_state_event)e->type) {
    case PEER_SIGNALING:
        if (c->on_signaling_state_change)
            c->on_signaling_state_change(pc, pc->user, (rtc_signaling_state)e->value);
        break;
    case PEER_GATHERING:
        if (c->on_ice_gathering_state_change)
            c->on_ice_gathering_state_change(pc, pc->user, (rtc_ice_gathering_state)e->value);
        break;
    case PEER_ICE:
        if (c->on_ice_connection_state_change)
            c->on_ice_connection_state_change(pc, pc->user, (rtc_ice_connection_state)e->value);
        break;
    case PEER_CONNECTION:
        if (c->on_connection_state_change)
            c->on_connection_state_change(pc, pc->user, (rtc_peer_connection_state)e->value);
        break;
    }
}

static const struct event_teller states = {.tell = tell_state};

void peer_tell_state(rtc_peer_connection *pc, enum peer_state_event which, int state)
{
    (void)peer_tell(pc, &states, (int)which, state, NULL);
}

void peer_give_up(rtc_peer_connection *pc)
{
    if (pc->life != PEER_OPEN)
        return;
    peer_log(pc, RTC_LOG_ERROR, "out of memory: the connection fails");
    peer_set_life(pc, PEER_GIVEN_UP);
    if (pc->states.connection == RTC_PEER_CONNECTION_FAILED)
        return;
    pc->states.connection = RTC_PEER_CONNECTION_FAILED;
    event_queue_add_last(&pc->events, &states, PEER_CONNECTION, RTC_PEER_CONNECTION_FAILED);
}

struct user_event *peer_tell(rtc_peer_connection *pc, const struct event_teller *teller, int type, int value, void *object)
{
    if (peer_is_closed(pc))
        return NULL;
    struct user_event *e = event_queue_add(&pc->events, teller, type, value, object);
    if (!e)
        peer_give_up(pc);
    return e;
}
