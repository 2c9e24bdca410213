/* SPDX-License-Identifier: MIT */
/* The local addresses. */
#ifndef CRTC_INTERFACES_H
#define CRTC_INTERFACES_H

#include <crtc/transport.h>

/* Those that are usable, in memory that becomes the caller's. RTC_ERR_NO_MEMORY, RTC_ERR_NETWORK. */
int interfaces_read(rtc_context *context, rtc_interface **out, size_t *count);

#endif
