/* SPDX-License-Identifier: MIT */
/* Random calls, legal and illegal, on two connections that negotiate as webrtc-pc 10.7 shows (perfect negotiation), over a network that
 * loses packets and with offers that cross. In the end both are stable and agree: on sections, directions, payload types, credentials and
 * what is rejected; every reliable message came once and in order; nothing is left in memory. Each run repeats from its seed, which is
 * printed when it fails. Arguments: how many seeds, and the first. */
#include "peer_scene.h"

#include "agreement.h"

#include "../monkey.h"
#include "../unit/counting_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SEEDS = 40, STEPS = 50, TRANSCEIVERS_MAX = 7, PIPES = 6, MESSAGES_MAX = 40, ENDS = 2 * PIPES + 1 /* one is negotiated */ };

/* A message of the signalling, which keeps their order. */
struct letter {
    struct letter *next;
    rtc_time_t at;
    rtc_sdp_type type; /* NONE: a candidate */
    char *text, *mid;
};

struct side;
/* One side's end of a reliable channel. Both ends have the same place in their side's array, which the label says. */
struct end {
    struct side *side;
    int place;
    rtc_data_channel *channel; /* a reference */
    uint32_t sent, came;
    bool closed; /* by somebody */
};

struct side {
    int index;
    bool polite;
    rtc_peer_connection *pc;
    struct letter *letters; /* on their way to this side */
    rtc_time_t last;        /* when the latest of them comes */
    bool ignores;           /* the peer's offer, and its candidates */
    struct end ends[ENDS];
    int pipes; /* that it opened */
};

static struct {
    struct sim_peers p;
    struct monkey media;
    struct side side[2];
    uint64_t seed, random;
    bool over; /* a side hung up: nobody hears anything any more */
    uint64_t offers, collisions, messages, rolled_back, provisional, refused, agreed;
} w;
static uint64_t seeds = SEEDS, first_seed = 1;

static uint32_t dice(uint32_t below)
{
    return monkey_random(&w.random, below);
}

/* What the rules of the game do not let fail. */
static void must(const struct side *s, int error, const char *what)
{
    if (error)
        fail_msg("seed %llu, side %d: %s: %s: %s", (unsigned long long)w.seed, s->index, what, rtc_error_name(error),
                 rtc_peer_connection_last_error(s->pc));
}

