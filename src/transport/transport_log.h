/* SPDX-License-Identifier: MIT */
/* A line of the log that names the transport's parent. */
#ifndef CRTC_TRANSPORT_LOG_H
#define CRTC_TRANSPORT_LOG_H

#include "log.h"

struct transport;

void transport_log(const struct transport *t, rtc_log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
