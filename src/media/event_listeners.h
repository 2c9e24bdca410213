/* SPDX-License-Identifier: MIT */
/* Who listens to an object of the media model (<crtc/media.h>: rtc_track_callbacks, <crtc/media_stream.h>: rtc_media_stream_callbacks), on
 * whatever thread it is told about: a listener may be added and removed at any time, from within a callback too, and none is called once
 * its removal returned. */
#ifndef CRTC_EVENT_LISTENERS_H
#define CRTC_EVENT_LISTENERS_H

#include "list.h"

#include <crtc/base.h>
#include <crtc/context.h>
#include <pthread.h>

struct event_listener; /* what the public faces call rtc_track_listener, rtc_media_stream_listener */

/* Part of an object, which owns the listeners. Written by event_listeners.c, with the lock held. */
struct event_listeners {
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a call has ended */
    struct link list;    /* struct event_listener.link, in order of adding */
    uint32_t walks;      /* threads that walk the list: nothing leaves it meanwhile */
    uint64_t added;      /* how many ever were */
};

/* Calls one listener: its callbacks as they were added, its user, and what event_listeners_tell() was given. */
typedef void event_listener_call(const void *callbacks, void *user, const void *event);

void event_listeners_init(struct event_listeners *l);
/* The object goes: nobody can be telling it any more. */
void event_listeners_fini(struct event_listeners *l, rtc_context *context);
/* Copies `size` bytes of `callbacks`. RTC_ERR_NO_MEMORY. */
int event_listeners_add(struct event_listeners *l, rtc_context *context, const void *callbacks, size_t size, void *user,
                        struct event_listener **out);
/* Whether there is somebody to tell. */
bool event_listeners_any(struct event_listeners *l);
/* Waits for a call on another thread. */
void event_listeners_remove(struct event_listeners *l, rtc_context *context, struct event_listener *listener);
/* Calls everybody who was there when it began. The caller has a reference to the object. */
void event_listeners_tell(struct event_listeners *l, rtc_context *context, event_listener_call *call, const void *event);

#endif
