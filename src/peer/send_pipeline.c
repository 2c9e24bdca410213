/* SPDX-License-Identifier: MIT */
/* The sending pipeline; see send_pipeline.h. The lock guards what the pushing thread, the worker and the connection's thread share;
 * encoding (send_encode.c) and sending happen without it. */
#include "send_pipeline_parts.h"

#include "capabilities.h"
#include "context.h"
#include "peer.h"
#include "references.h"
#include "rtp_allocation.h"
#include "rtp_rate.h"
#include "rtp_sound_rate.h"
#include "transport.h"

#include <math.h>
#include <strings.h>

enum {
    AUDIO_WAITING_MAX = 10, /* pushed stretches of sound */
    DEFAULT_AUDIO_BPS = 48000,
    BACKLOG_MAX_US = 100000, /* of video in the pacer, beyond which pictures are left out */
    BEHIND_MAX_US = 1000000, /* for how long at most */
    BEGINNING_US = 500000    /* after the first picture, in which the session tells who gets how much */
};

void send_item_free(struct send_item *item)
{
    rtc_video_frame_unref(item->video);
    rtc_audio_frame_unref(item->audio);
    rtc_encoded_frame_unref(item->encoded);
}

bool send_ring_push(struct send_ring *r, struct send_item item, uint32_t limit)
{
    if (r->count >= limit)
        return false;
    r->items[(r->first + r->count++) % ENCODED_WAITING_MAX] = item;
    return true;
}

bool send_ring_pop(struct send_ring *r, struct send_item *out)
{
    if (r->count == 0)
        return false;
    *out = r->items[r->first];
    r->first = (r->first + 1) % ENCODED_WAITING_MAX;
    r->count--;
    return true;
}

static void unref(struct send_pipeline *p)
{
    if (!references_drop(&p->references))
        return;
    struct send_item item;
    while (send_ring_pop(&p->shared.in, &item) || send_ring_pop(&p->shared.out, &item))
        send_item_free(&item);
    for (size_t i = 0; i < RTP_ENCODINGS_MAX; i++)
        if (p->worker.encoders[i].encoder)
            p->worker.encoders[i].codec->encoder_free(p->worker.encoders[i].encoder);
    audio_framer_free(p->worker.framer);
    pthread_mutex_destroy(&p->lock);
    context_free(p->context, p);
}

/* ---- On the connection's thread ---- */

/* What waits in the pacer is late by as much; a picture that is left out now makes the next ones come in time. */
static void note_backlog(struct send_pipeline *p, const struct transport *t, rtc_time_t now)
{
    rtc_time_t backlog = rtp_session_backlog(transport_media(t));
    pthread_mutex_lock(&p->lock);
    p->shared.behind_until = backlog > BACKLOG_MAX_US ? now + (backlog < BEHIND_MAX_US ? backlog : BEHIND_MAX_US) - BACKLOG_MAX_US / 2 : 0;
    pthread_mutex_unlock(&p->lock);
}

/* Every frame that was taken is sent or counted. */
static void count_unsent(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->shared.frames_dropped++;
    pthread_mutex_unlock(&p->lock);
}

/* The encoding of a source that knows of one alone. */
static size_t first_active(const struct sent_encodings *sent)
{
    for (size_t i = 0; i < sent->count; i++)
        if (!sent->all[i].settings.inactive)
            return i;
    return 0;
}

/* To the stream of its encoding; RTC_ERR_NOT_FOUND when there is none. */
static int send_frame(struct send_pipeline *p, const struct send_item *item, rtc_time_t now)
{
    struct transport *t = p->pc ? p->transceiver->transport : NULL;
    if (!t)
        return RTC_ERR_INVALID_STATE;
    const struct sent_encodings sent = sender_sent(&p->transceiver->sender);
    uint32_t index = item->layer != LAYER_AS_IT_SAYS ? item->layer : rtc_encoded_frame_simulcast_index(item->encoded);
    if (index == 0 && item->layer == LAYER_AS_IT_SAYS)
        index = (uint32_t)first_active(&sent);
    uint32_t stream = index < sent.count && !sent.all[index].settings.inactive ? sent.all[index].stream : 0;
    return rtp_session_send_frame(transport_media(t), now, stream, item->encoded, item->audio_level, transport_media_out(t));
}