#define AGREE(is)                                                               \
    do {                                                                        \
        if (!(is))                                                              \
            fail_msg("seed %llu: not so: %s", (unsigned long long)w.seed, #is); \
    } while (0)

/* ---- Signalling ---- */

static void post(struct side *from, rtc_sdp_type type, const char *text, const char *mid)
{
    if (w.over)
        return;
    struct side *to = &w.side[1 - from->index];
    struct letter *l = calloc(1, sizeof *l), **place = &to->letters;
    assert_non_null(l);
    l->at = w.p.now + (rtc_time_t)dice(60) * MS;
    l->at = l->at > to->last ? l->at : to->last;
    to->last = l->at;
    l->type = type;
    l->text = strdup(text);
    l->mid = mid ? strdup(mid) : NULL;
    while (*place)
        place = &(*place)->next;
    *place = l;
}

static void free_letter(struct letter *l)
{
    free(l->text);
    free(l->mid);
    free(l);
}

static void describe(struct side *s)
{
    rtc_sdp_type type;
    must(s, rtc_peer_connection_set_local_description(s->pc, RTC_SDP_NONE, NULL), "set_local_description");
    const char *sdp = rtc_peer_connection_local_description(s->pc, &type);
    assert_non_null(sdp);
    w.offers += type == RTC_SDP_OFFER;
    post(s, type, sdp, NULL);
}

/* An offer that nobody heard of is taken back; what it was made for is asked for again. */
static void roll_back_own(struct side *s)
{
    if (rtc_peer_connection_signaling_state(s->pc) != RTC_SIGNALING_STABLE)
        return;
    must(s, rtc_peer_connection_set_local_description(s->pc, RTC_SDP_OFFER, NULL), "an offer to be rolled back");
    must(s, rtc_peer_connection_set_local_description(s->pc, RTC_SDP_ROLLBACK, NULL), "rollback of ours");
    w.rolled_back++;
}

static void take_description(struct side *s, const struct letter *l)
{
    bool collides = l->type == RTC_SDP_OFFER && rtc_peer_connection_signaling_state(s->pc) != RTC_SIGNALING_STABLE;
    w.collisions += collides;
    s->ignores = collides && !s->polite;
    if (s->ignores)
        return;
    must(s, rtc_peer_connection_set_remote_description(s->pc, l->type, l->text), rtc_sdp_type_name(l->type));
    if (l->type != RTC_SDP_OFFER)
        return;
    if (dice(8) == 0) {
        must(s, rtc_peer_connection_set_remote_description(s->pc, RTC_SDP_ROLLBACK, ""), "rollback of the peer's");
        must(s, rtc_peer_connection_set_remote_description(s->pc, l->type, l->text), "the offer again");
        w.rolled_back++;
    }
    if (dice(5) == 0) {
        must(s, rtc_peer_connection_set_local_description(s->pc, RTC_SDP_PRANSWER, NULL), "pranswer");
        post(s, RTC_SDP_PRANSWER, rtc_peer_connection_local_description(s->pc, NULL), NULL);
        w.provisional++;
    }
    describe(s);
}

static void take_candidate(struct side *s, const struct letter *l)
{
    const rtc_ice_candidate_init init = {.size = sizeof init, .candidate = l->text, .sdp_mid = l->mid};
    int error = rtc_peer_connection_add_ice_candidate(s->pc, &init);
    if (!s->ignores)
        must(s, error, l->text);
}

static void on_step(struct sim_peers *p, void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++)
        while (w.side[i].letters && w.side[i].letters->at <= p->now) {
            struct letter *l = w.side[i].letters;
            w.side[i].letters = l->next;
            if (l->type == RTC_SDP_NONE)
                take_candidate(&w.side[i], l);
            else
                take_description(&w.side[i], l);
            free_letter(l);
        }
}

static rtc_time_t next_step(struct sim_peers *p, void *user)
{
    rtc_time_t at = RTC_TIME_NEVER;
    (void)p;
    (void)user;
    for (int i = 0; i < 2; i++)
        if (w.side[i].letters && w.side[i].letters->at < at)
            at = w.side[i].letters->at;
    return at;
}

static void on_needed(rtc_peer_connection *pc, void *user)
{
    AGREE(rtc_peer_connection_signaling_state(pc) == RTC_SIGNALING_STABLE);
    describe(user);
}

static void on_candidate(rtc_peer_connection *pc, void *user, const rtc_ice_candidate *candidate)
{
    (void)pc;
    if (candidate)
        post(user, RTC_SDP_NONE, candidate->candidate, candidate->sdp_mid);
}

/* ---- Channels ---- */

static void on_message(rtc_data_channel *channel, void *user, bool text, const void *data, size_t len)
{
    struct end *e = user;
    uint32_t number;
    (void)channel;
    AGREE(!text && len >= sizeof number);
    memcpy(&number, data, sizeof number);
    AGREE(number == e->came);
    e->came++;
    w.messages++;
}

static void on_close(rtc_data_channel *channel, void *user)
{
    struct end *e = user;
    (void)channel;
    AGREE(e->closed || w.side[1 - e->side->index].ends[e->place].closed); /* none closes by itself */
}

static const rtc_data_channel_callbacks channel_callbacks = {
    .size = sizeof channel_callbacks, .on_message = on_message, .on_close = on_close};

static void keep_channel(struct side *s, int place, rtc_data_channel *channel)
{
    struct end *e = &s->ends[place];
    AGREE(!e->channel);
    *e = (struct end){.side = s, .place = place, .channel = channel};
    must(s, rtc_data_channel_set_callbacks(channel, &channel_callbacks, e), "callbacks");
}

