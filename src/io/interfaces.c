/* The usable local addresses (getifaddrs): of interfaces that are up and running, without multicast and unspecified ones. ICE chooses among
 * them. */
#include "io_internal.h"
#include "network_type.h"
#include "text.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

enum { INTERFACES_MAX = 256 };

static bool read_address(const struct ifaddrs *i, rtc_interface *out)
{
    const void *from = i->ifa_addr;
    if (!from || !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING))
        return false;
    memset(out, 0, sizeof *out);
    if (i->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = from;
        out->address.family = RTC_ADDRESS_IPV4;
        memcpy(out->address.ip, &v4->sin_addr, 4);
    } else if (i->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = from;
        out->address.family = RTC_ADDRESS_IPV6;
        out->address.scope = v6->sin6_scope_id;
        memcpy(out->address.ip, &v6->sin6_addr, 16);
    } else {
        return false;
    }
    text_copy(out->name, sizeof out->name, i->ifa_name);
    out->index = if_nametoindex(i->ifa_name);
    out->type = network_type(NETWORK_TYPE_ROOT, i->ifa_name);
    return true;
}

void interfaces_answer(struct driven *d, uint32_t id)
{
    rtc_result result = {.size = sizeof result, .type = RTC_REQUEST_INTERFACES, .id = id};
    rtc_interface *found = memory_alloc(d->loop->context, INTERFACES_MAX * sizeof *found);
    struct ifaddrs *all = NULL;
    if (!found)
        result.error = RTC_ERR_NO_MEMORY;
    else if (getifaddrs(&all) != 0)
        result.error = RTC_ERR_NETWORK;
    for (struct ifaddrs *i = all; i && result.interface_count < INTERFACES_MAX; i = i->ifa_next)
        if (read_address(i, &found[result.interface_count]))
            result.interface_count++;
    result.interfaces = found;
    if (all)
        freeifaddrs(all);
    driven_result(d, &result);
    memory_free(d->loop->context, found);
}
