/* SPDX-License-Identifier: MIT */
/* What is noted of a connection while it is recorded: see peer_record.h. */
#include "peer_record.h"

#include "json.h"
#include "session_log.h"

#include <stdarg.h>

/* False when nobody records it, any more. */
static bool is_recorded(rtc_peer_connection *pc)
{
    if (pc->log && pc->log->ended) {
        session_log_unref(pc->log);
        pc->log = NULL;
    }
    return pc->log != NULL;
}

/* Takes the text. */
static void note(rtc_peer_connection *pc, const char *type, struct text *text)
{
    char *value = text_take(text);
    if (value)
        session_log_add(pc->log, (double)context_wall_us(pc->context, pc->now) / 1000.0, type, value);
    memory_free(pc->context, value);
}

static void add_text(struct text *text, struct slice value)
{
    if (value.data)
        json_string(text, value);
    else
        text_print(text, "null");
}

static void add_list(struct text *text, const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_print(text, i > 0 ? "," : "[");
        add_text(text, slice_str(values[i]));
    }
    text_print(text, count > 0 ? "]" : "[]");
}

/* The member that `at` begins with; what comes after it. */
static const char *add_member(struct text *text, const char *at, va_list *args)
{
    size_t name = strcspn(at, ":");
    text_print(text, "%s\"%.*s\":", text->len > 1 ? "," : "", (int)name, at);
    at += name + 1;
    if (*at == 's')
        add_text(text, slice_str(va_arg(*args, const char *)));
    else if (*at == 'x')
        add_text(text, va_arg(*args, struct slice));
    else if (*at == 'l') {
        const char *const *values = va_arg(*args, const char *const *);
        add_list(text, values, va_arg(*args, size_t));
    } else if (*at == 'b')
        text_print(text, "%s", va_arg(*args, int) ? "true" : "false");
    else
        text_print(text, "%d", va_arg(*args, int));
    return at + 1 + strspn(at + 1, " ");
}

void peer_record(rtc_peer_connection *pc, const char *type, const char *members, ...)
{
    va_list args;
    if (!is_recorded(pc))
        return;
    struct text text = text_new(pc->context);
    text_print(&text, "%s", members[0] ? "{" : "");
    va_start(args, members);
    for (const char *at = members; *at;)
        at = add_member(&text, at, &args);
    va_end(args);
    text_print(&text, "%s", members[0] ? "}" : "");
    note(pc, type, &text);
}

void peer_record_word(rtc_peer_connection *pc, const char *type, const char *word)
{
    if (!is_recorded(pc))
        return;
    struct text text = text_new(pc->context);
    json_string(&text, slice_str(word));
    note(pc, type, &text);
}

void peer_record_end(rtc_peer_connection *pc, const char *done, const char *failed, int error)
{
    if (error)
        peer_record(pc, failed, "name:s message:s", rtc_error_name(error), pc->last_error);
    else
        peer_record(pc, done, "");
}

void peer_record_state(rtc_peer_connection *pc, enum peer_state_event which, int state)
{
    switch (which) {
    case PEER_SIGNALING:
        peer_record_word(pc, "onsignalingstatechange", rtc_signaling_state_name((rtc_signaling_state)state));
        break;
    case PEER_GATHERING:
        peer_record_word(pc, "onicegatheringstatechange", rtc_ice_gathering_state_name((rtc_ice_gathering_state)state));
        break;
    case PEER_ICE:
        peer_record_word(pc, "oniceconnectionstatechange", rtc_ice_connection_state_name((rtc_ice_connection_state)state));
        break;
    case PEER_CONNECTION:
        peer_record_word(pc, "onconnectionstatechange", rtc_peer_connection_state_name((rtc_peer_connection_state)state));
        break;
    }
}
