/* SPDX-License-Identifier: MIT */
/* See snap.h. */
#include "snap.h"

#include "memory.h"

void snap_free(struct snap *snap)
{
    if (!snap)
        return;
    assoc_free(snap->assoc);
    memory_free(snap->context, snap);
}

int snap_new(rtc_context *context, const struct assoc_options *options, rtc_time_t now, struct snap **out)
{
    struct slice init = slice_of(NULL, 0);
    struct snap_packet packet;
    struct snap *snap = memory_zeroed(context, sizeof *snap);
    if (!snap)
        return RTC_ERR_NO_MEMORY;
    snap->context = context;
    int error = assoc_new(context, options, &snap->assoc);
    if (!error)
        error = assoc_prepare(snap->assoc, now, &packet);
    if (!error)
        init = snap_init_of(&packet);
    if (!error && init.len == 0)
        error = RTC_ERR_OPERATION;
    if (error) {
        snap_free(snap);
        return error;
    }
    memcpy(snap->init, init.data, init.len);
    snap->init_len = init.len;
    *out = snap;
    return RTC_OK;
}

struct slice snap_init(const struct snap *snap)
{
    return slice_of(snap->init, snap->init_len);
}

bool snap_can_take(const struct snap *snap, struct slice chunk)
{
    struct snap_init ours, theirs;
    return snap_init_read(chunk, &theirs) && snap_init_read(snap_init(snap), &ours) && ours.tag != theirs.tag;
}

void snap_take(struct snap *snap, struct slice chunk)
{
    snap->has_peer = snap_can_take(snap, chunk) && snap_init_read(chunk, &snap->peer);
}

struct assoc *snap_begin(struct snap *snap, rtc_time_t now, rtc_time_t rtt_us, struct out *out)
{
    struct assoc *assoc = snap->assoc;
    if (!assoc || !snap->has_peer || assoc_begin(assoc, now, &snap->peer, rtt_us, out))
        return NULL;
    snap->assoc = NULL;
    return assoc;
}