static void send_ready(struct send_pipeline *p, rtc_time_t now)
{
    struct send_item item;
    for (;;) {
        pthread_mutex_lock(&p->lock);
        bool more = send_ring_pop(&p->shared.out, &item);
        pthread_mutex_unlock(&p->lock);
        if (!more)
            return;
        int error = send_frame(p, &item, now);
        if (error)
            count_unsent(p); /* the pacer was full, the section does not send, or the frame is none */
        if (error == RTC_ERR_NO_MEMORY)
            send_pipeline_request_keyframes(
                p, ~0u); /* the peer misses this frame. A frame that may not be sent yet is the session's affair. */
        if (p->pc && p->transceiver->transport && p->kind == RTC_MEDIA_VIDEO)
            note_backlog(p, p->transceiver->transport, now);
        send_item_free(&item);
    }
}

/* With the lock held: the picture that waited, when there is no time for it now; a newer one will come. */
static struct send_item late_picture(struct send_pipeline *p, rtc_time_t now)
{
    struct send_item late = {0};
    if (p->shared.detached || p->shared.in.count == 0 || !p->shared.in.items[p->shared.in.first].video ||
        encode_load_admits_waiting(&p->shared.load, now))
        return late;
    (void)send_ring_pop(&p->shared.in, &late);
    p->shared.frames_dropped++;
    return late;
}

static void done(struct job *job, rtc_time_t now)
{
    struct send_pipeline *p = link_owner(job, struct send_pipeline, job);
    send_ready(p, now);
    pthread_mutex_lock(&p->lock);
    struct send_item late = late_picture(p, now);
    bool again = !p->shared.detached && p->shared.in.count > 0;
    bool gap = p->shared.encoded_lost;
    p->shared.busy = again;
    p->shared.encoded_lost = false;
    pthread_mutex_unlock(&p->lock);
    send_item_free(&late);
    if (gap)
        send_pipeline_request_keyframes(p, ~0u);
    if (p->pc)
        p->pc->output_waits = true;
    if (again)
        executor_submit(context_executor(p->context), p->mailbox, &p->job, now);
    else
        unref(p); /* the job's reference */
}

/* ---- On the pushing thread ---- */

/* With the lock held. While one is being encoded nobody knows what it will take: the next one waits. */
static bool has_time(struct send_pipeline *p, rtc_time_t captured)
{
    return p->shared.busy || encode_load_admits(&p->shared.load, executor_now(context_executor(p->context), captured));
}

/* A picture comes up to an eighth of the interval early: sources are not that exact. */
static bool is_too_early(struct send_layer *layer, rtc_time_t taken)
{
    const struct send_limits *l = &layer->limits;
    double at = (double)taken, interval = l->has_framerate && l->interval_us > layer->fewer_us ? l->interval_us : layer->fewer_us;
    if (!l->has_framerate && interval <= 0)
        return false;
    if ((l->has_framerate && l->interval_us <= 0) || (at + interval / 8 < layer->picture_due && layer->picture_due - at <= 2 * interval))
        return true;
    bool steady = layer->picture_due > 0 && at - layer->picture_due < interval;
    layer->picture_due = (steady ? layer->picture_due : at) + interval;
    return false;
}

/* With the lock held: of those that are to be sent. */
static bool is_smallest(const struct send_pipeline *p, const struct send_layer *layer)
{
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        if (!p->shared.layers[i].limits.inactive && p->shared.layers[i].limits.scale > layer->limits.scale)
            return false;
    return true;
}

