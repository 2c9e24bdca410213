/* SPDX-License-Identifier: MIT */
/* RTCIceTransport (webrtc-pc 5.6): the object and its public names. References to it are its DTLS transport's (dtls_transport.c). */
#include "ice_transport.h"

#include "error.h"
#include "memory.h"
#include "options.h"

/* ---- Lists ---- */

bool candidate_list_reserve(rtc_context *context, struct candidate_list *list, size_t more)
{
    return memory_grow(context, (void **)&list->items, &list->capacity, list->count + more, sizeof *list->items);
}

void candidate_list_add(struct candidate_list *list, const rtc_ice_candidate *candidate)
{
    list->items[list->count++] = rtc_ice_candidate_ref(candidate);
}

void candidate_list_clear(struct candidate_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        rtc_ice_candidate_unref(list->items[i]);
    list->count = 0;
}

void candidate_list_fini(rtc_context *context, struct candidate_list *list)
{
    candidate_list_clear(list);
    memory_free(context, list->items);
    *list = (struct candidate_list){.items = NULL};
}

/* ---- The object ---- */

void ice_transport_init(rtc_ice_transport *ice, rtc_context *context, struct transport *transport)
{
    ice->context = context;
    ice->transport = transport;
}

void ice_transport_fini(rtc_ice_transport *ice)
{
    rtc_ice_candidate_unref(ice->selected[0]);
    rtc_ice_candidate_unref(ice->selected[1]);
    candidate_list_fini(ice->context, &ice->locals);
    candidate_list_fini(ice->context, &ice->remotes);
    candidate_list_fini(ice->context, &ice->coming);
}

int rtc_ice_transport_set_callbacks(rtc_ice_transport *ice, const rtc_ice_transport_callbacks *callbacks, void *user)
{
    if (!ice)
        return error_say(RTC_ERR_TYPE, "rtc_ice_transport_set_callbacks: transport is NULL");
    int error = options_take(&ice->callbacks, sizeof ice->callbacks, callbacks, "rtc_ice_transport_callbacks");
    if (!error)
        ice->user = user;
    return error;
}

void *rtc_ice_transport_user(const rtc_ice_transport *ice)
{
    return ice->user;
}

rtc_ice_role rtc_ice_transport_role(const rtc_ice_transport *ice)
{
    if (!ice->has_role || !ice->transport)
        return RTC_ICE_ROLE_UNKNOWN;
    return ice_agent_controlling(transport_ice_negotiated(ice->transport)) ? RTC_ICE_ROLE_CONTROLLING : RTC_ICE_ROLE_CONTROLLED;
}

rtc_ice_component rtc_ice_transport_component(const rtc_ice_transport *ice)
{
    (void)ice;
    return RTC_ICE_COMPONENT_RTP;
}

rtc_ice_transport_state rtc_ice_transport_get_state(const rtc_ice_transport *ice)
{
    return ice->state;
}

rtc_ice_gathering_state rtc_ice_transport_gathering_state(const rtc_ice_transport *ice)
{
    return ice->gathering;
}

const rtc_ice_candidate *const *rtc_ice_transport_local_candidates(const rtc_ice_transport *ice, size_t *count)
{
    *count = ice->locals.count;
    return ice->locals.items;
}

const rtc_ice_candidate *const *rtc_ice_transport_remote_candidates(const rtc_ice_transport *ice, size_t *count)
{
    *count = ice->remotes.count;
    return ice->remotes.items;
}

bool rtc_ice_transport_selected_candidate_pair(const rtc_ice_transport *ice, const rtc_ice_candidate **local,
                                               const rtc_ice_candidate **remote)
{
    if (!ice->selected[0])
        return false;
    *local = ice->selected[0];
    *remote = ice->selected[1];
    return true;
}

static const rtc_ice_parameters *show(rtc_ice_parameters *shown, const char *ufrag, const char *password)
{
    *shown = (rtc_ice_parameters){.size = sizeof *shown, .username_fragment = ufrag, .password = password};
    return shown;
}

const rtc_ice_parameters *rtc_ice_transport_local_parameters(rtc_ice_transport *ice)
{
    if (!ice->has_local || !ice->transport)
        return NULL;
    const struct ice_agent *agent = transport_ice_latest(ice->transport);
    return show(&ice->shown[0], ice_agent_local_ufrag(agent), ice_agent_credentials(agent)->password);
}

const rtc_ice_parameters *rtc_ice_transport_remote_parameters(rtc_ice_transport *ice)
{
    const char *ufrag, *password;
    if (!ice->transport || !ice_agent_remote_credentials(transport_ice_negotiated(ice->transport), &ufrag, &password))
        return NULL;
    return show(&ice->shown[1], ufrag, password);
}
