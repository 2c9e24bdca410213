/* SPDX-License-Identifier: MIT */
/* See forwarder.h. */
#include "forwarder.h"

#include "context.h"
#include "peer.h"
#include "references.h"

/* Counted. Written by this file, with the lock held but for what is at the end. */
struct rtc_forwarder {
    struct job job; /* in the mailbox while `posted` */
    atomic_uint references;
    rtc_context *context;
    rtc_media_kind kind;
    pthread_mutex_t lock;
    struct mailbox *mailbox; /* a reference; NULL once detached */
    bool posted;
    uint32_t keyframes_wanted; /* a bit for each layer */
    struct link inboxes;       /* references */
    struct forward_layers layers;
    rtc_time_t last; /* packet */

    /* The connection thread's alone. */
    rtc_peer_connection *pc; /* NULL once detached */
    rtc_rtp_transceiver *transceiver;
};

rtc_forwarder *rtc_forwarder_ref(rtc_forwarder *f)
{
    if (f)
        references_take(&f->references);
    return f;
}

void rtc_forwarder_unref(rtc_forwarder *f)
{
    if (!f || !references_drop(&f->references))
        return;
    mailbox_unref(f->mailbox);
    pthread_mutex_destroy(&f->lock);
    context_free(f->context, f);
}

rtc_media_kind rtc_forwarder_kind(const rtc_forwarder *f)
{
    return f->kind;
}

/* ---- Keyframes ---- */

static uint32_t stream_of(const struct rtc_forwarder *f, size_t layer)
{
    struct transport *t = f->transceiver->transport;
    return t && f->transceiver->rtp_member
               ? rtp_session_receive_stream(transport_media(t), f->transceiver->rtp_member, f->layers.all[layer].rid)
               : 0;
}

/* On the connection's thread. */
static void done(struct job *job, rtc_time_t now)
{
    rtc_forwarder *f = link_owner(job, struct rtc_forwarder, job);
    pthread_mutex_lock(&f->lock);
    uint32_t wanted = f->keyframes_wanted;
    f->posted = false;
    f->keyframes_wanted = 0;
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; f->pc && i < f->layers.count; i++) { /* which this thread alone adds to */
        uint32_t stream = wanted >> i & 1 ? stream_of(f, i) : 0;
        if (stream)
            rtp_session_request_keyframe(transport_media(f->transceiver->transport), now, stream,
                                         transport_media_out(f->transceiver->transport));
    }
    if (f->pc)
        f->pc->output_waits = true;
    rtc_forwarder_unref(f);
}

void forwarder_request_keyframe(rtc_forwarder *f, uint8_t layer)
{
    pthread_mutex_lock(&f->lock);
    f->keyframes_wanted |= 1u << layer;
    struct mailbox *mailbox = f->mailbox && !f->posted ? mailbox_ref(f->mailbox) : NULL;
    if (mailbox) {
        f->posted = true;
        references_take(&f->references);
    }
    pthread_mutex_unlock(&f->lock);
    if (mailbox)
        mailbox_post(mailbox, &f->job);
    mailbox_unref(mailbox);
}

/* ---- Packets ---- */

/* With the lock held: those that were negotiated come first, in their order. */
static void name_layers(rtc_forwarder *f)
{
    const rtc_rtp_receiver *receiver = &f->transceiver->receiver;
    for (size_t i = 0; i < receiver->rid_count; i++)
        (void)forward_layers_named(&f->layers, receiver->rids[i]);
    if (receiver->rid_count == 0 && f->transceiver->rtp_member)
        (void)forward_layers_named(&f->layers, "");
}

void forwarder_packet(rtc_forwarder *f, rtc_time_t now, struct forward_packet *packet)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    if (f->layers.count < f->transceiver->receiver.rid_count)
        name_layers(f);
    size_t index = forward_layers_named(&f->layers, packet->rid);
    f->last = now;
    if (index < FORWARD_LAYERS_MAX) {
        packet->layer = (uint8_t)index;
        forward_layers_note(&f->layers, now, index, packet);
        for (struct link *l = f->inboxes.next; l != &f->inboxes; l = l->next)
            forward_inbox_push(forward_inbox_of(l), packet);
    }
    pthread_mutex_unlock(&f->lock);
}

