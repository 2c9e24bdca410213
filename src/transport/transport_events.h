/* SPDX-License-Identifier: MIT */
/* What the cores say: what is the transport's own affair is seen to, what is not is told to the parent. */
#ifndef CRTC_TRANSPORT_EVENTS_H
#define CRTC_TRANSPORT_EVENTS_H

#include "transport_types.h"

struct transport;

/* What the cores said, up to the first thing for the parent: ICE and DTLS; channels; media. */
bool transport_events_below(struct transport *t, rtc_time_t now, struct transport_event *told, bool *progress);
bool transport_events_channels(struct transport *t, struct transport_event *told, bool *progress);
bool transport_events_media(struct transport *t, struct transport_event *told);

#endif
