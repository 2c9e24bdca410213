/* SPDX-License-Identifier: MIT */
/* RTCDtlsTransport (webrtc-pc 5.5): the object and its public names. */
#include "dtls_transport.h"

#include "error.h"
#include "list.h"
#include "memory.h"
#include "options.h"
#include "references.h"

static rtc_dtls_transport *create(rtc_context *context, struct transport *transport)
{
    rtc_dtls_transport *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->references, 1);
    t->context = rtc_context_ref(context);
    ice_transport_init(&t->ice, context, transport);
    return t;
}

int dtls_transport_make(rtc_context *context, const struct transport_settings *settings, const struct ice_credentials *credentials,
                        bool controlling, struct transport **out)
{
    struct transport *t;
    int error = transport_new(context, settings, credentials, controlling, &t);
    if (error)
        return error;
    rtc_dtls_transport *object = create(context, t);
    if (!object) {
        transport_free(t);
        return RTC_ERR_NO_MEMORY;
    }
    transport_set_user(t, object);
    *out = t;
    return RTC_OK;
}

void dtls_transport_drop(struct transport *transport)
{
    if (!transport)
        return;
    dtls_transport_detach(dtls_transport_of(transport));
    rtc_dtls_transport_unref(dtls_transport_of(transport));
    transport_free(transport);
}

void dtls_transport_detach(rtc_dtls_transport *t)
{
    t->ice.transport = NULL;
}

rtc_dtls_transport *rtc_dtls_transport_ref(rtc_dtls_transport *t)
{
    if (t)
        references_take(&t->references);
    return t;
}

void rtc_dtls_transport_unref(rtc_dtls_transport *t)
{
    if (!t || !references_drop(&t->references))
        return;
    rtc_context *context = t->context;
    ice_transport_fini(&t->ice);
    memory_free(context, t->chain);
    memory_free(context, t);
    rtc_context_unref(context);
}

/* The ICE transport is a part of it. */
rtc_ice_transport *rtc_ice_transport_ref(rtc_ice_transport *ice)
{
    if (ice)
        (void)rtc_dtls_transport_ref(link_owner(ice, rtc_dtls_transport, ice));
    return ice;
}

void rtc_ice_transport_unref(rtc_ice_transport *ice)
{
    if (ice)
        rtc_dtls_transport_unref(link_owner(ice, rtc_dtls_transport, ice));
}

int rtc_dtls_transport_set_callbacks(rtc_dtls_transport *t, const rtc_dtls_transport_callbacks *callbacks, void *user)
{
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_dtls_transport_set_callbacks: transport is NULL");
    int error = options_take(&t->callbacks, sizeof t->callbacks, callbacks, "rtc_dtls_transport_callbacks");
    if (!error)
        t->user = user;
    return error;
}

void *rtc_dtls_transport_user(const rtc_dtls_transport *t)
{
    return t->user;
}

rtc_ice_transport *rtc_dtls_transport_ice_transport(rtc_dtls_transport *t)
{
    return &t->ice;
}

rtc_dtls_transport_state rtc_dtls_transport_get_state(const rtc_dtls_transport *t)
{
    return t->state;
}

size_t rtc_dtls_transport_remote_certificate_count(const rtc_dtls_transport *t)
{
    return t->chain ? t->chain->count : 0;
}

const void *rtc_dtls_transport_remote_certificate(const rtc_dtls_transport *t, size_t index, size_t *len)
{
    if (index >= rtc_dtls_transport_remote_certificate_count(t))
        return NULL;
    *len = t->chain->places[index].len;
    return t->chain->bytes + t->chain->places[index].at;
}