/* With the lock held. Before the session has heard how large pictures are it gives equal parts to all encodings, which the smaller ones
 * can begin with: of a larger one the first picture alone would take all that there is. It says in time whether there is enough for that.
 */
static bool is_too_large(const struct send_pipeline *p, const struct send_layer *layer, const rtc_video_frame *picture, rtc_time_t taken)
{
    double pixels = (double)rtc_video_frame_width(picture) * rtc_video_frame_height(picture) / (layer->limits.scale * layer->limits.scale);
    return !is_smallest(p, layer) && layer->stats.width == 0 && layer->limits.max_width == 0 && taken - p->shared.first < BEGINNING_US &&
           layer->bitrate_bps < rtp_least_for((uint32_t)pixels) / 2;
}

/* With the lock held: the encodings that want this picture. */
static uint8_t wanted_layers(struct send_pipeline *p, const rtc_video_frame *picture, rtc_time_t taken)
{
    uint32_t layers = 0;
    p->shared.first = p->shared.first == RTC_TIME_NEVER ? taken : p->shared.first;
    for (uint32_t i = 0; i < p->shared.layer_count; i++) {
        struct send_layer *layer = &p->shared.layers[i];
        bool silent = layer->silent && p->shared.layer_count > 1; /* of a single one `stopped` says so */
        if (!layer->limits.inactive && !silent && !is_too_large(p, layer, picture, taken) && !is_too_early(layer, taken))
            layers |= 1u << i;
    }
    return (uint8_t)layers;
}

/* With the lock held. */
static bool all_inactive(const struct send_pipeline *p)
{
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        if (!p->shared.layers[i].limits.inactive)
            return false;
    return true;
}

/* A raw picture that would not be sent in time. Times that are not of the connection's clock are not compared with it. */
static bool is_late(struct send_pipeline *p, bool encoded, rtc_time_t taken)
{
    bool behind = p->kind == RTC_MEDIA_VIDEO && taken < p->shared.behind_until && p->shared.behind_until - taken <= BEHIND_MAX_US;
    p->shared.late += behind && !encoded;
    return behind && !encoded;
}

static bool is_useless(struct send_pipeline *p, bool encoded, rtc_time_t taken)
{
    return all_inactive(p) || (!encoded && p->shared.stopped) || is_late(p, encoded, taken);
}

/* With the lock held: encoded video begins with a keyframe, and again after it was switched off. */
static bool waits_for_keyframe(struct send_pipeline *p, const rtc_encoded_frame *encoded)
{
    bool inactive = all_inactive(p);
    p->shared.encoded_starts = p->shared.encoded_starts || (inactive && p->kind == RTC_MEDIA_VIDEO);
    if (encoded && p->shared.encoded_starts && !rtc_encoded_frame_keyframe(encoded))
        return true;
    p->shared.encoded_starts = p->shared.encoded_starts && (!encoded || inactive);
    return false;
}

/* With the lock held: whether there is use and time for it. */
static bool is_welcome(struct send_pipeline *p, struct send_item *item, rtc_time_t now)
{
    p->shared.frames_in++;
    if (waits_for_keyframe(p, item->encoded))
        return false;
    if (item->video)
        encode_load_came(&p->shared.load, executor_now(context_executor(p->context), now));
    if (is_useless(p, item->encoded != NULL, now) || (item->video && !has_time(p, now)))
        return false;
    item->layers = item->video ? wanted_layers(p, item->video, now) : 1;
    return item->layers != 0;
}

