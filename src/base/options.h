/* SPDX-License-Identifier: MIT */
/* Structs that a program hands in, whose first member is their size, from a program that was built against an older or a newer version of
 * the library. */
#ifndef CRTC_OPTIONS_H
#define CRTC_OPTIONS_H

#include <stddef.h>

enum { OPTIONS_SIZE_MAX = 4096 }; /* a size beyond this was never set, nor one that cuts a size_t or a pointer in two */

/* Copies what both sides know from `given` to `to`, whose `known` bytes are otherwise zero; its size becomes `known`. A NULL `given` gives
 * zeros. What `given` has beyond that is for a newer version: zero asks for nothing and is fine, anything else is refused, since it would
 * be ignored. RTC_ERR_TYPE (the size), RTC_ERR_NOT_SUPPORTED; `to` is untouched then. `name` is that of the type, for the words of the
 * error. */
int options_take(void *to, size_t known, const void *given, const char *name);

#endif
