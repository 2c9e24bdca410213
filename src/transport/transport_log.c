/* SPDX-License-Identifier: MIT */
/* What a transport writes into the log: with the number of its parent, as the parent's own lines have it. */
#include "transport_log.h"

#include "transport_internal.h"

#include <stdarg.h>
#include <stdio.h>

void transport_log(const struct transport *t, rtc_log_level level, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!log_wants(t->context, level))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_write(t->context, level, "peer", "[%05u] %s", (unsigned)t->settings->log_number, text);
}
