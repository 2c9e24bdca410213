/* SPDX-License-Identifier: MIT */
/* Runs the library's loop inside libwebsockets' loop. */
#include "bridge.h"

#include <string.h>
#include <unistd.h>

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user;
    (void)in;
    (void)len;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        struct bridge *bridge = lws_vhost_user(lws_get_vhost(wsi));
        rtc_loop_iterate(bridge->loop);
    }
    return 0;
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
    rtc_loop_iterate(((struct bridge *)(void *)timer)->loop);
}

bool bridge_start(struct bridge *bridge, struct lws_context *context, rtc_loop *loop)
{
    static const struct lws_protocols protocols[] = {{"loop", callback, 0, 0, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info;
    memset(bridge, 0, sizeof(*bridge));
    memset(&info, 0, sizeof(info));
    bridge->context = context;
    bridge->loop = loop;
    info.vhost_name = "loop";
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = bridge;
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    /* A copy, because libwebsockets closes what it adopted. */
    lws_sock_file_fd_type descriptor = {.filefd = dup(rtc_loop_fd(loop))};
    return vhost != NULL && descriptor.filefd >= 0 &&
           lws_adopt_descriptor_vhost(vhost, LWS_ADOPT_RAW_FILE_DESC, descriptor, "loop", NULL) != NULL;
}

void bridge_arm(struct bridge *bridge)
{
    int timeout_ms = rtc_loop_timeout_ms(bridge->loop);
    lws_sul_schedule(bridge->context, 0, &bridge->timer, on_timer,
                     timeout_ms < 0 ? LWS_SET_TIMER_USEC_CANCEL : timeout_ms * (lws_usec_t)1000 + 1);
}