static void accept(struct send_pipeline *p, struct send_item item, uint32_t limit, rtc_time_t now)
{
    struct send_item old;
    pthread_mutex_lock(&p->lock);
    /* A remote track that is sent on passes its frames encoded, and decoded too while somebody watches it: encoded ones win. */
    p->shared.forwards = p->shared.forwards || item.encoded;
    if (p->shared.detached || (p->shared.forwards && !item.encoded)) {
        pthread_mutex_unlock(&p->lock);
        return;
    }
    if (!is_welcome(p, &item, now)) {
        p->shared.frames_dropped++;
        pthread_mutex_unlock(&p->lock);
        return;
    }
    bool crowded = p->shared.in.count >= limit && send_ring_pop(&p->shared.in, &old);
    p->shared.frames_dropped += crowded;
    p->shared.encoded_lost = p->shared.encoded_lost || (crowded && old.encoded && p->kind == RTC_MEDIA_VIDEO);
    (void)rtc_video_frame_ref(item.video);
    (void)rtc_audio_frame_ref(item.audio);
    (void)rtc_encoded_frame_ref(item.encoded);
    (void)send_ring_push(&p->shared.in, item, ENCODED_WAITING_MAX);
    bool begin = !p->shared.busy;
    p->shared.busy = true;
    if (begin)
        p->job.class = p->kind == RTC_MEDIA_VIDEO && !p->shared.forwards ? JOB_BULK : JOB_PROMPT;
    struct mailbox *mailbox = begin ? mailbox_ref(p->mailbox) : NULL; /* the connection may go as soon as the lock is given back */
    if (begin)
        references_take(&p->references);
    pthread_mutex_unlock(&p->lock);
    if (crowded)
        send_item_free(&old);
    if (begin)
        executor_submit(context_executor(p->context), mailbox, &p->job, now);
    mailbox_unref(mailbox);
}

static void on_video(void *user, rtc_video_frame *frame)
{
    accept(user, (struct send_item){.video = frame}, 1, rtc_video_frame_capture_time_us(frame));
}

static void on_audio(void *user, rtc_audio_frame *frame)
{
    accept(user, (struct send_item){.audio = frame}, AUDIO_WAITING_MAX, rtc_audio_frame_capture_time_us(frame));
}

static void on_encoded(void *user, rtc_encoded_frame *frame)
{
    accept(user, (struct send_item){.encoded = frame, .layer = LAYER_AS_IT_SAYS}, ENCODED_WAITING_MAX,
           rtc_encoded_frame_capture_time_us(frame));
}

static uint32_t room(void *user)
{
    struct send_pipeline *p = user;
    pthread_mutex_lock(&p->lock);
    rtc_time_t now = executor_now(context_executor(p->context), p->shared.load.came);
    bool pictures = p->kind == RTC_MEDIA_VIDEO && !p->shared.forwards;
    uint32_t limit = pictures ? 1 : p->shared.forwards ? ENCODED_WAITING_MAX : AUDIO_WAITING_MAX;
    uint32_t left = p->shared.in.count < limit ? limit - p->shared.in.count : 0;
    if (is_useless(p, p->shared.forwards, now) || (pictures && !p->shared.busy && !encode_load_admits(&p->shared.load, now)))
        left = 0;
    pthread_mutex_unlock(&p->lock);
    return left;
}

static void released(void *user)
{
    unref(user); /* the consumer's reference */
}

/* Before the session has said anything: an equal part for each encoding. */
static uint32_t first_bitrate(const rtc_peer_connection *pc, const rtc_rtp_transceiver *t, size_t encoding)
{
    const struct sent_encodings sent = sender_sent(&t->sender);
    if (sent.all[encoding].target_bitrate_bps)
        return sent.all[encoding].target_bitrate_bps;
    if (t->kind == RTC_MEDIA_AUDIO)
        return DEFAULT_AUDIO_BPS;
    uint32_t start = pc->settings.start_bitrate_bps ? pc->settings.start_bitrate_bps : RTP_RATE_START_BPS;
    return (start < pc->settings.max_bitrate_bps ? start : pc->settings.max_bitrate_bps) / (uint32_t)sent.count;
}

/* What of pictures goes down when there is too little for all of it: what the application says, else what the track is said to show
 * (mst-content-hint 4). Of text and other detail fewer pictures are better than smaller ones. */