static void on_channel(rtc_peer_connection *pc, void *user, rtc_data_channel *channel)
{
    size_t len;
    const char *label = rtc_data_channel_label(channel, &len);
    (void)pc;
    if (len == 5 && memcmp(label, "lossy", 5) == 0)
        return;
    AGREE(len == 1);
    keep_channel(user, label[0] - 'a', rtc_data_channel_ref(channel));
}

static void open_channel(struct side *s)
{
    rtc_data_channel *channel;
    if (s->pipes == PIPES || w.over)
        return;
    int place = s->index * PIPES + s->pipes++;
    const char label = (char)('a' + place);
    must(s, rtc_peer_connection_create_data_channel(s->pc, &label, 1, NULL, &channel), "create_data_channel");
    keep_channel(s, place, channel);
}

/* One that both make, with an id that they agreed on without the library. */
static void open_negotiated(struct side *s)
{
    rtc_data_channel *channel;
    const rtc_data_channel_init init = {.size = sizeof init, .negotiated = true, .id = 200, .unordered = false};
    must(s, rtc_peer_connection_create_data_channel(s->pc, "both", 4, &init, &channel), "a negotiated channel");
    keep_channel(s, 2 * PIPES, channel);
}

/* Nobody counts what comes by these; the peer's end is not kept. */
static void open_lossy(struct side *s)
{
    rtc_data_channel *channel;
    const rtc_data_channel_init init = {.size = sizeof init, .unordered = dice(2) == 0, .has_max_retransmits = true};
    if (dice(4) != 0 || w.over)
        return;
    must(s, rtc_peer_connection_create_data_channel(s->pc, "lossy", 5, &init, &channel), "a lossy channel");
    rtc_data_channel_unref(channel);
}

static struct end *some_end(struct side *s)
{
    int from = (int)dice(ENDS);
    for (int i = 0; i < ENDS; i++)
        if (s->ends[(from + i) % ENDS].channel)
            return &s->ends[(from + i) % ENDS];
    return NULL;
}

static void send(struct side *s)
{
    static uint8_t bytes[3000];
    struct end *e = some_end(s);
    for (uint32_t n = dice(6); e && n > 0 && e->sent < MESSAGES_MAX; n--) {
        memcpy(bytes, &e->sent, sizeof e->sent);
        bool open = rtc_data_channel_ready_state(e->channel) == RTC_DATA_CHANNEL_OPEN;
        int error = rtc_data_channel_send(e->channel, bytes, sizeof e->sent + dice(sizeof bytes - sizeof e->sent));
        AGREE(open == !error);
        e->sent += !error;
    }
}

static void close_channel(struct side *s)
{
    struct end *e = some_end(s);
    if (!e || dice(3) != 0)
        return;
    e->closed = true;
    rtc_data_channel_close(e->channel);
}

/* ---- Media ---- */

static rtc_rtp_transceiver *some_transceiver(struct side *s)
{
    size_t count = rtc_peer_connection_transceiver_count(s->pc);
    return count > 0 ? rtc_peer_connection_transceiver(s->pc, dice((uint32_t)count)) : NULL;
}

static bool is_stopped(const rtc_rtp_transceiver *t)
{
    return rtc_rtp_transceiver_direction(t) == RTC_DIRECTION_STOPPED;
}

static rtc_media_stream_track *new_track(void)
{
    rtc_media_stream_track *track;
    assert_int_equal(rtc_media_stream_track_new(w.media.sources[dice(MONKEY_SOURCES)], &track), RTC_OK);
    return track;
}

static void add_track(struct side *s)
{
    if (rtc_peer_connection_transceiver_count(s->pc) >= TRANSCEIVERS_MAX)
        return;
    rtc_media_stream_track *track = new_track();
    must(s, rtc_peer_connection_add_track(s->pc, track, NULL, 0, NULL), "add_track");
    rtc_media_stream_track_unref(track);
}

