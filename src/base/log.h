/* SPDX-License-Identifier: MIT */
/* Logging through the context's sink. Formatting happens only when the level is wanted. */
#ifndef CRTC_LOG_H
#define CRTC_LOG_H

#include <crtc/context.h>

bool log_wants(const rtc_context *context, rtc_log_level level);
void log_write(const rtc_context *context, rtc_log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