static void choose_degradation(struct send_limits *limits, const rtc_rtp_sender *sender)
{
    rtc_content_hint hint = sender->track ? rtc_media_stream_track_content_hint(sender->track) : RTC_CONTENT_HINT_NONE;
    bool detail = hint == RTC_CONTENT_HINT_DETAIL || hint == RTC_CONTENT_HINT_TEXT;
    rtc_degradation_preference preference = sender->degradation_preference;
    if (!sender->has_degradation_preference)
        preference = detail ? RTC_DEGRADATION_MAINTAIN_RESOLUTION : RTC_DEGRADATION_MAINTAIN_FRAMERATE;
    bool several = sender_sent(sender).count > 1;
    limits->keeps_size =
        several || preference == RTC_DEGRADATION_MAINTAIN_RESOLUTION || preference == RTC_DEGRADATION_MAINTAIN_FRAMERATE_AND_RESOLUTION;
    limits->sends_fewer = !several && (preference == RTC_DEGRADATION_MAINTAIN_RESOLUTION || preference == RTC_DEGRADATION_BALANCED);
}

/* As the application says, else one; of several encodings three, as in browsers: whoever forwards one of them may then forward a part of
 * it. */
static uint32_t temporal_layers_of(const struct sent_encodings *sent, size_t encoding, const rtc_rtp_sender *sender)
{
    const struct sender_encoding *e = &sent->all[encoding];
    const rtc_rtp_transceiver *t = link_owner((uintptr_t)sender, rtc_rtp_transceiver, sender);
    uint32_t most = capabilities_temporal_layers(t->context, t->kind, e->codec.name);
    uint32_t wished = e->settings.temporal_layers ? e->settings.temporal_layers : sent->count > 1 ? CODEC_TEMPORAL_LAYERS_MAX : 1;
    return wished < most ? wished : most;
}

/* Of several encodings each keeps its size, and all their pictures: who receives them chooses between sizes. A rate without end asks for
 * nothing. */
static struct send_limits limits_of(const rtc_rtp_sender *sender, size_t encoding)
{
    const double longest_us = 1e15; /* with which there is still reckoning */
    const struct sent_encodings sent = sender_sent(sender);
    const struct encoding_settings *s = &sent.all[encoding].settings;
    const struct jsep_rid_limits *peers = &sent.all[encoding].limits;
    double interval = s->max_framerate > 0 ? fmin(1e6 / s->max_framerate, longest_us) : 0,
           least = peers->max_fps > 0 ? 1e6 / peers->max_fps : 0;
    bool never = s->has_max_framerate && s->max_framerate == 0;
    struct send_limits limits = {
        .inactive = s->inactive,
        .scale = s->scale_resolution_down_by >= 1 ? s->scale_resolution_down_by : 1,
        .max_width = s->max_width,
        .max_height = s->max_height,
        .peers_width = peers->max_width,
        .peers_height = peers->max_height,
        .temporal_layers = temporal_layers_of(&sent, encoding, sender),
        .has_framerate = never || interval > 0 || least > 0,
        .interval_us = never || interval > least ? interval : least,
    };
    choose_degradation(&limits, sender);
    return limits;
}

/* With the lock held, or before anybody else sees it: an encoding as its sender has it, when it begins. */
static void begin_layer(struct send_pipeline *p, size_t i)
{
    const struct sender_encoding *e = &sender_sent(&p->transceiver->sender).all[i];
    struct send_layer *layer = &p->shared.layers[i];
    *layer = (struct send_layer){.keyframe_wanted = true,
                                 .silent = e->target_told && e->target_bitrate_bps == 0,
                                 .codec = e->codec,
                                 .bitrate_bps = first_bitrate(p->pc, p->transceiver, i),
                                 .loss_percent = e->target_told ? e->loss_percent : RTP_SOUND_LOSS_PERCENT,
                                 .packet_ms = e->target_told ? e->packet_ms : RTP_SOUND_PACKET_MS,
                                 .limits = limits_of(&p->transceiver->sender, i)};
    layer->stats.bitrate_bps = layer->bitrate_bps;
    text_copy(layer->rid, sizeof layer->rid, e->rtp.rid);
}

