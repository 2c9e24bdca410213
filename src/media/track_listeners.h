/* SPDX-License-Identifier: MIT */
/* Who listens to a track (<crtc/media.h>, rtc_track_callbacks), on whatever thread the track is told about: a listener may be added and
 * removed at any time, from within a callback too, and none is called once its removal returned. */
#ifndef CRTC_TRACK_LISTENERS_H
#define CRTC_TRACK_LISTENERS_H

#include "list.h"

#include <crtc/media.h>
#include <pthread.h>

enum track_event { TRACK_EVENT_MUTE, TRACK_EVENT_UNMUTE, TRACK_EVENT_ENDED };

/* Part of a track, which owns the listeners. Written by track_listeners.c, with the lock held. */
struct track_listeners {
    pthread_mutex_t lock;
    pthread_cond_t idle; /* a call has ended */
    struct link list;    /* struct rtc_track_listener.link, in order of adding */
    uint32_t walks;      /* threads that walk the list: nothing leaves it meanwhile */
    uint64_t added;      /* how many ever were */
};

void track_listeners_init(struct track_listeners *l);
/* The track goes: nobody can be telling it any more. */
void track_listeners_fini(struct track_listeners *l, rtc_context *context);
/* Copies `callbacks`. RTC_ERR_NO_MEMORY. */
int track_listeners_add(struct track_listeners *l, rtc_context *context, const rtc_track_callbacks *callbacks, void *user,
                        rtc_track_listener **out);
/* Whether there is somebody to tell. */
bool track_listeners_any(struct track_listeners *l);
/* Waits for a call on another thread. */
void track_listeners_remove(struct track_listeners *l, rtc_context *context, rtc_track_listener *listener);
/* Calls everybody who was there when it began. The caller has a reference to the track. */
void track_listeners_tell(struct track_listeners *l, rtc_context *context, rtc_media_stream_track *track, enum track_event event);

#endif
