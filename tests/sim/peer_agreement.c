/* SPDX-License-Identifier: MIT */
/* Random calls, legal and illegal, on two connections that negotiate as webrtc-pc 10.7 shows (perfect negotiation), over a network that
 * loses packets and with offers that cross. In the end both are stable and agree: on sections, directions, payload types, credentials and
 * what is rejected; every reliable message came once and in order; nothing is left in memory. Each run repeats from its seed, which is
 * printed when it fails. Arguments: how many seeds, and the first. */
#include "peer_scene.h"

#include "../monkey.h"
#include "../unit/counting_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SEEDS = 40, STEPS = 50, TRANSCEIVERS_MAX = 7, PIPES = 6, MESSAGES_MAX = 40, SECTIONS_MAX = 64 };

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
    struct end ends[2 * PIPES];
    int pipes; /* that it opened */
};

static struct {
    struct sim_peers p;
    struct monkey media;
    struct side side[2];
    uint64_t seed, random;
    bool calm; /* nothing but what the negotiation asks for */
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
    AGREE(len == 1);
    keep_channel(user, label[0] - 'a', rtc_data_channel_ref(channel));
}

static void open_channel(struct side *s)
{
    rtc_data_channel *channel;
    if (s->pipes == PIPES)
        return;
    int place = s->index * PIPES + s->pipes++;
    const char label = (char)('a' + place);
    must(s, rtc_peer_connection_create_data_channel(s->pc, &label, 1, NULL, &channel), "create_data_channel");
    keep_channel(s, place, channel);
}

static struct end *some_end(struct side *s)
{
    int from = (int)dice(2 * PIPES);
    for (int i = 0; i < 2 * PIPES; i++)
        if (s->ends[(from + i) % (2 * PIPES)].channel)
            return &s->ends[(from + i) % (2 * PIPES)];
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
    const rtc_rtp_transceiver_init init = {
        .size = sizeof init, .has_direction = true, .direction = (rtc_rtp_direction)dice(4)};
    if (rtc_peer_connection_transceiver_count(s->pc) >= TRANSCEIVERS_MAX)
        return;
    rtc_media_stream_track *track = dice(2) ? new_track() : NULL;
    must(s, rtc_peer_connection_add_transceiver(s->pc, dice(2) ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO, track, &init, NULL), "add_transceiver");
    rtc_media_stream_track_unref(track);
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
        close_channel, blunder,        roll_back_own, look,
    };
    things[dice(COUNT(things))](s);
}

/* ---- What both must agree on ---- */

struct section {
    char kind[16], mid[64], formats[256], direction[16], ufrag[300];
    bool rejected;
};

static void copy_line(char *to, size_t size, const char *from)
{
    size_t len = strcspn(from, "\r\n");
    (void)snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

static size_t read_sections(const char *sdp, struct section out[SECTIONS_MAX])
{
    size_t count = 0;
    int port;
    AGREE(sdp != NULL);
    for (const char *line = sdp; *line; line += strcspn(line, "\n") + 1) {
        struct section *s = count > 0 ? &out[count - 1] : NULL;
        if (strncmp(line, "m=", 2) == 0) {
            AGREE(count < SECTIONS_MAX);
            s = &out[count++];
            memset(s, 0, sizeof *s);
            AGREE(sscanf(line, "m=%15s %d %*s %255[^\r\n]", s->kind, &port, s->formats) == 3);
            s->rejected = port == 0;
        } else if (!s) {
            continue;
        } else if (strncmp(line, "a=mid:", 6) == 0) {
            copy_line(s->mid, sizeof s->mid, line + 6);
        } else if (strncmp(line, "a=ice-ufrag:", 12) == 0) {
            copy_line(s->ufrag, sizeof s->ufrag, line + 12);
        } else if (strncmp(line, "a=bundle-only", 13) == 0) {
            s->rejected = false;
        } else if (strncmp(line, "a=send", 6) == 0 || strncmp(line, "a=recv", 6) == 0 || strncmp(line, "a=inactive", 10) == 0) {
            copy_line(s->direction, sizeof s->direction, line + 2);
        }
    }
    return count;
}

static rtc_rtp_transceiver *by_mid(const struct side *s, const char *mid)
{
    for (size_t i = 0; i < rtc_peer_connection_transceiver_count(s->pc); i++) {
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s->pc, i);
        const char *its = rtc_rtp_transceiver_mid(t);
        if (its && strcmp(its, mid) == 0)
            return t;
    }
    return NULL;
}