/* With the lock held. */
static uint32_t whole_bitrate(const struct send_pipeline *p)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        sum += p->shared.layers[i].silent ? 0 : p->shared.layers[i].bitrate_bps;
    return sum;
}

int send_pipeline_prepare(rtc_peer_connection *pc, rtc_media_kind kind, struct send_pipeline **out)
{
    static const struct media_consumer_ops ops = {on_video, on_audio, on_encoded, released, room};
    if (!context_executor(pc->context))
        return RTC_ERR_OPERATION;
    struct send_pipeline *p = memory_zeroed(pc->context, sizeof *p);
    int error = p ? media_consumer_new(pc->context, &ops, p, &p->consumer) : RTC_ERR_NO_MEMORY;
    if (error) {
        memory_free(pc->context, p);
        return error;
    }
    atomic_init(&p->references, 1);
    p->job.run = send_pipeline_encode;
    p->job.done = done;
    p->context = rtc_context_ref(pc->context);
    p->kind = kind;
    p->mailbox = pc->driver.mailbox;
    pthread_mutex_init(&p->lock, NULL);
    p->shared.encoded_starts = kind == RTC_MEDIA_VIDEO;
    p->shared.first = RTC_TIME_NEVER;
    p->worker.frame_rate = DEFAULT_FRAME_RATE;
    p->worker.channels = 1;
    p->pc = pc;
    *out = p;
    return RTC_OK;
}

void send_pipeline_discard(struct send_pipeline *p)
{
    if (!p)
        return;
    media_consumer_discard(p->context, p->consumer);
    unref(p);
}

void send_pipeline_start(struct send_pipeline *p, rtc_rtp_transceiver *t)
{
    p->transceiver = t;
    p->shared.layer_count = (uint32_t)sender_sent(&t->sender).count;
    for (size_t i = 0; i < p->shared.layer_count; i++)
        begin_layer(p, i);
    send_pipeline_adopt_layout(p);
    p->shared.stopped = sender_is_stopped(&t->sender);
    p->track = rtc_media_stream_track_ref(t->sender.track);
    references_take(&p->references);
    media_track_attach_consumer(p->track, p->consumer);
    if (p->kind == RTC_MEDIA_VIDEO) /* whoever sends on what is under way already must begin with one */
        media_track_request_keyframe(p->track);
    media_track_set_bitrate(p->track, p->consumer, whole_bitrate(p));
}

/* What still waits is not sent any more; nor is what a worker has at this moment, whose result nobody takes: nor does it count from now on.
 */
static void give_up_waiting(struct send_pipeline *p)
{
    struct send_item item;
    pthread_mutex_lock(&p->lock);
    p->shared.detached = true;
    p->shared.frames_dropped += p->shared.in.count + p->shared.in_work + p->shared.out.count;
    pthread_mutex_unlock(&p->lock);
    for (;;) { /* references go without the lock: the last one calls whom the frame belongs to */
        pthread_mutex_lock(&p->lock);
        bool more = send_ring_pop(&p->shared.in, &item) || send_ring_pop(&p->shared.out, &item);
        pthread_mutex_unlock(&p->lock);
        if (!more)
            return;
        send_item_free(&item);
    }
}

void send_pipeline_end(struct send_pipeline *p)
{
    if (!p)
        return;
    give_up_waiting(p);
    rtc_rtp_sender *sender = &p->transceiver->sender;
    for (size_t i = 0; i < sender_sent(sender).count; i++)
        send_pipeline_sum(p, i, &sender->encodings[i].past);
    media_track_remove_consumer(p->track, p->consumer);
    rtc_media_stream_track_unref(p->track);
    p->track = NULL;
    p->pc = NULL;
    p->transceiver = NULL;
    unref(p);
}

