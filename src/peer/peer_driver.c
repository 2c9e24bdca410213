/* SPDX-License-Identifier: MIT */
/* See peer_driver.h. */
#include "peer_driver.h"

#include "driver.h"

void peer_driver_init(struct peer_driver *d)
{
    pthread_mutex_init(&d->lock, NULL);
}

int peer_driver_open(struct peer_driver *d, rtc_context *context)
{
    return mailbox_new(context, peer_driver_wake, d, &d->mailbox);
}

int peer_driver_attach(struct peer_driver *d, rtc_peer_connection *pc, void *port)
{
    if (!d->loop)
        return RTC_OK;
    int error = d->loop->ops->attach(d->loop, pc, port, &d->wake_user);
    d->attached = !error;
    d->wake = error ? NULL : d->loop->ops->changed;
    return error;
}

void peer_driver_detach(struct peer_driver *d)
{
    d->loop->ops->detach(d->wake_user);
}

void peer_driver_wake(void *driver)
{
    struct peer_driver *d = driver;
    pthread_mutex_lock(&d->lock);
    if (d->wake)
        d->wake(d->wake_user);
    pthread_mutex_unlock(&d->lock);
}

void peer_driver_set_wake(struct peer_driver *d, void (*wake)(void *user), void *user)
{
    pthread_mutex_lock(&d->lock);
    d->wake = wake;
    d->wake_user = user;
    pthread_mutex_unlock(&d->lock);
}

void peer_driver_mute(struct peer_driver *d)
{
    pthread_mutex_lock(&d->lock);
    if (d->loop)
        d->wake = NULL;
    pthread_mutex_unlock(&d->lock);
    mailbox_mute(d->mailbox);
}

void peer_driver_fini(struct peer_driver *d)
{
    if (d->mailbox) {
        mailbox_mute(d->mailbox);
        mailbox_unref(d->mailbox);
    }
    pthread_mutex_destroy(&d->lock);
}
