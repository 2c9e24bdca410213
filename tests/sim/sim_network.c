/* SPDX-License-Identifier: MIT */
/* See sim_network.h. */
#include "sim_network.h"

#include "sim_nat.h"
#include "sim_tcp.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESSES_MAX = 64, SOCKETS_MAX = 128, NAMES_MAX = 32, WATCHERS_MAX = 64, FIRST_PORT = 40000 };
static const rtc_time_t answer_delay = 200; /* results of requests are never immediate */

struct socket {
    uint32_t id;
    struct address local;
    struct address joined; /* the interface where it is a member of the group that it is bound to; else family NONE */
};

struct sim_host {
    struct sim_host *next;
    struct sim_network *net;
    struct sim_link link;
    void *user;
    struct address addresses[ADDRESSES_MAX];
    bool address_down[ADDRESSES_MAX];
    char names[ADDRESSES_MAX][32];
    uint32_t types[ADDRESSES_MAX];
    size_t address_count;
    bool addresses_vanish; /* one did: those that are not listed are not there */
    struct socket sockets[SOCKETS_MAX];
    size_t socket_count;
    uint16_t next_port;
    struct sim_nat_box nat;
    enum sim_answer interfaces, open_udp, multicast;
    uint32_t watchers[WATCHERS_MAX]; /* ids of open REQUEST_INTERFACES */
    size_t watcher_count;
    rtc_time_t last_arrival, free_at;
};

struct item {
    rtc_time_t at;
    uint64_t serial;
    struct sim_host *host;   /* the receiver of a result; NULL for a datagram, which is looked up on arrival */
    struct sim_host *member; /* of a datagram to a group: the receiver, */
    uint32_t member_socket;  /* and its socket */
    struct packet *packet;
    struct io_result result;
    void *lists;
};

struct name {
    char name[256];
    struct address address;
};