void send_pipeline_request_keyframes(struct send_pipeline *p, uint32_t encodings)
{
    pthread_mutex_lock(&p->lock);
    for (uint32_t i = 0; i < p->shared.layer_count; i++)
        if (encodings >> i & 1)
            p->shared.layers[i].keyframe_wanted = true;
    pthread_mutex_unlock(&p->lock);
    if (p->pc && p->transceiver->transport && p->kind == RTC_MEDIA_VIDEO) /* what waited may have been given up for it */
        note_backlog(p, p->transceiver->transport, p->pc->now);
    if (p->track)
        media_track_request_keyframe(p->track);
}

void send_pipeline_flush(struct send_pipeline *p, rtc_time_t now)
{
    if (p)
        send_ready(p, now);
}

/* Its numbers are RTP's affair. */
static bool is_same_codec(const struct jsep_codec *a, const struct jsep_codec *b)
{
    return strcasecmp(a->name, b->name) == 0 && a->clock_rate == b->clock_rate && a->channels == b->channels &&
           strcmp(a->fmtp, b->fmtp) == 0;
}

/* With the lock held. */
static bool is_same_layout(const struct send_pipeline *p)
{
    const struct sent_encodings sent = sender_sent(&p->transceiver->sender);
    bool same = p->shared.layer_count == sent.count;
    for (uint32_t i = 0; same && i < p->shared.layer_count; i++)
        same = strcmp(p->shared.layers[i].rid, sent.all[i].rtp.rid) == 0;
    return same;
}

/* With the lock held: encodings that were there before keep what they counted. */
static void change_layout(struct send_pipeline *p)
{
    struct send_layer before[RTP_ENCODINGS_MAX];
    uint32_t count = p->shared.layer_count;
    memcpy(before, p->shared.layers, sizeof before);
    p->shared.layer_count = (uint32_t)sender_sent(&p->transceiver->sender).count;
    p->shared.layout++;
    for (uint32_t i = 0; i < p->shared.layer_count; i++) {
        begin_layer(p, i);
        for (uint32_t k = 0; k < count; k++)
            if (strcmp(before[k].rid, p->shared.layers[i].rid) == 0)
                p->shared.layers[i].stats = before[k].stats;
    }
}

/* With the lock held. True: an encoding of pictures that was switched off is on again, which begins with a keyframe. */
static bool follow_limits(struct send_pipeline *p)
{
    bool any = false;
    for (uint32_t i = 0; i < p->shared.layer_count && i < sender_sent(&p->transceiver->sender).count; i++) {
        struct send_layer *layer = &p->shared.layers[i];
        struct send_limits limits = limits_of(&p->transceiver->sender, i);
        bool again = layer->limits.inactive && !limits.inactive && p->kind == RTC_MEDIA_VIDEO;
        layer->keyframe_wanted = layer->keyframe_wanted || again;
        layer->bitrate_changed =
            layer->bitrate_changed || layer->limits.temporal_layers != limits.temporal_layers; /* told with the rates */
        layer->limits = limits;
        layer->picture_due = 0;
        any = any || again;
    }
    return any;
}

void send_pipeline_follow_encodings(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    if (!is_same_layout(p))
        change_layout(p);
    for (uint32_t i = 0; i < p->shared.layer_count; i++) {
        struct send_layer *layer = &p->shared.layers[i];
        const struct jsep_codec *codec = &sender_sent(&p->transceiver->sender).all[i].codec;
        layer->codec_changed = layer->codec_changed || !is_same_codec(&layer->codec, codec);
        layer->codec = *codec;
    }
    p->shared.stopped = sender_is_stopped(&p->transceiver->sender);
    bool again = follow_limits(p); /* the peer's may be others */
    pthread_mutex_unlock(&p->lock);
    if (again && p->track)
        media_track_request_keyframe(p->track);
}