static void add_transceiver(struct side *s)
{
    rtc_media_kind kind = dice(2) ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO;
    rtc_rtp_encoding_parameters layers[3], *all[3];
    static const char *const rids[3] = {"q", "h", "f"};
    for (int i = 0; i < 3; i++) {
        layers[i] = (rtc_rtp_encoding_parameters){.size = sizeof layers[i], .rid = rids[i]};
        all[i] = &layers[i];
    }
    const rtc_rtp_transceiver_init init = {.size = sizeof init,
                                           .has_direction = true,
                                           .direction = (rtc_rtp_direction)dice(4),
                                           .send_encodings = all,
                                           .send_encoding_count = kind == RTC_MEDIA_VIDEO && dice(4) == 0 ? 3 : 0};
    if (rtc_peer_connection_transceiver_count(s->pc) >= TRANSCEIVERS_MAX)
        return;
    rtc_media_stream_track *track = dice(2) ? new_track() : NULL;
    bool fits = !track || rtc_media_stream_track_kind(track) == kind;
    int error = rtc_peer_connection_add_transceiver(s->pc, kind, fits ? track : NULL, &init, NULL);
    rtc_media_stream_track_unref(track);
    must(s, error, "add_transceiver");
}

static void remove_track(struct side *s)
{
    rtc_rtp_transceiver *t = some_transceiver(s);
    if (t && !is_stopped(t))
        must(s, rtc_peer_connection_remove_track(s->pc, rtc_rtp_transceiver_sender(t)), "remove_track");
}

static void replace_track(struct side *s)
{
    rtc_rtp_transceiver *t = some_transceiver(s);
    if (!t || is_stopped(t))
        return;
    rtc_media_stream_track *track = dice(3) ? new_track() : NULL;
    bool fits = !track || rtc_media_stream_track_kind(track) == rtc_rtp_transceiver_kind(t);
    int error = rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(t), track);
    AGREE(error == (fits ? RTC_OK : RTC_ERR_TYPE));
    rtc_media_stream_track_unref(track);
}

static void set_direction(struct side *s)
{
    rtc_rtp_transceiver *t = some_transceiver(s);
    if (t && !is_stopped(t))
        must(s, rtc_rtp_transceiver_set_direction(t, (rtc_rtp_direction)dice(4)), "set_direction");
}

static void stop(struct side *s)
{
    rtc_rtp_transceiver *t = dice(3) == 0 ? some_transceiver(s) : NULL;
    if (t)
        must(s, rtc_rtp_transceiver_stop(t), "stop");
}

/* The peer may prefer others, or nothing that we have: then the section is rejected, which both see. */
static void prefer_codecs(struct side *s)
{
    const rtc_rtp_codec *wanted[16];
    rtc_rtp_capabilities *all;
    rtc_rtp_transceiver *t = some_transceiver(s);
    if (!t || is_stopped(t))
        return;
    must(s, rtc_rtp_receiver_get_capabilities(w.p.context, rtc_rtp_transceiver_kind(t), &all), "get_capabilities");
    size_t count = all->codec_count < COUNT(wanted) ? all->codec_count : COUNT(wanted), from = dice((uint32_t)count);
    for (size_t i = 0; i < count; i++)
        wanted[i] = all->codecs[(from + i) % count];
    must(s, rtc_rtp_transceiver_set_codec_preferences(t, wanted, dice(4) ? count : 0), "set_codec_preferences");
    rtc_rtp_capabilities_free(all);
}

static void set_parameters(struct side *s)
{
    rtc_rtp_parameters *p;
    rtc_rtp_transceiver *t = some_transceiver(s);
    if (!t || is_stopped(t))
        return;
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(t);
    must(s, rtc_rtp_sender_get_parameters(sender, &p), "get_parameters");
    for (size_t i = 0; i < p->encoding_count; i++) {
        p->encodings[i]->inactive = dice(4) == 0;
        p->encodings[i]->has_max_bitrate = dice(2) == 0;
        p->encodings[i]->max_bitrate_bps = 20000 + dice(1000000);
    }
    must(s, rtc_rtp_sender_set_parameters(sender, p), "set_parameters");
    rtc_rtp_parameters_free(p);
}