/* What one said is what the other heard. */
static void compare_texts(const struct side *speaker, const struct side *hearer)
{
    static struct section said[SECTIONS_MAX], heard[SECTIONS_MAX];
    size_t count = read_sections(rtc_peer_connection_local_description(speaker->pc, NULL), said);
    AGREE(count == read_sections(rtc_peer_connection_remote_description(hearer->pc, NULL), heard));
    for (size_t i = 0; i < count; i++) {
        AGREE(strcmp(said[i].kind, heard[i].kind) == 0 && strcmp(said[i].mid, heard[i].mid) == 0);
        AGREE(said[i].rejected == heard[i].rejected && strcmp(said[i].formats, heard[i].formats) == 0);
        AGREE(strcmp(said[i].direction, heard[i].direction) == 0 && strcmp(said[i].ufrag, heard[i].ufrag) == 0);
    }
}

/* The first of `wanted` is one of `formats`. */
static bool has_format(const char *formats, const char *wanted)
{
    char first[16];
    (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(wanted, " "), wanted);
    size_t len = strlen(first);
    for (const char *at = formats; (at = strstr(at, first)) != NULL; at++)
        if ((at == formats || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

/* Whatever one may send with, the other takes under that payload type. */
static void compare_codecs(rtc_rtp_transceiver *from, rtc_rtp_transceiver *to)
{
    rtc_rtp_parameters *sent, *taken;
    AGREE(rtc_rtp_sender_get_parameters(rtc_rtp_transceiver_sender(from), &sent) == RTC_OK);
    AGREE(rtc_rtp_receiver_get_parameters(rtc_rtp_transceiver_receiver(to), &taken) == RTC_OK);
    AGREE(sent->codec_count > 0);
    for (size_t i = 0; i < sent->codec_count; i++) {
        bool found = false;
        for (size_t k = 0; k < taken->codec_count; k++)
            found = found || (sent->codecs[i]->payload_type == taken->codecs[k]->payload_type &&
                              strcmp(sent->codecs[i]->mime_type, taken->codecs[k]->mime_type) == 0);
        AGREE(found);
    }
    rtc_rtp_parameters_free(sent);
    rtc_rtp_parameters_free(taken);
}

static void compare_transceivers(const struct section *s)
{
    rtc_rtp_direction direction[2];
    rtc_rtp_transceiver *t[2] = {by_mid(&w.side[0], s->mid), by_mid(&w.side[1], s->mid)};
    if (s->rejected) {
        for (int i = 0; i < 2; i++)
            AGREE(!t[i] || is_stopped(t[i]));
        return;
    }
    AGREE(t[0] && t[1]);
    AGREE(rtc_rtp_transceiver_kind(t[0]) == rtc_rtp_transceiver_kind(t[1]));
    for (int i = 0; i < 2; i++)
        AGREE(rtc_rtp_transceiver_current_direction(t[i], &direction[i]));
    AGREE((direction[0] & 1) == (direction[1] >> 1 & 1) && (direction[1] & 1) == (direction[0] >> 1 & 1));
    compare_codecs(t[0], t[1]);
    compare_codecs(t[1], t[0]);
    w.agreed++;
}

static void compare_descriptions(void)
{
    static struct section ours[SECTIONS_MAX], theirs[SECTIONS_MAX];
    const struct side *s = &w.side[0];
    if (!rtc_peer_connection_local_description(s->pc, NULL))
        return; /* nothing was ever to be negotiated */
    compare_texts(&w.side[0], &w.side[1]);
    compare_texts(&w.side[1], &w.side[0]);
    size_t count = read_sections(rtc_peer_connection_local_description(s->pc, NULL), ours);
    AGREE(count == read_sections(rtc_peer_connection_remote_description(s->pc, NULL), theirs));
    for (size_t i = 0; i < count; i++) {
        AGREE(strcmp(ours[i].mid, theirs[i].mid) == 0 && strcmp(ours[i].kind, theirs[i].kind) == 0);
        for (size_t k = 0; k < i; k++)
            AGREE(strcmp(ours[i].mid, ours[k].mid) != 0);
        if (strcmp(ours[i].kind, "application") == 0)
            continue;
        bool rejected = ours[i].rejected || theirs[i].rejected;
        AGREE(rejected || has_format(ours[i].formats, theirs[i].formats) || has_format(theirs[i].formats, ours[i].formats));
        ours[i].rejected = rejected;
        compare_transceivers(&ours[i]);
    }
}

static void compare_channels(void)
{
    for (int place = 0; place < 2 * PIPES; place++) {
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
        for (int k = 0; k < 2 * PIPES; k++) {
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
    compare_descriptions();
    compare_channels();
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2 * PIPES; k++)
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