void send_pipeline_follow_settings(struct send_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    bool again = follow_limits(p);
    pthread_mutex_unlock(&p->lock);
    if (again && p->track)
        media_track_request_keyframe(p->track);
}

void send_pipeline_set_stopped(struct send_pipeline *p, bool stopped)
{
    pthread_mutex_lock(&p->lock);
    p->shared.stopped = stopped;
    pthread_mutex_unlock(&p->lock);
}

void send_pipeline_set_bitrate(struct send_pipeline *p, size_t encoding, uint32_t bitrate_bps, uint8_t loss_percent, uint8_t packet_ms)
{
    pthread_mutex_lock(&p->lock);
    if (encoding >= p->shared.layer_count) { /* it begins with what its sender knows */
        pthread_mutex_unlock(&p->lock);
        return;
    }
    struct send_layer *layer = &p->shared.layers[encoding];
    bool again = layer->silent && bitrate_bps > 0;
    if (bitrate_bps > 0) { /* stopped: what was last encoded with is as good as anything */
        layer->bitrate_changed = layer->bitrate_changed || bitrate_bps != layer->bitrate_bps;
        layer->bitrate_bps = bitrate_bps;
    }
    layer->silent = bitrate_bps == 0;
    layer->bitrate_changed = layer->bitrate_changed || (p->kind == RTC_MEDIA_AUDIO && loss_percent != layer->loss_percent);
    layer->loss_percent = loss_percent;
    layer->packet_ms = packet_ms;
    if (p->transceiver) /* what the track is said to show may have changed */
        choose_degradation(&layer->limits, &p->transceiver->sender);
    if (layer->silent && p->shared.layer_count > 1 && p->pc)
        quality_limitation_set(&layer->stats.limitation, QUALITY_BANDWIDTH, p->pc->now);
    layer->keyframe_wanted = layer->keyframe_wanted || (again && p->shared.layer_count > 1);
    layer->stats.bitrate_bps = bitrate_bps;
    uint32_t whole = whole_bitrate(p);
    pthread_mutex_unlock(&p->lock);
    if (p->track)
        media_track_set_bitrate(p->track, p->consumer, whole > 0 ? whole : RTP_RATE_MIN_BPS);
}

static struct send_pipeline_stats own_stats(struct send_pipeline *p, size_t encoding)
{
    pthread_mutex_lock(&p->lock);
    struct send_pipeline_stats own = {0};
    if (encoding < p->shared.layer_count)
        own = p->shared.layers[encoding].stats;
    if (encoding == 0) {
        own.frames_in = p->shared.frames_in;
        own.frames_dropped += p->shared.frames_dropped;
    }
    pthread_mutex_unlock(&p->lock);
    return own;
}

void send_pipeline_sum(struct send_pipeline *p, size_t encoding, struct send_pipeline_stats *sum)
{
    if (!p)
        return;
    struct send_pipeline_stats own = own_stats(p, encoding);
    own.frames_in += sum->frames_in;
    own.frames_dropped += sum->frames_dropped;
    own.frames_encoded += sum->frames_encoded;
    own.key_frames_encoded += sum->key_frames_encoded;
    own.total_encode_time_us += sum->total_encode_time_us;
    own.quantizers += sum->quantizers;
    own.quantized += sum->quantized;
    own.huge_frames += sum->huge_frames;
    own.encoded_bytes_target += sum->encoded_bytes_target;
    if (p->pc)
        quality_limitation_until(&own.limitation, p->pc->now);
    for (int i = 0; i < QUALITY_REASONS; i++)
        own.limitation.durations[i] += sum->limitation.durations[i];
    own.resolution_changes += sum->resolution_changes;
    own.width = own.width ? own.width : sum->width;
    own.height = own.height ? own.height : sum->height;
    *sum = own;
}
