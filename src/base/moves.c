/* SPDX-License-Identifier: MIT */
/* See moves.h. */
#include "moves.h"

#include "log.h"

#include <assert.h>

bool moves_allow(const struct moves *m, unsigned from, unsigned to)
{
    return from < m->count && to < m->count && m->allowed[from] & MOVE_TO(to);
}

static const char *name_of(const struct moves *m, unsigned state)
{
    return state < m->count ? m->names[state] : "?";
}

bool moves_take(const struct moves *m, const rtc_context *context, unsigned from, unsigned to)
{
    bool is_in_table = moves_allow(m, from, to);
    if (!is_in_table)
        log_write(context, RTC_LOG_ERROR, m->module, "a %s can not go from %s to %s", m->what, name_of(m, from), name_of(m, to));
    assert(is_in_table);
    return is_in_table;
}
