/* SPDX-License-Identifier: MIT */
/* See ice_names.h. */
#include "ice_names.h"

#include "mdns.h"

void ice_names_fini(struct ice_names *names)
{
    mdns_free(names->mdns);
    names->mdns = NULL;
}

bool ice_names_need(struct ice_names *names)
{
    rtc_context *context = names->common->context;
    uint32_t most = context_limits(context)->remote_candidates;
    return names->mdns || mdns_new(context, names->common->next_request_id, most, &names->mdns) == RTC_OK;
}

/* False when there is no name for it: it is not told to the peer then. */
static bool hide(struct ice_names *names, const struct ice_base *base, struct ice_candidate *c, struct out *out)
{
    const char *name = ice_names_need(names) ? mdns_publish(names->mdns, &base->address, base->interface) : NULL;
    if (name)
        text_copy(c->name, sizeof c->name, name);
    else
        out->failed = true; /* there are as many names as bases */
    return name != NULL;
}

void ice_names_announce(struct ice_names *names, const struct ice_base *base, struct ice_candidate *candidate, struct out *out)
{
    bool is_ours = address_ip_eq(&base->shown, &base->address); /* an external address of a 1:1 NAT is none of this host's */
    if (!names->common->hide_addresses || !is_ours || hide(names, base, candidate, out))
        ice_locals_add(names->locals, candidate, out);
}

/* A link stays while the interface has another address of the family. */
void ice_names_withdraw(struct ice_names *names, const struct ice_base *base, struct out *out)
{
    bool stays = false;
    if (!names->mdns)
        return;
    mdns_withdraw(names->mdns, &base->address);
    for (size_t i = 0; i < names->bases->count; i++) {
        const struct ice_base *other = names->bases->list[i];
        stays |= other != base && ice_base_is_socket(other) && other->interface == base->interface &&
                 other->address.family == base->address.family;
    }
    if (!stays)
        mdns_drop_link(names->mdns, &base->address, base->interface, out);
}

int ice_names_inherit(struct ice_names *names, struct ice_names *before)
{
    if (!before->mdns)
        return RTC_OK;
    return ice_names_need(names) ? mdns_inherit(names->mdns, before->mdns) : RTC_ERR_NO_MEMORY;
}

void ice_names_run(struct ice_names *names, rtc_time_t now, struct out *out)
{
    if (!names->mdns)
        return;
    for (size_t i = 0; i < names->bases->count; i++) {
        const struct ice_base *base = names->bases->list[i];
        if (ice_base_is_interface(base))
            mdns_add_link(names->mdns, &base->address, base->interface);
    }
    mdns_tick(names->mdns, now, out);
}

void ice_names_close(struct ice_names *names, struct out *out)
{
    if (names->mdns)
        mdns_close(names->mdns, out);
}