static void set_streams(struct side *s)
{
    rtc_media_stream *streams[3] = {NULL};
    rtc_rtp_transceiver *t = some_transceiver(s);
    size_t count = dice(COUNT(streams) + 1);
    if (!t || is_stopped(t))
        return;
    for (size_t i = 0; i < count; i++)
        must(s, rtc_media_stream_new(w.p.context, NULL, &streams[i]), "a stream");
    must(s, rtc_rtp_sender_set_streams(rtc_rtp_transceiver_sender(t), streams, count), "set_streams");
    for (size_t i = 0; i < count; i++)
        rtc_media_stream_unref(streams[i]);
}

/* Legal while the sender may send. */
static void insert_tones(struct side *s)
{
    rtc_rtp_transceiver *t = some_transceiver(s);
    rtc_dtmf_sender *dtmf = t ? rtc_rtp_sender_dtmf(rtc_rtp_transceiver_sender(t)) : NULL;
    if (!dtmf)
        return;
    bool can = rtc_dtmf_sender_can_insert(dtmf);
    AGREE((rtc_dtmf_sender_insert(dtmf, dice(2) ? "12#,A" : "", 70, 40) == RTC_OK) == (can && !is_stopped(t)));
}

static void configure(struct side *s)
{
    rtc_configuration c = *rtc_peer_connection_get_configuration(s->pc);
    c.max_bitrate_bps = 100000 + dice(1000000);
    must(s, rtc_peer_connection_set_configuration(s->pc, &c), "set_configuration");
    c.bundle_policy = (rtc_bundle_policy)((c.bundle_policy + 1) % 3);
    AGREE(rtc_peer_connection_set_configuration(s->pc, &c) == RTC_ERR_INVALID_MODIFICATION);
}

/* What is made and never set changes nothing. */
static void create(struct side *s)
{
    const char *sdp;
    const rtc_offer_options options = {.size = sizeof options, .ice_restart = dice(2) == 0};
    rtc_signaling_state state = rtc_peer_connection_signaling_state(s->pc);
    bool offers = state == RTC_SIGNALING_STABLE || state == RTC_SIGNALING_HAVE_LOCAL_OFFER;
    bool answers = state == RTC_SIGNALING_HAVE_REMOTE_OFFER || state == RTC_SIGNALING_HAVE_LOCAL_PRANSWER;
    AGREE((rtc_peer_connection_create_offer_with(s->pc, &options, &sdp) == RTC_OK) == offers);
    AGREE((rtc_peer_connection_create_answer(s->pc, &sdp) == RTC_OK) == answers);
}

/* What an application may want of a receiver, which its peer hears nothing of. */
static void tune_receiver(struct side *s)
{
    rtc_rtp_transceiver *t = some_transceiver(s);
    double target = dice(300);
    if (!t || is_stopped(t))
        return;
    rtc_rtp_receiver *r = rtc_rtp_transceiver_receiver(t);
    must(s, rtc_rtp_receiver_set_jitter_buffer_target_ms(r, dice(3) ? &target : NULL), "a target");
    (void)rtc_rtp_receiver_request_keyframe(r);
    (void)rtc_rtp_receiver_select_rid(r, dice(2) ? "q" : NULL);
}

static void restart(struct side *s)
{
    if (dice(3) == 0)
        must(s, rtc_peer_connection_restart_ice(s->pc), "restart_ice");
}

/* ---- What is refused, and changes nothing ---- */