struct sim_network {
    uint64_t state;
    struct sim_tcp *tcp;
    struct sim_host *hosts;
    struct item *heap;
    size_t count, capacity;
    uint64_t serial;
    struct name names[NAMES_MAX];
    size_t name_count;
    struct sim_counters counters;
    void (*tap)(void *user, const struct sim_host *from, struct slice datagram);
    void *tap_user;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

struct sim_network *sim_network_new(uint64_t seed)
{
    struct sim_network *net = must(calloc(1, sizeof *net));
    net->state = seed;
    net->tcp = sim_tcp_new(net);
    return net;
}

void sim_delivery_free(struct sim_delivery *d)
{
    packet_free(d->packet);
    free(d->lists);
    *d = (struct sim_delivery){0};
}

void sim_network_free(struct sim_network *net)
{
    sim_tcp_free(net->tcp);
    for (size_t i = 0; i < net->count; i++) {
        packet_free(net->heap[i].packet);
        free(net->heap[i].lists);
    }
    for (struct sim_host *h = net->hosts, *next; h; h = next) {
        next = h->next;
        free(h);
    }
    free(net->heap);
    free(net);
}

/* splitmix64 */
uint64_t sim_network_random(struct sim_network *net)
{
    uint64_t z = net->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool chance(struct sim_network *net, double p)
{
    return p > 0 && (double)(sim_network_random(net) >> 11) / 9007199254740992.0 < p;
}

void sim_network_tap(struct sim_network *net, void (*tap)(void *user, const struct sim_host *from, struct slice datagram), void *user)
{
    net->tap = tap;
    net->tap_user = user;
}

const struct sim_counters *sim_network_counters(const struct sim_network *net)
{
    return &net->counters;
}

static struct address parse(const char *ip, uint16_t port)
{
    struct address a = {0};
    if (ip[0] && !address_parse(slice_str(ip), port, &a))
        abort();
    return a;
}

void sim_network_name(struct sim_network *net, const char *name, const char *ip)
{
    struct name *n = &net->names[net->name_count++];
    (void)snprintf(n->name, sizeof n->name, "%s", name);
    n->address = parse(ip, 0);
}

struct sim_host *sim_host_new(struct sim_network *net, const struct sim_link *link, void *user)
{
    struct sim_host *host = must(calloc(1, sizeof *host));
    host->net = net;
    host->user = user;
    if (link)
        host->link = *link;
    host->next_port = FIRST_PORT;
    sim_nat_box_init(&host->nat);
    host->next = net->hosts;
    net->hosts = host;
    return host;
}

void *sim_host_user(const struct sim_host *host)
{
    return host->user;
}

struct sim_link *sim_host_link(struct sim_host *host)
{
    return &host->link;
}

void sim_host_add_interface(struct sim_host *host, const char *ip, const char *name, uint32_t type)
{
    size_t i = host->address_count++;
    host->addresses[i] = parse(ip, 0);
    host->types[i] = type;
    (void)snprintf(host->names[i], sizeof host->names[i], "%s", name);
}

void sim_host_add_address(struct sim_host *host, const char *ip)
{
    char name[32];
    (void)snprintf(name, sizeof name, "eth%u", (unsigned)host->address_count);
    sim_host_add_interface(host, ip, name, 0);
}

void sim_host_remove_address(struct sim_host *host, const char *ip)
{
    struct address a = parse(ip, 0);
    size_t kept = 0;
    for (size_t i = 0; i < host->address_count; i++) {
        if (address_ip_eq(&host->addresses[i], &a))
            continue;
        host->addresses[kept] = host->addresses[i];
        host->address_down[kept] = host->address_down[i];
        host->types[kept] = host->types[i];
        memcpy(host->names[kept++], host->names[i], sizeof host->names[i]);
    }
    host->address_count = kept;
    host->addresses_vanish = true;
}

static bool is_removed(const struct sim_host *host, const struct address *a)
{
    for (size_t i = 0; i < host->address_count; i++)
        if (address_ip_eq(&host->addresses[i], a))
            return false;
    return host->addresses_vanish;
}

void sim_host_set_address_down(struct sim_host *host, const char *ip, bool down)
{
    struct address a = parse(ip, 0);
    for (size_t i = 0; i < host->address_count; i++)
        if (address_ip_eq(&host->addresses[i], &a))
            host->address_down[i] = down;
}

static bool is_down(const struct sim_host *host, const struct address *a)
{
    for (size_t i = 0; i < host->address_count; i++)
        if (host->address_down[i] && address_ip_eq(&host->addresses[i], a))
            return true;
    return host->link.down || is_removed(host, a);
}

void sim_host_set_nat(struct sim_host *host, enum sim_nat type, const char *public_ip)
{
    host->nat.type = type;
    host->nat.public_address = parse(public_ip, 0);
}

void sim_host_rebind_nat(struct sim_host *host, uint16_t first_port)
{
    sim_nat_box_forget(&host->nat, first_port);
}

void sim_host_set_answers(struct sim_host *host, enum sim_answer interfaces, enum sim_answer open_udp)
{
    host->interfaces = interfaces;
    host->open_udp = open_udp;
}

void sim_host_set_multicast(struct sim_host *host, enum sim_answer multicast)
{
    host->multicast = multicast;
}

static void open_socket(struct sim_host *host, uint32_t id, struct address local)
{
    if (host->socket_count == SOCKETS_MAX)
        abort();
    host->sockets[host->socket_count++] = (struct socket){.id = id, .local = local};
}

void sim_host_open(struct sim_host *host, uint32_t id, const char *ip, uint16_t port)
{
    open_socket(host, id, parse(ip, port));
}

static bool before(const struct item *a, const struct item *b)
{
    return a->at < b->at || (a->at == b->at && a->serial < b->serial);
}

static void swap(struct item *a, struct item *b)
{
    struct item t = *a;
    *a = *b;
    *b = t;
}

static void push(struct sim_network *net, struct item item)
{
    if (net->count == net->capacity) {
        net->capacity = net->capacity ? net->capacity * 2 : 64;
        net->heap = must(realloc(net->heap, net->capacity * sizeof *net->heap));
    }
    item.serial = net->serial++;
    size_t i = net->count++;
    net->heap[i] = item;
    for (; i > 0 && before(&net->heap[i], &net->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&net->heap[i], &net->heap[(i - 1) / 2]);
}

static struct item pop(struct sim_network *net)
{
    struct item top = net->heap[0];
    net->heap[0] = net->heap[--net->count];
    for (size_t i = 0, child; (child = 2 * i + 1) < net->count; i = child) {
        if (child + 1 < net->count && before(&net->heap[child + 1], &net->heap[child]))
            child++;
        if (!before(&net->heap[child], &net->heap[i]))
            break;
        swap(&net->heap[child], &net->heap[i]);
    }
    return top;
}

rtc_time_t sim_network_next(const struct sim_network *net)
{
    rtc_time_t at = net->count ? net->heap[0].at : RTC_TIME_NEVER, tcp = sim_tcp_next(net->tcp);
    return at < tcp ? at : tcp;
}

static struct socket *find_socket(struct sim_host *host, const struct address *local)
{
    for (size_t i = 0; i < host->socket_count; i++)
        if (address_eq(&host->sockets[i].local, local))
            return &host->sockets[i];
    return NULL;
}

/* The inside address behind a public one; false when the NAT does not let it through. */
static bool translate_in(struct sim_host *host, const struct address *from, struct address *to)
{
    for (size_t i = 0; host->nat.type == SIM_NAT_ONE_TO_ONE && i < host->socket_count; i++) {
        if (host->sockets[i].local.port != to->port || host->sockets[i].local.family != to->family)
            continue;
        *to = host->sockets[i].local;
        return true;
    }
    return sim_nat_box_in(&host->nat, from, to);
}

/* The socket that a datagram from `from` to `to` reaches. Hosts behind a NAT are not reached by their inside addresses. */
static struct socket *route(struct sim_network *net, const struct address *from, struct address to, struct sim_host **host)
{
    for (struct sim_host *h = net->hosts; h; h = h->next) {
        struct address inside = to;
        if (sim_nat_box_covers(&h->nat, &to) && (!address_ip_eq(&h->nat.public_address, &to) || !translate_in(h, from, &inside)))
            continue;
        struct socket *s = find_socket(h, &inside);
        if (!s || is_down(h, &inside) || h->link.no_udp)
            continue;
        *host = h;
        return s;
    }
    return NULL;
}

static rtc_time_t arrival(struct sim_host *host, rtc_time_t now, size_t bytes)
{
    const struct sim_link *l = &host->link;
    rtc_time_t *free_at = l->free_at ? l->free_at : &host->free_at, leaves = *free_at > now ? *free_at : now;
    if (l->rate_bps)
        leaves += (rtc_time_t)((uint64_t)bytes * 8 * 1000000 / l->rate_bps);
    if (l->rate_bps && leaves - now > l->queue_us)
        return RTC_TIME_NEVER;
    *free_at = leaves;
    rtc_time_t at = (l->polices ? now : leaves) + l->delay_us;
    if (l->jitter_us > 0)
        at += (rtc_time_t)(sim_network_random(host->net) % (uint64_t)l->jitter_us);
    if (chance(host->net, l->reorder))
        return at + l->reorder_us;
    if (at < host->last_arrival)
        at = host->last_arrival;
    host->last_arrival = at;
    return at;
}

rtc_time_t sim_host_queue(const struct sim_host *host, rtc_time_t now)
{
    return host->link.rate_bps && host->free_at > now ? host->free_at - now : 0;
}

/* False: it is dropped. */
static bool mark(const struct sim_host *host, rtc_time_t now, struct packet *packet)
{
    const struct sim_link *l = &host->link;
    if (packet->ecn == 0)
        return true;
    if (l->ecn == SIM_ECN_WIPED)
        packet->ecn = 0;
    else if (l->ecn == SIM_ECN_ALL || (l->mark_us > 0 && sim_host_queue(host, now) > l->mark_us))
        packet->ecn = ECN_CE;
    return l->ecn != SIM_ECN_DROPPED;
}

static bool is_picked(struct sim_link *link)
{
    return link->drop > 0 && --link->drop == 0;
}

static struct socket *socket_by_id(struct sim_host *host, uint32_t id)
{
    for (size_t i = 0; i < host->socket_count; i++)
        if (host->sockets[i].id == id)
            return &host->sockets[i];
    return NULL;
}

/* To every member of a group, the sender included, that is on the sender's link: all hosts are but those behind a NAT. The datagram's path
 * is that of its sender. */
static void send_to_group(struct sim_host *host, rtc_time_t at, struct packet *packet)
{
    const struct path *path = &packet->path;
    for (struct sim_host *h = host->net->hosts; h; h = h->next)
        for (size_t i = 0; i < h->socket_count; i++) {
            struct socket *s = &h->sockets[i];
            bool reached = h == host || (!sim_nat_box_covers(&h->nat, &path->local) && !sim_nat_box_covers(&host->nat, &path->local));
            bool member = s->joined.family != ADDRESS_NONE && address_ip_eq(&s->local, &path->remote) && s->local.port == path->remote.port;
            if (!reached || !member || (h != host && chance(host->net, host->link.loss)))
                continue;
            struct packet *copy = packet_copy(packet->pool, packet_slice(packet));
            if (copy)
                copy->path = *path;
            if (copy)
                push(host->net, (struct item){.at = at, .packet = copy, .member = h, .member_socket = s->id});
        }
    packet_free(packet);
}

/* What leaves a socket that is bound to a group has the address of the interface where it joined. */
static void set_source(struct sim_host *host, struct packet *packet)
{
    const struct socket *s = socket_by_id(host, packet->path.socket);
    if (!address_is_multicast(&packet->path.local) || !s)
        return;
    packet->path.local = s->joined;
    packet->path.local.port = s->local.port;
}

void sim_host_send(struct sim_host *host, rtc_time_t now, struct packet *packet)
{
    struct sim_network *net = host->net;
    if (packet->path.protocol == PATH_TCP) {
        sim_tcp_send(net->tcp, host, now, packet);
        return;
    }
    net->counters.sent++;
    if (net->tap)
        net->tap(net->tap_user, host, packet_slice(packet));
    set_source(host, packet);
    if (packet->len > net->counters.largest)
        net->counters.largest = packet->len;
    bool picked = !mark(host, now, packet);
    rtc_time_t at = arrival(host, now, packet->len);
    picked = is_picked(&host->link) || picked;
    if (!picked && at != RTC_TIME_NEVER && !is_down(host, &packet->path.local) && address_is_multicast(&packet->path.remote) &&
        !host->link.no_udp) {
        send_to_group(host, at, packet);
        return;
    }
    if (picked || is_down(host, &packet->path.local) || host->link.no_udp || at == RTC_TIME_NEVER || chance(net, host->link.loss)) {
        net->counters.lost++;
        packet_free(packet);
        return;
    }
    /* The network's datagram carries its outside source in path.local. */
    packet->path.local = sim_nat_box_out(&host->nat, &packet->path.local, &packet->path.remote);
    if (chance(net, host->link.duplicate)) {
        struct packet *copy = packet_copy(packet->pool, packet_slice(packet));
        if (copy) {
            copy->path = packet->path;
            net->counters.duplicated++;
            push(net, (struct item){.at = at + 1, .packet = copy});
        }
    }
    push(net, (struct item){.at = at, .packet = packet});
}

static void answer(struct sim_host *host, rtc_time_t now, struct io_result result, void *lists)
{
    push(host->net, (struct item){.at = now + answer_delay, .host = host, .result = result, .lists = lists});
}

static void answer_interfaces(struct sim_host *host, rtc_time_t now, struct io_result result)
{
    struct io_interface *list = must(calloc(ADDRESSES_MAX, sizeof *list));
    for (size_t i = 0; i < host->address_count; i++) {
        list[i].address = host->addresses[i];
        list[i].index = (uint32_t)i;
        list[i].type = host->types[i];
        memcpy(list[i].name, host->names[i], sizeof list[i].name);
    }
    if (host->interfaces == SIM_REFUSES)
        result.error = RTC_ERR_NETWORK;
    result.interfaces = list;
    result.interface_count = result.error ? 0 : host->address_count;
    if (host->interfaces == SIM_SILENT)
        free(list);
    else
        answer(host, now, result, list);
}

/* The first free port of the request's range; 0 when there is none. */
static uint16_t free_port(struct sim_host *host, const struct request *r)
{
    struct address a = r->local;
    if (r->local.port || r->port_min == 0)
        return r->local.port ? r->local.port : host->next_port++;
    for (unsigned port = r->port_min; port <= r->port_max; port++) {
        a.port = (uint16_t)port;
        if (!find_socket(host, &a))
            return a.port;
    }
    return 0;
}

void sim_host_tell_interfaces(struct sim_host *host, rtc_time_t now)
{
    for (size_t i = 0; i < host->watcher_count; i++)
        answer_interfaces(host, now, (struct io_result){.type = REQUEST_INTERFACES, .id = host->watchers[i]});
}

size_t sim_host_watchers(const struct sim_host *host)
{
    return host->watcher_count;
}

static void answer_open(struct sim_host *host, rtc_time_t now, struct io_result result, const struct request *r)
{
    struct address local = r->local;
    enum sim_answer how = r->flags & REQUEST_SHARED ? host->multicast : host->open_udp;
    if (how == SIM_SILENT)
        return;
    if (how == SIM_REFUSES) {
        result.error = RTC_ERR_NETWORK;
    } else if ((local.port = free_port(host, r)) == 0) {
        result.error = RTC_ERR_QUOTA_EXCEEDED;
    } else {
        open_socket(host, result.id, local);
        result.local = local;
    }
    answer(host, now, result, NULL);
}

static void answer_resolve(struct sim_host *host, rtc_time_t now, struct io_result result, const char *name)
{
    struct address *list = must(calloc(NAMES_MAX, sizeof *list));
    bool silent = false;
    for (size_t i = 0; i < host->net->name_count; i++) {
        if (strcmp(host->net->names[i].name, name) != 0)
            continue;
        silent |= host->net->names[i].address.family == ADDRESS_NONE;
        list[result.address_count++] = host->net->names[i].address;
    }
    if (silent) {
        free(list);
        return;
    }
    result.error = result.address_count ? RTC_OK : RTC_ERR_NOT_FOUND;
    result.addresses = list;
    answer(host, now, result, list);
}

static void answer_join(struct sim_host *host, rtc_time_t now, struct io_result result, const struct request *r)
{
    struct socket *s = socket_by_id(host, r->socket);
    result.error = s && address_is_multicast(&r->remote) ? RTC_OK : RTC_ERR_NETWORK;
    if (s)
        s->joined = r->local;
    answer(host, now, result, NULL);
}

static void close_socket(struct sim_host *host, uint32_t id)
{
    for (size_t i = 0; i < host->socket_count; i++) {
        if (host->sockets[i].id != id)
            continue;
        host->sockets[i] = host->sockets[--host->socket_count];
        return;
    }
}

static void forget_watcher(struct sim_host *host, uint32_t id)
{
    for (size_t i = 0; i < host->watcher_count; i++)
        if (host->watchers[i] == id)
            host->watchers[i--] = host->watchers[--host->watcher_count];
}

static void serve(struct sim_host *host, rtc_time_t now, const struct request *r)
{
    struct io_result result = {.type = r->type, .id = r->id};
    switch (r->type) {
    case REQUEST_INTERFACES:
        if (host->watcher_count == WATCHERS_MAX)
            abort();
        host->watchers[host->watcher_count++] = r->id;
        answer_interfaces(host, now, result);
        break;
    case REQUEST_OPEN_UDP:
        answer_open(host, now, result, r);
        break;
    case REQUEST_RESOLVE:
        answer_resolve(host, now, result, r->name);
        break;
    case REQUEST_JOIN_MULTICAST:
        answer_join(host, now, result, r);
        break;
    case REQUEST_CLOSE:
        forget_watcher(host, r->id);
        if (!sim_tcp_close(host->net->tcp, host, now, r->id))
            close_socket(host, r->id);
        break;
    default:
        if (sim_tcp_request(host->net->tcp, host, now, r))
            return;
        result.error = RTC_ERR_NOT_SUPPORTED;
        answer(host, now, result, NULL);
    }
}

void sim_host_drain(struct sim_host *host, rtc_time_t now, struct out *out)
{
    for (struct packet *p; (p = packet_queue_pop(&out->tx)) != NULL;)
        sim_host_send(host, now, p);
    for (struct request *r; (r = out_pop_request(out)) != NULL;) {
        serve(host, now, r);
        out_free_request(out, r);
    }
}

static bool deliver(struct sim_network *net, struct item *item, struct sim_delivery *out)
{
    struct address from = item->packet->path.local, to = item->packet->path.remote;
    struct sim_host *host = NULL;
    struct socket *s = item->member ? socket_by_id(item->member, item->member_socket) : route(net, &from, to, &host);
    if (item->member)
        host = item->member;
    if (!s) {
        net->counters.unreachable++;
        packet_free(item->packet);
        return false;
    }
    net->counters.delivered++;
    item->packet->path = (struct path){.socket = s->id, .protocol = PATH_UDP, .local = s->local, .remote = from};
    item->packet->time = item->at;
    *out = (struct sim_delivery){.host = host, .packet = item->packet};
    return true;
}

bool sim_network_pop(struct sim_network *net, rtc_time_t now, struct sim_delivery *out)
{
    while (net->count && net->heap[0].at <= now) {
        struct item item = pop(net);
        if (!item.host) {
            if (deliver(net, &item, out))
                return true;
            continue;
        }
        *out = (struct sim_delivery){.host = item.host, .result = item.result, .lists = item.lists};
        return true;
    }
    return sim_tcp_pop(net->tcp, now, out);
}

void sim_network_forget_connections(struct sim_network *net)
{
    sim_tcp_forget(net->tcp);
}

/* ---- for sim_tcp.c ---- */

bool sim_host_is_down(const struct sim_host *host, const struct address *a)
{
    return is_down(host, a);
}

bool sim_host_has(const struct sim_host *host, const struct address *a)
{
    for (size_t i = 0; i < host->address_count; i++)
        if (address_ip_eq(&host->addresses[i], a))
            return true;
    return false;
}

bool sim_host_is_natted(const struct sim_host *host, const struct address *a)
{
    return sim_nat_box_covers(&host->nat, a);
}

struct address sim_host_public(const struct sim_host *host)
{
    return host->nat.public_address;
}

uint16_t sim_host_port(struct sim_host *host)
{
    return host->next_port++;
}

struct sim_host *sim_network_hosts(const struct sim_network *net)
{
    return net->hosts;
}

struct sim_host *sim_host_next(const struct sim_host *host)
{
    return host->next;
}
