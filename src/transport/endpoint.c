/* SPDX-License-Identifier: MIT */
/* Who is who on an endpoint: its connections, their agents' user name fragments, their aliases, and the paths learned. See endpoint.h. */
#include "endpoint.h"

#include "memory.h"

/* Another connection whose request is answered on a path gets it, unless the owner's own was answered there so lately: two peers with one
 * port would take it from each other again and again. */
static const rtc_time_t path_is_held = 10000000;
static const rtc_time_t path_lasts = 60000000;

int endpoint_admit(rtc_endpoint *e, void *owner, void (*lost)(void *owner), struct endpoint_member **out)
{
    struct endpoint_member *m = memory_zeroed(e->context, sizeof *m);
    if (!m)
        return RTC_ERR_NO_MEMORY;
    if (++e->last_tag == 0)
        ++e->last_tag;
    m->tag = e->last_tag;
    if (!table_insert(e->context, &e->tags, &m->entry, table_hash(&e->tags, &m->tag, sizeof m->tag))) {
        memory_free(e->context, m);
        return RTC_ERR_NO_MEMORY;
    }
    m->endpoint = m->reference = rtc_endpoint_ref(e);
    m->owner = owner;
    m->lost = lost;
    list_append(&e->members, &m->link);
    e->stats.connections++;
    *out = m;
    return RTC_OK;
}

static void forget_path(struct endpoint_path *path)
{
    struct endpoint_member *m = path->member;
    struct endpoint_path **place = &m->paths;
    while (*place != path)
        place = &(*place)->next;
    *place = path->next;
    m->path_count--;
    m->endpoint->stats.paths--;
    table_remove(&m->endpoint->paths, &path->entry);
    memory_free(m->endpoint->context, path);
}

void endpoint_leave(struct endpoint_member *m)
{
    rtc_endpoint *e = m->endpoint;
    while (m->paths)
        forget_path(m->paths);
    for (size_t i = 0; i < ENDPOINT_USERS_MAX; i++)
        if (m->users[i].aliases > 0)
            table_remove(&e->users, &m->users[i].entry);
    table_remove(&e->tags, &m->entry);
    list_remove(&m->link);
    e->stats.connections--;
    m->endpoint = NULL;
}

void endpoint_member_free(struct endpoint_member *m)
{
    if (!m)
        return;
    rtc_endpoint *e = m->reference;
    memory_free(e->context, m->aliases);
    memory_free(e->context, m);
    rtc_endpoint_unref(e);
}

static uint64_t hash_ufrag(const rtc_endpoint *e, struct slice ufrag)
{
    return table_hash(&e->users, ufrag.data, ufrag.len);
}

struct endpoint_user *endpoint_find_user(const rtc_endpoint *e, struct slice ufrag)
{
    for (struct table_entry *t = table_first(&e->users, hash_ufrag(e, ufrag)); t; t = table_next(t)) {
        struct endpoint_user *user = link_owner(t, struct endpoint_user, entry);
        if (slice_is(ufrag, user->ufrag))
            return user;
    }
    return NULL;
}

static struct endpoint_user *need_user(struct endpoint_member *m, const char *ufrag)
{
    rtc_endpoint *e = m->endpoint;
    struct endpoint_user *free_user = NULL, *known = endpoint_find_user(e, slice_str(ufrag));
    if (known)
        return known->member == m ? known : NULL; /* as good as impossible, and must not be a way in */
    for (size_t i = 0; i < ENDPOINT_USERS_MAX; i++)
        if (m->users[i].aliases == 0)
            free_user = &m->users[i];
    if (!free_user || strlen(ufrag) >= sizeof free_user->ufrag ||
        !table_insert(e->context, &e->users, &free_user->entry, hash_ufrag(e, slice_str(ufrag))))
        return NULL;
    free_user->member = m;
    memcpy(free_user->ufrag, ufrag, strlen(ufrag) + 1);
    return free_user;
}

static bool serves(const rtc_endpoint *e, const struct address *local, struct address *bound)
{
    for (size_t i = 0; i < e->address_count; i++) {
        const struct address *a = &e->addresses[i];
        if (a->family != local->family || (!address_is_any(a) && !address_ip_eq(a, local)))
            continue;
        *bound = *local;
        bound->port = a->port;
        return true;
    }
    return false;
}

int endpoint_open(struct endpoint_member *m, const char *ufrag, uint32_t socket, const struct address *local, struct address *bound)
{
    rtc_endpoint *e = m->endpoint;
    void *aliases = m->aliases;
    if (!e || e->closed || !serves(e, local, bound) || m->alias_count == ENDPOINT_ALIASES_MAX)
        return RTC_ERR_NETWORK;
    if (!memory_grow(e->context, &aliases, &m->alias_capacity, m->alias_count + 1, sizeof *m->aliases))
        return RTC_ERR_NO_MEMORY;
    m->aliases = aliases;
    struct endpoint_user *user = need_user(m, ufrag);
    if (!user)
        return RTC_ERR_NO_MEMORY;
    user->aliases++;
    m->aliases[m->alias_count++] = (struct endpoint_alias){.socket = socket, .local = *bound, .user = user};
    return RTC_OK;
}

