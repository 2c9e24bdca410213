/* SPDX-License-Identifier: MIT */
/* From the consumers of a received track to its connection; see track_feedback.h. */
#include "track_feedback.h"

#include "context.h"
#include "peer.h"
#include "references.h"
#include "transceiver.h"
#include "transport.h"

/* Counted: the receiver, its track, and the mailbox while `posted`. Written by this file, with the lock held but for what is at the end. */
struct track_feedback {
    struct job job; /* in the mailbox while `posted` */
    atomic_uint references;
    rtc_context *context;
    pthread_mutex_t lock;
    struct mailbox *mailbox; /* a reference; NULL once detached */
    bool posted, keyframe_wanted;
    uint32_t bitrate_bps; /* 0: as much as the peer likes */

    /* The connection thread's alone. */
    rtc_peer_connection *pc; /* NULL once detached */
    rtc_rtp_transceiver *transceiver;
};

static void unref(struct track_feedback *f)
{
    if (!f || !references_drop(&f->references))
        return;
    mailbox_unref(f->mailbox);
    pthread_mutex_destroy(&f->lock);
    context_free(f->context, f);
}

/* On the connection's thread. */
static void done(struct job *job, rtc_time_t now)
{
    struct track_feedback *f = link_owner(job, struct track_feedback, job);
    pthread_mutex_lock(&f->lock);
    bool keyframe = f->keyframe_wanted;
    uint32_t bitrate = f->bitrate_bps;
    f->posted = f->keyframe_wanted = false;
    pthread_mutex_unlock(&f->lock);
    struct transport *t = f->pc ? f->transceiver->transport : NULL;
    const rtc_rtp_receiver *receiver = t && f->transceiver->rtp_member ? &f->transceiver->receiver : NULL;
    for (size_t i = 0; receiver && i < receiver->stream_count; i++) {
        rtp_session_set_receive_limit(transport_media(t), now, receiver->streams[i].stream, bitrate);
        if (keyframe)
            rtp_session_request_keyframe(transport_media(t), now, receiver->streams[i].stream, transport_media_out(t));
        f->pc->output_waits = true;
    }
    unref(f);
}

/* With the lock held; gives it back. */
static void post(struct track_feedback *f)
{
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

static void request_keyframe(void *user)
{
    struct track_feedback *f = user;
    pthread_mutex_lock(&f->lock);
    f->keyframe_wanted = true;
    post(f);
}

static void set_bitrate(void *user, uint32_t bitrate_bps)
{
    struct track_feedback *f = user;
    pthread_mutex_lock(&f->lock);
    f->bitrate_bps = bitrate_bps;
    post(f);
}

static void destroy(void *user)
{
    unref(user);
}

const rtc_media_source_ops track_feedback_ops = {
    .size = sizeof track_feedback_ops, .request_keyframe = request_keyframe, .set_bitrate = set_bitrate, .destroy = destroy};

int track_feedback_new(rtc_peer_connection *pc, rtc_rtp_transceiver *t, struct track_feedback **out)
{
    struct track_feedback *f = memory_zeroed(pc->context, sizeof *f);
    if (!f)
        return RTC_ERR_NO_MEMORY;
    atomic_init(&f->references, 2);
    f->job.done = done;
    f->context = rtc_context_ref(pc->context);
    f->mailbox = mailbox_ref(pc->driver.mailbox);
    pthread_mutex_init(&f->lock, NULL);
    f->pc = pc;
    f->transceiver = t;
    *out = f;
    return RTC_OK;
}

void track_feedback_detach(struct track_feedback *f)
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
    unref(f);
}