static void blunder(struct side *s)
{
    static const char *const texts[] = {"", "v=0\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
                                        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video"};
    const char *text = texts[dice(COUNT(texts))];
    const rtc_ice_candidate_init nobodys = {
        .size = sizeof nobodys, .candidate = "candidate:1 1 udp 1 10.0.0.9 9 typ host", .sdp_mid = "nobody"};
    rtc_signaling_state before = rtc_peer_connection_signaling_state(s->pc);
    rtc_rtp_transceiver *t = some_transceiver(s);
    int error = RTC_ERR_TYPE;
    switch (dice(6)) {
    case 0:
        error = rtc_peer_connection_set_remote_description(s->pc, RTC_SDP_ANSWER, text);
        break;
    case 1:
        error = before == RTC_SIGNALING_STABLE ? rtc_peer_connection_set_local_description(s->pc, RTC_SDP_ANSWER, NULL) : error;
        break;
    case 2:
        error = before == RTC_SIGNALING_STABLE ? rtc_peer_connection_set_local_description(s->pc, RTC_SDP_ROLLBACK, NULL) : error;
        break;
    case 3:
        error = rtc_peer_connection_add_ice_candidate(s->pc, &nobodys);
        break;
    case 4:
        error = rtc_peer_connection_set_local_description(s->pc, RTC_SDP_OFFER, text[0] ? text : "x");
        break;
    default:
        error = t ? rtc_rtp_transceiver_set_direction(t, (rtc_rtp_direction)9) : error;
        break;
    }
    AGREE(error < 0);
    AGREE(rtc_peer_connection_signaling_state(s->pc) == before);
    w.refused++;
}

static void look(struct side *s)
{
    rtc_stats_report *report;
    must(s, rtc_peer_connection_get_stats(s->pc, &report), "get_stats");
    rtc_stats_report_unref(report);
    assert_non_null(rtc_peer_connection_explain(s->pc));
}

static void act(struct side *s)
{
    static void (*const things[])(struct side *) = {
        prefer_codecs, set_parameters, add_track,     add_track,     add_transceiver,
        remove_track,  replace_track,  set_direction, set_direction, stop,
        restart,       open_channel,   send,          send,          send,
        close_channel, blunder,        roll_back_own, look,          set_streams,
        insert_tones,  configure,      create,        tune_receiver, open_lossy,
    };
    things[dice(COUNT(things))](s);
}

static void compare_channels(void)
{
    for (int place = 0; place < ENDS; place++) {
        const struct end *a = &w.side[0].ends[place], *b = &w.side[1].ends[place];
        if (a->closed || b->closed) /* what was on its way to who closed is nobody's */
            continue;
        AGREE(!a->channel == !b->channel);
        AGREE(a->sent == b->came && b->sent == a->came);
        if (a->channel)
            AGREE(rtc_data_channel_ready_state(a->channel) == RTC_DATA_CHANNEL_OPEN &&
                  rtc_data_channel_ready_state(b->channel) == RTC_DATA_CHANNEL_OPEN);
    }
}

static bool is_settled(struct sim_peers *p, void *user)
{
    (void)user;
    for (int i = 0; i < 2; i++) {
        if (w.side[i].letters || rtc_peer_connection_signaling_state(p->peer[i].pc) != RTC_SIGNALING_STABLE)
            return false;
        for (int k = 0; k < ENDS; k++) {
            const struct end *e = &w.side[i].ends[k], *other = &w.side[1 - i].ends[k];
            if (e->channel && !e->closed && !other->closed && (!other->channel || other->came < e->sent))
                return false;
        }
    }
    return true;
}

/* ---- A run ---- */

static void begin(const rtc_allocator *allocator)
{
    w.over = false;
    const struct sim_link link = {.delay_us = 5 * MS, .jitter_us = w.seed % 2 ? 3 * MS : 0, .loss = w.seed % 3 ? 0.05 : 0};
    const rtc_configuration configuration = {.size = sizeof configuration, .bundle_policy = (rtc_bundle_policy)(w.seed / 4 % 3)};
    assert_true(sim_peers_init(&w.p, w.seed, &link, allocator, &configuration));
    w.p.manual = true;
    w.p.on_step = on_step;
    w.p.next_step = next_step;
    monkey_init(&w.media, w.p.context, w.seed);
    for (int i = 0; i < 2; i++) {
        w.side[i] = (struct side){.index = i, .polite = (uint64_t)i == w.seed / 2 % 2, .pc = w.p.peer[i].pc};
        w.p.peer[i].extra = (rtc_peer_connection_callbacks){.size = sizeof w.p.peer[i].extra,
                                                            .on_negotiation_needed = on_needed,
                                                            .on_ice_candidate = on_candidate,
                                                            .on_data_channel = on_channel};
        w.p.peer[i].extra_user = &w.side[i];
    }
    for (int i = 0; i < 2 && w.seed % 4 == 0; i++)
        open_negotiated(&w.side[i]);
}

static void live(void)
{
    for (int step = 0; step < STEPS; step++) {
        act(&w.side[dice(2)]);
        if (dice(3) == 0)
            act(&w.side[dice(2)]);
        for (uint32_t n = dice(3); n > 0; n--)
            monkey_push(&w.media, &w.random, w.p.now);
        (void)sim_peers_run(&w.p, w.p.now + (rtc_time_t)dice(60) * MS, NULL, NULL);
    }
}

static void agree(void)
{
    (void)sim_peers_run(&w.p, w.p.now + SECOND, NULL, NULL);
    AGREE(sim_peers_run(&w.p, w.p.now + 60 * SECOND, is_settled, NULL));
    (void)sim_peers_run(&w.p, w.p.now + 2 * SECOND, NULL, NULL);
    AGREE(is_settled(&w.p, NULL)); /* and stays so */
    w.agreed += agreement_compare((rtc_peer_connection *const[2]){w.side[0].pc, w.side[1].pc}, w.seed);
    compare_channels();
}

/* Either of them ends it; the other one hears of it, or does not. */
static void hang_up(void)
{
    struct side *s = &w.side[dice(2)];
    rtc_data_channel *channel;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < ENDS; k++)
            w.side[i].ends[k].closed = true;
    rtc_peer_connection_close(s->pc);
    w.over = true;
    AGREE(rtc_peer_connection_signaling_state(s->pc) == RTC_SIGNALING_CLOSED);
    AGREE(rtc_peer_connection_connection_state(s->pc) == RTC_PEER_CONNECTION_CLOSED);
    AGREE(rtc_peer_connection_create_data_channel(s->pc, "x", 1, NULL, &channel) == RTC_ERR_INVALID_STATE);
    (void)sim_peers_run(&w.p, w.p.now + SECOND, NULL, NULL);
    for (int i = 0; i < 4; i++)
        act(&w.side[1 - s->index]);
    (void)sim_peers_run(&w.p, w.p.now + SECOND, NULL, NULL);
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < ENDS; k++)
            rtc_data_channel_unref(w.side[i].ends[k].channel);
        while (w.side[i].letters) {
            struct letter *l = w.side[i].letters;
            w.side[i].letters = l->next;
            free_letter(l);
        }
    }
    monkey_fini(&w.media);
    sim_peers_fini(&w.p);
}

static void both_agree(void **state)
{
    (void)state;
    for (w.seed = first_seed; w.seed < first_seed + seeds; w.seed++) {
        struct counting_allocator counter = {0};
        const rtc_allocator allocator = counting_allocator_of(&counter);
        if (getenv("CRTC_TEST_LOG"))
            print_message("seed %llu\n", (unsigned long long)w.seed);
        w.random = w.seed * 7919;
        begin(&allocator);
        live();
        agree();
        if (w.seed % 2)
            hang_up();
        end();
        AGREE(counter.live == 0);
    }
    print_message("%llu offers, %llu of them met another, %llu rolled back, %llu provisional answers, %llu refused calls; "
                  "%llu messages came, %llu sections agreed on\n",
                  (unsigned long long)w.offers, (unsigned long long)w.collisions, (unsigned long long)w.rolled_back,
                  (unsigned long long)w.provisional, (unsigned long long)w.refused, (unsigned long long)w.messages,
                  (unsigned long long)w.agreed);
    assert_true(w.collisions > 0 && w.messages > seeds && w.agreed > seeds);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_agree)};
    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
