/* SPDX-License-Identifier: MIT */
/* See kept_configuration.h. The copy is made twice by the same functions: without a block, which says how large one is needed, and into it.
 */
#include "kept_configuration.h"

#include <stdalign.h>
#include <stddef.h>

/* Owner: the connection. One block, not written once it is made. */
struct kept_configuration {
    rtc_configuration shown;
    size_t size;                      /* of the block, with this */
    alignas(max_align_t) char rest[]; /* what it points to */
};

struct block {
    char *base; /* NULL: only measured */
    size_t used;
};

static void *place(struct block *b, const void *from, size_t size)
{
    void *to = b->base ? b->base + b->used : NULL;
    if (to && from && size > 0)
        memcpy(to, from, size);
    b->used += (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    return to;
}

static const char *place_text(struct block *b, const char *text)
{
    return text ? place(b, text, strlen(text) + 1) : NULL;
}

static const char *const *place_texts(struct block *b, const char *const *texts, size_t count)
{
    const char **list = place(b, NULL, count * sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const char *text = place_text(b, texts[i]);
        if (list)
            list[i] = text;
    }
    return count > 0 ? list : NULL;
}

static int place_servers(rtc_peer_connection *pc, struct block *b, const rtc_configuration *c, const rtc_ice_server *const **out)
{
    const rtc_ice_server **list = place(b, NULL, c->ice_server_count * sizeof *list);
    for (size_t i = 0; i < c->ice_server_count; i++) {
        rtc_ice_server server;
        int error = peer_options(pc, &server, sizeof server, c->ice_servers[i], "rtc_ice_server");
        if (error)
            return error;
        server.urls = place_texts(b, server.urls, server.url_count);
        server.username = place_text(b, server.username);
        server.credential = place_text(b, server.credential);
        const rtc_ice_server *copy = place(b, &server, sizeof server);
        if (list)
            list[i] = copy;
    }
    *out = c->ice_server_count > 0 ? list : NULL;
    return RTC_OK;
}

static int place_all(rtc_peer_connection *pc, struct block *b, const rtc_configuration *from, rtc_configuration *out)
{
    rtc_configuration to = *from;
    int error = place_servers(pc, b, from, &to.ice_servers);
    to.certificates =
        from->certificate_count > 0 ? place(b, from->certificates, from->certificate_count * sizeof *from->certificates) : NULL;
    to.authorities_pem = place_text(b, from->authorities_pem);
    to.ice_allow = place_texts(b, from->ice_allow, from->ice_allow_count);
    to.ice_deny = place_texts(b, from->ice_deny, from->ice_deny_count);
    to.external_addresses = place_texts(b, from->external_addresses, from->external_address_count);
    to.remote_allow = place_texts(b, from->remote_allow, from->remote_allow_count);
    to.remote_deny = place_texts(b, from->remote_deny, from->remote_deny_count);
    *out = to;
    return error;
}

int kept_configuration_new(rtc_peer_connection *pc, const rtc_configuration *c, struct kept_configuration **out)
{
    struct block measure = {0}, block = {0};
    rtc_configuration ignored;
    int error = place_all(pc, &measure, c, &ignored);
    if (error)
        return error;
    struct kept_configuration *kept = memory_zeroed(pc->context, sizeof *kept + measure.used);
    if (!kept)
        return RTC_ERR_NO_MEMORY;
    kept->size = sizeof *kept + measure.used;
    block.base = kept->rest;
    (void)place_all(pc, &block, c, &kept->shown); /* as it was measured */
    for (size_t i = 0; i < kept->shown.certificate_count; i++)
        (void)rtc_certificate_ref(kept->shown.certificates[i]);
    *out = kept;
    return RTC_OK;
}

void kept_configuration_free(rtc_context *context, struct kept_configuration *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < kept->shown.certificate_count; i++)
        rtc_certificate_unref(kept->shown.certificates[i]);
    memory_wipe(kept, kept->size);
    memory_free(context, kept);
}

const rtc_configuration *kept_configuration_show(const struct kept_configuration *kept)
{
    return &kept->shown;
}
