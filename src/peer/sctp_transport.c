/* SPDX-License-Identifier: MIT */
/* RTCSctpTransport (webrtc-pc 6.1.1): the object and its public names. */
#include "sctp_transport.h"

#include "error.h"
#include "memory.h"
#include "options.h"
#include "references.h"

rtc_sctp_transport *sctp_transport_new(rtc_context *context)
{
    rtc_sctp_transport *t = memory_zeroed(context, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->references, 1);
    t->context = rtc_context_ref(context);
    return t;
}

rtc_sctp_transport *rtc_sctp_transport_ref(rtc_sctp_transport *t)
{
    if (t)
        references_take(&t->references);
    return t;
}

void rtc_sctp_transport_unref(rtc_sctp_transport *t)
{
    if (!t || !references_drop(&t->references))
        return;
    rtc_context *context = t->context;
    rtc_dtls_transport_unref(t->transport);
    memory_free(context, t);
    rtc_context_unref(context);
}

int rtc_sctp_transport_set_callbacks(rtc_sctp_transport *t, const rtc_sctp_transport_callbacks *callbacks, void *user)
{
    if (!t)
        return error_say(RTC_ERR_TYPE, "rtc_sctp_transport_set_callbacks: transport is NULL");
    int error = options_take(&t->callbacks, sizeof t->callbacks, callbacks, "rtc_sctp_transport_callbacks");
    if (!error)
        t->user = user;
    return error;
}

void *rtc_sctp_transport_user(const rtc_sctp_transport *t)
{
    return t->user;
}

rtc_dtls_transport *rtc_sctp_transport_transport(const rtc_sctp_transport *t)
{
    return t->transport;
}

rtc_sctp_transport_state rtc_sctp_transport_get_state(const rtc_sctp_transport *t)
{
    return t->state;
}

uint64_t rtc_sctp_transport_max_message_size(const rtc_sctp_transport *t)
{
    return t->max_message_size;
}

uint16_t rtc_sctp_transport_max_channels(const rtc_sctp_transport *t)
{
    return t->max_channels;
}
