/* SPDX-License-Identifier: MIT */
/* See options.h. */
#include "options.h"

#include "error.h"

#include <string.h>

int options_take(void *to, size_t known, const void *given, const char *name)
{
    size_t size = 0;
    const unsigned char *bytes = given;
    if (given) {
        memcpy(&size, given, sizeof size);
        if (size < sizeof size)
            return error_say(RTC_ERR_TYPE, "%s.size is %zu: it must be set to sizeof(%s)", name, size, name);
        if (size > OPTIONS_SIZE_MAX || size % sizeof size != 0)
            return error_say(RTC_ERR_TYPE, "%s.size is %zu, which is no size of it", name, size);
        for (size_t i = known; i < size; i++)
            if (bytes[i])
                return error_say(RTC_ERR_NOT_SUPPORTED,
                                 "%s sets a member (at byte %zu) that this version of the library, %s, does not know", name, i,
                                 rtc_version());
    }
    memset(to, 0, known);
    if (size > 0)
        memcpy(to, given, size < known ? size : known);
    memcpy(to, &known, sizeof known);
    return RTC_OK;
}