const struct endpoint_alias *endpoint_alias(const struct endpoint_member *m, uint32_t socket)
{
    for (size_t i = 0; i < m->alias_count; i++)
        if (m->aliases[i].socket == socket)
            return &m->aliases[i];
    return NULL;
}

/* The paths of an alias that goes: another agent of the connection may know them, too. */
static void pass_on_paths(struct endpoint_member *m, uint32_t socket)
{
    for (struct endpoint_path *path = m->paths, *next; path; path = next) {
        next = path->next;
        if (path->socket != socket)
            continue;
        const struct endpoint_alias *heir = NULL;
        for (size_t i = 0; i < m->alias_count && !heir; i++)
            heir = address_eq(&m->aliases[i].local, &path->local) ? &m->aliases[i] : NULL;
        if (heir)
            path->socket = heir->socket;
        else
            forget_path(path);
    }
}

bool endpoint_release(struct endpoint_member *m, uint32_t socket)
{
    const struct endpoint_alias *found = endpoint_alias(m, socket);
    if (!found)
        return false;
    struct endpoint_user *user = found->user;
    m->aliases[found - m->aliases] = m->aliases[--m->alias_count];
    user->aliases--;
    if (m->endpoint && user->aliases == 0)
        table_remove(&m->endpoint->users, &user->entry);
    pass_on_paths(m, socket); /* it has none once it has left */
    return true;
}

static uint64_t hash_path(const rtc_endpoint *e, const struct address *local, const struct address *remote)
{
    uint8_t key[2 * sizeof local->ip + 2 + sizeof remote->scope];
    memcpy(key, local->ip, sizeof local->ip);
    memcpy(key + sizeof local->ip, remote->ip, sizeof remote->ip);
    memcpy(key + 2 * sizeof local->ip, &remote->scope, sizeof remote->scope);
    key[sizeof key - 2] = (uint8_t)(remote->port >> 8);
    key[sizeof key - 1] = (uint8_t)remote->port;
    return table_hash(&e->paths, key, sizeof key);
}

struct endpoint_path *endpoint_find_path(rtc_endpoint *e, rtc_time_t now, const struct address *local, const struct address *remote)
{
    for (struct table_entry *t = table_first(&e->paths, hash_path(e, local, remote)); t; t = table_next(t)) {
        struct endpoint_path *path = link_owner(t, struct endpoint_path, entry);
        if (!address_ip_eq(&path->local, local) || !address_eq(&path->remote, remote))
            continue;
        if (now < path->heard + path_lasts)
            return path;
        forget_path(path);
        return NULL;
    }
    return NULL;
}

/* Room for one more path of the connection: the one that was heard of least lately goes. */
static void make_room(struct endpoint_member *m)
{
    struct endpoint_path *oldest = m->paths;
    if (m->path_count < ENDPOINT_PATHS_MAX)
        return;
    for (struct endpoint_path *path = m->paths; path; path = path->next)
        if (path->heard < oldest->heard)
            oldest = path;
    forget_path(oldest);
}

static void add_path(struct endpoint_member *m, rtc_time_t now, const struct path *from, bool answered)
{
    rtc_endpoint *e = m->endpoint;
    make_room(m);
    struct endpoint_path *path = memory_zeroed(e->context, sizeof *path);
    if (!path || !table_insert(e->context, &e->paths, &path->entry, hash_path(e, &from->local, &from->remote))) {
        memory_free(e->context, path); /* the peer's next request teaches it again */
        return;
    }
    path->member = m;
    path->socket = from->socket;
    path->local = from->local;
    path->remote = from->remote;
    path->heard = now;
    path->answered = answered ? now : -1;
    path->next = m->paths;
    m->paths = path;
    m->path_count++;
    e->stats.paths++;
}

/* Whoever only sends from a path that is another's may have written the address itself; whoever answers is there. */
static bool may_take(const struct endpoint_path *path, rtc_time_t now, bool answered)
{
    return answered && (path->answered < 0 || now >= path->answered + path_is_held);
}

bool endpoint_contested(const struct endpoint_member *m, rtc_time_t now, const struct path *from)
{
    bool mine = m->endpoint && endpoint_alias(m, from->socket);
    const struct endpoint_path *path = mine ? endpoint_find_path(m->endpoint, now, &from->local, &from->remote) : NULL;
    return path && path->member != m;
}

void endpoint_learn(struct endpoint_member *m, rtc_time_t now, const struct path *from, bool answered)
{
    if (!m->endpoint || !endpoint_alias(m, from->socket))
        return;
    struct endpoint_path *path = endpoint_find_path(m->endpoint, now, &from->local, &from->remote);
    if (path && path->member != m) {
        m->endpoint->stats.contested++;
        if (!may_take(path, now, answered))
            return;
        forget_path(path);
        path = NULL;
    }
    if (!path) {
        add_path(m, now, from, answered);
        return;
    }
    path->heard = now;
    path->socket = from->socket;
    if (answered)
        path->answered = now;
}
