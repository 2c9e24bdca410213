/* SPDX-License-Identifier: MIT */
/* The certificate of a server that was given none: for all names and addresses that it is reached under, signed by itself, so that a
 * browser warns once and lets its user go on. */
#ifndef CALL_CERTIFICATE_H
#define CALL_CERTIFICATE_H

#include "arguments.h"

#include <crtc/crtc.h>

/* Makes one and writes it, with its key, as PEM to a file that it creates: `path` is a template as mkstemp takes it. `listen`: as in
 * addresses_list; `hosts`: further names. */
bool certificate_write(rtc_context *context, const char *listen, const struct text_list *hosts, char *path);

#endif
