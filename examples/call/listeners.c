/* SPDX-License-Identifier: MIT */
/* Listening sockets. */
#include "listeners.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How often another port is tried when the first free one is not free for all addresses. */
#define PORT_TRIES 16
/* More wait for the next turn of the loop. */
#define ACCEPTED_AT_ONCE 16

struct target {
    struct sockaddr_storage address;
    socklen_t len;
    bool both_families; /* :: for IPv4, too */
};

/* ---- Which addresses ---- */

static size_t every_interface(struct target targets[])
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0) {
        close(probe);
        targets[0] = (struct target){.len = sizeof(six), .both_families = true};
        memcpy(&targets[0].address, &six, sizeof(six));
    } else {
        targets[0] = (struct target){.len = sizeof(four)};
        memcpy(&targets[0].address, &four, sizeof(four));
    }
    return 1;
}

static bool is_known(const struct target targets[], size_t count, const struct addrinfo *info)
{
    for (size_t i = 0; i < count; i++) {
        if (targets[i].len == info->ai_addrlen && memcmp(&targets[i].address, info->ai_addr, info->ai_addrlen) == 0) {
            return true;
        }
    }
    return false;
}

/* How many there are; 0 with the reason in `why`. */
static size_t resolve(struct target targets[], const char *address, char *why, size_t why_size)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    size_t count = 0;
    int error = getaddrinfo(address, NULL, &hints, &list);
    if (error != 0) {
        snprintf(why, why_size, "%s: %s", address, error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
        return 0;
    }
    for (const struct addrinfo *info = list; info != NULL && count < LISTENERS_MAX; info = info->ai_next) {
        if (!is_known(targets, count, info)) {
            targets[count] = (struct target){.len = info->ai_addrlen};
            memcpy(&targets[count++].address, info->ai_addr, info->ai_addrlen);
        }
    }
    freeaddrinfo(list);
    return count;
}

/* ---- Opening ---- */

static void set_port(struct target *target, uint16_t port)
{
    if (target->address.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&target->address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&target->address)->sin_port = htons(port);
    }
}

static uint16_t port_of(int descriptor)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (getsockname(descriptor, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port : ((struct sockaddr_in *)&address)->sin_port);
}

/* A listening socket, or -1 with errno. */
static int open_one(const struct target *target)
{
    int on = 1, six_alone = !target->both_families;
    int descriptor = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        return -1;
    }
    bool six = target->address.ss_family == AF_INET6;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (!six || setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &six_alone, sizeof(six_alone)) == 0) &&
        bind(descriptor, (const struct sockaddr *)&target->address, target->len) == 0 && listen(descriptor, SOMAXCONN) == 0) {
        return descriptor;
    }
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

void listeners_close(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->sockets[i]);
    }
    listeners->count = 0;
}

static bool is_of_no_such_family(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

/* Opens all of them on one port. 0, or the errno of the one that could not be. */
static int open_all(struct listeners *listeners, struct target targets[], size_t count, uint16_t port)
{
    int missing = 0;
    for (size_t i = 0; i < count; i++) {
        set_port(&targets[i], port);
        int descriptor = open_one(&targets[i]);
        if (descriptor >= 0) {
            listeners->sockets[listeners->count++] = descriptor;
            port = port == 0 ? port_of(descriptor) : port;
        } else if (is_of_no_such_family(errno)) {
            missing = errno;
        } else {
            int error = errno;
            listeners_close(listeners);
            return error;
        }
    }
    listeners->port = port;
    return listeners->count > 0 ? 0 : missing;
}

bool listeners_open(struct listeners *listeners, const char *address, uint16_t port, char *why, size_t why_size)
{
    struct target targets[LISTENERS_MAX];
    size_t count = address == NULL ? every_interface(targets) : resolve(targets, address, why, why_size);
    listeners->count = 0;
    if (count == 0) {
        return false;
    }
    int error = open_all(listeners, targets, count, port);
    for (int tries = 1; error == EADDRINUSE && port == 0 && tries < PORT_TRIES; tries++) {
        error = open_all(listeners, targets, count, 0);
    }
    if (error != 0) {
        snprintf(why, why_size, "%s, port %u: %s", address == NULL ? "every interface" : address, port, strerror(error));
    }
    return error == 0;
}

/* ---- Accepting ---- */

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        struct listeners *listeners = lws_vhost_user(lws_get_vhost(wsi));
        int connection = 0;
        for (int i = 0; i < ACCEPTED_AT_ONCE && connection >= 0; i++) {
            connection = accept4(lws_get_socket_fd(wsi), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (connection >= 0) {
                listeners->on_connection(listeners->user, connection);
            }
        }
    }
    return 0;
}

bool listeners_start(struct listeners *listeners, struct lws_context *context)
{
    static const struct lws_protocols protocols[] = {{"listener", callback, 0, 0, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof(info));
    info.vhost_name = "listeners";
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = listeners;
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    while (vhost != NULL && listeners->count > 0) {
        lws_sock_file_fd_type descriptor = {.filefd = listeners->sockets[listeners->count - 1]};
        if (lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, "listener", NULL) == NULL) {
            break;
        }
        listeners->count--;
    }
    bool good = vhost != NULL && listeners->count == 0;
    listeners_close(listeners);
    return good;
}