void forwarder_add(rtc_forwarder *f, struct forward_inbox *inbox)
{
    pthread_mutex_lock(&f->lock);
    list_append(&f->inboxes, forward_inbox_link(forward_inbox_ref(inbox)));
    pthread_mutex_unlock(&f->lock);
}

void forwarder_remove(rtc_forwarder *f, struct forward_inbox *inbox)
{
    pthread_mutex_lock(&f->lock);
    list_remove(forward_inbox_link(inbox));
    pthread_mutex_unlock(&f->lock);
    forward_inbox_unref(inbox);
}

size_t forwarder_layers(rtc_forwarder *f, rtc_time_t now, struct forward_layer out[FORWARD_LAYERS_MAX])
{
    pthread_mutex_lock(&f->lock);
    size_t count = f->layers.count;
    for (size_t i = 0; i < count; i++)
        out[i] = forward_layers_read(&f->layers, now > f->last ? now : f->last, i);
    pthread_mutex_unlock(&f->lock);
    return count;
}

/* ---- Its life ---- */

static int make(rtc_rtp_transceiver *t)
{
    rtc_peer_connection *pc = t->connection;
    rtc_forwarder *f = memory_zeroed(pc->context, sizeof *f);
    if (!f)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&f->references, 1);
    f->job.done = done;
    f->context = rtc_context_ref(pc->context);
    f->kind = t->kind;
    f->mailbox = mailbox_ref(pc->driver.mailbox);
    pthread_mutex_init(&f->lock, NULL);
    list_init(&f->inboxes);
    f->pc = pc;
    f->transceiver = t;
    name_layers(f);
    t->receiver.forwarder = f;
    if (t->rtp_member)
        rtp_session_set_member_forwards(transport_media(t->transport), t->rtp_member, true);
    return RTC_OK;
}

void forwarder_detach(rtc_forwarder *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    struct mailbox *mailbox = f->mailbox;
    f->mailbox = NULL;
    pthread_mutex_unlock(&f->lock);
    f->pc = NULL;
    f->transceiver = NULL;
    mailbox_unref(mailbox);
    rtc_forwarder_unref(f);
}

/* ---- Public ---- */

int rtc_forwarder_new(rtc_rtp_receiver *receiver, rtc_forwarder **out)
{
    if (!receiver || !out)
        return error_say(RTC_ERR_TYPE, "rtc_forwarder_new: %s is NULL", receiver ? "out" : "receiver");
    rtc_rtp_transceiver *t = link_owner(receiver, rtc_rtp_transceiver, receiver);
    int error = transceiver_begin(t, "rtc_forwarder_new");
    if (error)
        return error;
    error = receiver->forwarder ? RTC_OK : make(t);
    if (error)
        return peer_end(t->connection, error);
    *out = rtc_forwarder_ref(receiver->forwarder);
    return RTC_OK;
}

bool rtc_forwarder_layer(rtc_forwarder *f, size_t index, rtc_forward_layer *out)
{
    struct forward_layer layers[FORWARD_LAYERS_MAX];
    size_t count = f && out && out->size > 0 ? forwarder_layers(f, context_now(f->context, 0), layers) : 0;
    if (index >= count)
        return false;
    const struct forward_layer *l = &layers[index];
    rtc_forward_layer told = {.size = out->size,
                              .flows = l->flows,
                              .width = l->width,
                              .height = l->height,
                              .temporal_layers = l->temporals,
                              .bitrate_bps = l->rates_bps[FORWARD_LAYER_TEMPORALS - 1]};
    memcpy(told.rid, l->rid, sizeof told.rid);
    memcpy(out, &told, out->size < sizeof told ? out->size : sizeof told);
    return true;
}
