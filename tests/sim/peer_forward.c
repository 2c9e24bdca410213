/* SPDX-License-Identifier: MIT */
/* Whole sessions of a room: a peer sends three layers to the one in the middle, which sends them on to two others, each over a link of its
 * own, without decoding anything. Every connection pair is a simulation of its own; they take turns by the millisecond. */
#include "peer_scene.h"

#include "../scripted_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, VIEWERS = 2, FRAME_US = 33333, TURN_US = 1000, SOUND_US = 20000 };
enum { HEAD = 10, AT_LAYER = 10, AT_SERIAL = 11, AT_KEY = 15 }; /* of a picture of ours: where it says what it is */

static const uint32_t layer_bps[LAYERS] = {150000, 500000, 1500000};
static const uint16_t layer_width[LAYERS] = {320, 640, 1280};
static const char *const names[LAYERS] = {"q", "h", "f"};

/* What a viewer was shown of pictures that say themselves what they need. */
struct shown {
    unsigned frames, of_layer[LAYERS], changes, broken, sounds, wrong_time;
    int layer; /* -1: none yet */
    uint32_t serial, timestamp;
    bool any;
    unsigned temporals[3];
    uint32_t base_serial, middle_serial, sound_serial;
};

struct viewer {
    struct sim_peers p;
    rtc_rtp_transceiver *video, *audio;
    rtc_forward *forward, *sound;
    struct shown shown;
    unsigned targets, layer_changes;
    char last_layer[20];
};

static struct room {
    struct sim_peers up;
    struct viewer viewers[VIEWERS];
    int viewer_count;
    rtc_media_source *source, *sound_source;
    rtc_media_stream_track *track, *sound_track;
    rtc_time_t next, next_sound;
    uint32_t serial, sound_serial, keyframes;
    bool wants_key, temporal;
    rtc_forwarder *video, *audio;
} room;

/* ---- Who sends ---- */

static void on_keyframe(void *user)
{
    (void)user;
    room.wants_key = true;
}

/* Which temporal layer of three: 0 2 1 2. */
static uint32_t temporal_of(uint32_t serial)
{
    static const uint32_t pattern[] = {0, 2, 1, 2};
    return room.temporal ? pattern[serial % 4] : 0;
}

static size_t picture_bytes(uint32_t layer, bool key)
{
    return (size_t)((uint64_t)layer_bps[layer] * FRAME_US / 8000000 * (key ? 4 : 1));
}

static void push_picture(rtc_time_t now, uint32_t layer, bool key)
{
    size_t len = picture_bytes(layer, key);
    uint32_t temporal = key ? 0 : temporal_of(room.serial);
    uint8_t *data = calloc(1, len);
    const uint8_t head[HEAD] = {
        key ? 0x10 : 0x11,       0, 0, 0x9d, 0x01, 0x2a, (uint8_t)layer_width[layer], (uint8_t)(layer_width[layer] >> 8),
        (uint8_t)layer_width[0], 1};
    rtc_encoded_frame *frame;
    assert_non_null(data);
    memcpy(data, head, sizeof head);
    data[AT_LAYER] = (uint8_t)layer;
    for (int i = 0; i < 4; i++)
        data[AT_SERIAL + i] = (uint8_t)(room.serial >> (24 - 8 * i));
    data[AT_KEY] = key;
    const rtc_encoded_frame_options options = {
        .size = sizeof options,
        .kind = RTC_MEDIA_VIDEO,
        .codec = "VP8",
        .data = data,
        .data_len = len,
        .keyframe = key,
        .rtp_timestamp = (uint32_t)(now * 9 / 100),
        .capture_time_us = now,
        .width = layer_width[layer],
        .height = 180,
        .simulcast_index = layer,
        .temporal_id = temporal,
        .layer_flags = room.temporal ? RTC_LAYER_TEMPORAL | (temporal > 0 && room.serial % 8 < 4 ? RTC_LAYER_SYNC : 0) : 0};
    assert_int_equal(rtc_encoded_frame_new(room.up.own, &options, &frame), RTC_OK);
    assert_int_equal(rtc_media_source_push_encoded(room.source, frame), RTC_OK);
    rtc_encoded_frame_unref(frame);
    free(data);
}

static void push_media(struct sim_peers *p, void *user)
{
    (void)user;
    if (p->now >= room.next_sound) {
        rtc_encoded_frame *frame = scripted_audio(p->own, room.sound_serial++, p->now);
        room.next_sound = (room.next_sound ? room.next_sound : p->now) + SOUND_US;
        assert_int_equal(rtc_media_source_push_encoded(room.sound_source, frame), RTC_OK);
        rtc_encoded_frame_unref(frame);
    }
    if (p->now < room.next)
        return;
    room.next = (room.next ? room.next : p->now) + FRAME_US;
    bool key = room.serial == 0 || (room.wants_key && room.serial % 4 == 0);
    room.wants_key = room.wants_key && !key;
    room.keyframes += key;
    for (uint32_t i = 0; i < LAYERS; i++)
        push_picture(p->now, i, key);
    room.serial++;
}

static rtc_time_t next_push(struct sim_peers *p, void *user)
{
    (void)p;
    (void)user;
    return room.next < room.next_sound ? room.next : room.next_sound;
}

/* ---- Who watches ---- */

/* Whether what the picture refers to was shown. */
static bool is_decodable(const struct shown *s, int layer, uint32_t serial, bool key)
{
    if (key)
        return true;
    if (!s->any || layer != s->layer)
        return false;
    if (!room.temporal)
        return serial == s->serial + 1;
    switch (temporal_of(serial)) {
    case 0:
        return s->base_serial == serial - 4;
    case 1:
        return s->base_serial == serial - 2 && (serial % 8 < 4 || s->middle_serial == serial - 4);
    default:
        return s->base_serial == serial / 4 * 4 && (serial % 8 < 4 || serial % 4 == 1 || s->middle_serial == serial - 1);
    }
}

static void see(void *user, rtc_encoded_frame *frame)
{
    struct shown *s = user;
    const uint8_t *data = rtc_encoded_frame_data(frame);
    int layer = data[AT_LAYER];
    uint32_t serial = 0, timestamp = rtc_encoded_frame_rtp_timestamp(frame);
    for (int i = 0; i < 4; i++)
        serial = serial << 8 | data[AT_SERIAL + i];
    assert_true(layer < LAYERS);
    assert_int_equal(rtc_encoded_frame_keyframe(frame), data[AT_KEY]);
    assert_int_equal(rtc_encoded_frame_len(frame), picture_bytes((uint32_t)layer, data[AT_KEY]));
    s->broken += !is_decodable(s, layer, serial, data[AT_KEY]);
    s->wrong_time += s->any && (int32_t)(timestamp - s->timestamp) <= 0;
    s->changes += s->any && layer != s->layer;
    s->any = true;
    s->frames++;
    s->of_layer[layer]++;
    s->layer = layer;
    s->serial = serial;
    s->timestamp = timestamp;
    uint32_t temporal = data[AT_KEY] ? 0 : temporal_of(serial);
    s->temporals[temporal]++;
    s->base_serial = temporal == 0 ? serial : s->base_serial;
    s->middle_serial = temporal == 1 ? serial : s->middle_serial;
}

static void hear(void *user, rtc_encoded_frame *frame)
{
    struct shown *s = user;
    s->sounds++;
    s->sound_serial = scripted_serial(frame);
}

static void on_target(void *user, rtc_forward *forward, uint32_t bitrate_bps)
{
    struct viewer *v = user;
    rtc_forward_state state = {.size = sizeof state};
    v->targets++;
    assert_int_equal(rtc_forward_get_state(forward, &state), RTC_OK);
    assert_int_equal(state.target_bps, bitrate_bps);
}

static void on_layer(void *user, rtc_forward *forward, const char *rid)
{
    struct viewer *v = user;
    (void)forward;
    v->layer_changes++;
    (void)snprintf(v->last_layer, sizeof v->last_layer, "%s", rid);
}

/* ---- The room ---- */

static const struct sim_link clean = {.delay_us = 5 * MS};
static uint32_t start_bps = 3000000; /* of viewers; 0: the default */
static bool several_encodings;       /* of viewers' pictures */

static void pair(struct sim_peers *p, uint64_t seed, const struct sim_link *link)
{
    const rtc_configuration configuration = {
        .size = sizeof configuration, .start_bitrate_bps = p == &room.up ? 3000000 : start_bps, .max_bitrate_bps = 5000000};
    assert_true(sim_peers_init(p, seed, link, NULL, &configuration));
    p->manual = true;
}

static void open_room(uint64_t seed, const struct sim_link *up)
{
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = on_keyframe};
    rtc_rtp_encoding_parameters e[LAYERS], *all[LAYERS];
    memset(&room, 0, sizeof room);
    pair(&room.up, seed, up);
    for (int i = 0; i < LAYERS; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = names[i]};
        all[i] = &e[i];
    }
    assert_int_equal(rtc_media_source_new(room.up.context, RTC_MEDIA_VIDEO, "layers", &ops, NULL, &room.source), RTC_OK);
    assert_int_equal(rtc_media_source_new(room.up.context, RTC_MEDIA_AUDIO, "sound", NULL, NULL, &room.sound_source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(room.source, &room.track), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(room.sound_source, &room.sound_track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = all, .send_encoding_count = LAYERS};
    rtc_peer_connection *pc = room.up.peer[0].pc;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, room.track, &init, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, room.sound_track, NULL, NULL), RTC_OK);
    peer_exchange(&room.up, 0);
    rtc_peer_connection *middle = room.up.peer[1].pc;
    assert_int_equal(rtc_forwarder_new(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(middle, 0)), &room.video), RTC_OK);
    assert_int_equal(rtc_forwarder_new(rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(middle, 1)), &room.audio), RTC_OK);
    peer_connect(&room.up, 5 * SECOND);
    room.up.on_step = push_media;
    room.up.next_step = next_push;
}

static struct viewer *join(uint64_t seed, const struct sim_link *link, const rtc_forward_choice *choice)
{
    struct viewer *v = &room.viewers[room.viewer_count++];
    static const rtc_media_sink_ops video_ops = {.size = sizeof video_ops, .on_encoded = see},
                                    audio_ops = {.size = sizeof audio_ops, .on_encoded = hear};
    static const rtc_forward_callbacks callbacks = {.size = sizeof callbacks, .on_target = on_target, .on_layer = on_layer};
    rtc_rtp_encoding_parameters e[2] = {{.size = sizeof e[0], .rid = "a"}, {.size = sizeof e[0], .rid = "b"}}, *both[] = {&e[0], &e[1]};
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .direction = RTC_DIRECTION_SENDONLY};
    const rtc_rtp_transceiver_init several = {
        .size = sizeof several, .direction = RTC_DIRECTION_SENDONLY, .send_encodings = both, .send_encoding_count = 2};
    const struct sim_link start = {.delay_us = link->delay_us};
    rtc_media_sink *sink;
    pair(&v->p, seed, &start);
    v->p.now = room.up.now;
    rtc_peer_connection *pc = v->p.peer[0].pc;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, NULL, several_encodings ? &several : &init, &v->video),
                     RTC_OK);
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &init, &v->audio), RTC_OK);
    assert_int_equal(rtc_forward_new(rtc_rtp_transceiver_sender(v->video), room.video, choice, &callbacks, v, &v->forward), RTC_OK);
    assert_int_equal(rtc_forward_new(rtc_rtp_transceiver_sender(v->audio), room.audio, NULL, NULL, NULL, &v->sound), RTC_OK);
    peer_exchange(&v->p, 0);
    rtc_peer_connection *viewer = v->p.peer[1].pc;
    rtc_rtp_receiver *video = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(viewer, 0));
    rtc_rtp_receiver *audio = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(viewer, 1));
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(video), &video_ops, &v->shown, &sink), RTC_OK);
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(audio), &audio_ops, &v->shown, &sink), RTC_OK);
    v->shown.layer = -1;
    peer_connect(&v->p, 5 * SECOND);
    *sim_host_link(v->p.peer[0].host) = *link;
    return v;
}

static void run(rtc_time_t duration)
{
    rtc_time_t until = room.up.now;
    for (int i = 0; i < room.viewer_count; i++)
        until = room.viewers[i].p.now > until ? room.viewers[i].p.now : until;
    for (rtc_time_t at = room.up.now < until ? until : room.up.now; at <= until + duration; at += TURN_US) {
        (void)sim_peers_run(&room.up, at, NULL, NULL);
        for (int i = 0; i < room.viewer_count; i++)
            (void)sim_peers_run(&room.viewers[i].p, at, NULL, NULL);
    }
}

static void close_room(void)
{
    for (int i = 0; i < room.viewer_count; i++) {
        rtc_forward_unref(room.viewers[i].forward);
        rtc_forward_unref(room.viewers[i].sound);
        sim_peers_fini(&room.viewers[i].p);
    }
    rtc_forwarder_unref(room.video);
    rtc_forwarder_unref(room.audio);
    rtc_media_stream_track_unref(room.track);
    rtc_media_stream_track_unref(room.sound_track);
    rtc_media_source_unref(room.source);
    rtc_media_source_unref(room.sound_source);
    sim_peers_fini(&room.up);
}

static rtc_forward_state state_of(const rtc_forward *forward)
{
    rtc_forward_state state = {.size = sizeof state};
    assert_int_equal(rtc_forward_get_state(forward, &state), RTC_OK);
    return state;
}

/* ---- Tests ---- */

/* One layer, sound beside it, from end to end. */
static void one_layer_is_sent_on(void **state)
{
    const rtc_forward_choice choice = {.size = sizeof choice, .rid = "h", .fixed = true};
    (void)state;
    open_room(1, &clean);
    struct viewer *v = join(2, &clean, &choice);
    run(4 * SECOND);
    const rtc_forward_state now = state_of(v->forward);
    assert_true(v->shown.frames > 100 && v->shown.of_layer[1] == v->shown.frames);
    assert_int_equal(v->shown.broken + v->shown.wrong_time + v->shown.changes, 0);
    assert_true(v->shown.sounds > 180);
    assert_string_equal(now.rid, "h");
    assert_true(now.sends && !now.waits && now.width == 640 && now.packets_refused == 0);
    assert_string_equal(v->last_layer, "h");
    close_room();
}

static void choose(struct viewer *v, const char *rid, uint32_t temporal)
{
    const rtc_forward_choice choice = {
        .size = sizeof choice, .rid = rid, .fixed = true, .has_max_temporal_id = true, .max_temporal_id = temporal};
    assert_int_equal(rtc_forward_choose(v->forward, &choice), RTC_OK);
}

static void print(const char *what, const struct viewer *v)
{
    const rtc_forward_state now = state_of(v->forward);
    const struct shown *s = &v->shown;
    if (getenv("CRTC_VERBOSE"))
        printf("%s: frames %u (q %u h %u f %u; t %u %u %u) broken %u time %u changes %u sounds %u forwarded %llu refused %llu left out "
               "%llu rid %s "
               "target %u keyframes %u\n",
               what, s->frames, s->of_layer[0], s->of_layer[1], s->of_layer[2], s->temporals[0], s->temporals[1], s->temporals[2],
               s->broken, s->wrong_time, s->changes, s->sounds, (unsigned long long)now.packets_forwarded,
               (unsigned long long)now.packets_refused, (unsigned long long)now.packets_left_out, now.rid, now.target_bps, room.keyframes);
}

/* The one before is sent until the keyframe of the other one comes, for which is asked once: nothing is missing and nothing is broken. */
static void another_layer_is_chosen(void **state)
{
    (void)state;
    open_room(3, &clean);
    struct viewer *v = join(4, &clean, NULL);
    static const int order[] = {0, 1, 2, 0, 2, 1};
    choose(v, "q", 7);
    run(2 * SECOND);
    for (size_t i = 1; i < sizeof order / sizeof *order; i++) {
        uint32_t keyframes = room.keyframes;
        unsigned frames = v->shown.frames;
        choose(v, names[order[i]], 7);
        assert_true(state_of(v->forward).waits);
        run(2 * SECOND);
        print("chosen", v);
        assert_int_equal(v->shown.layer, order[i]);
        assert_int_equal(v->shown.changes, i);
        assert_int_equal(room.keyframes, keyframes + 1);
        assert_in_range(v->shown.frames - frames, 58, 62);
        assert_string_equal(v->last_layer, names[order[i]]);
    }
    assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
    assert_int_equal(state_of(v->forward).layer_changes, 5);
    close_room();
}

/* Fewer from the next picture on, more where one may go up. */
static void temporal_layers_are_left_out(void **state)
{
    (void)state;
    open_room(5, &clean);
    room.temporal = true;
    struct viewer *v = join(6, &clean, NULL);
    static const uint32_t most[] = {7, 0, 1, 0, 7, 1, 2};
    static const unsigned shares[] = {60, 15, 30, 15, 60, 30, 60};
    choose(v, "h", 7);
    run(2 * SECOND);
    uint32_t keyframes = room.keyframes;
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        choose(v, "h", most[i]);
        run(SECOND);
        unsigned frames = v->shown.frames;
        run(2 * SECOND);
        print("temporal", v);
        assert_in_range(v->shown.frames - frames, shares[i] - 2, shares[i] + 2);
    }
    assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
    assert_int_equal(room.keyframes, keyframes);
    close_room();
}

/* Each gets what its own link takes. */
static void each_gets_what_its_link_takes(void **state)
{
    static const struct sim_link narrow = {.delay_us = 20 * MS, .rate_bps = 350000, .queue_us = 300 * MS},
                                 wide = {.delay_us = 20 * MS, .rate_bps = 3000000, .queue_us = 300 * MS};
    (void)state;
    open_room(7, &clean);
    struct viewer *first = join(8, &narrow, NULL), *second = join(9, &wide, NULL);
    for (int i = 0; i < 20; i++) {
        run(SECOND);
        print("narrow", first);
        print("wide", second);
    }
    assert_int_equal(first->shown.layer, 0);
    assert_int_equal(second->shown.layer, 2);
    assert_int_equal(first->shown.broken + second->shown.broken, 0);
    close_room();
}

/* A link that becomes narrow for a while, with what calls begin with: down soon, and up again. */
static void layers_follow_the_link(void **state)
{
    struct sim_link link = {.delay_us = 20 * MS, .rate_bps = 2500000, .queue_us = 300 * MS};
    (void)state;
    start_bps = 0;
    open_room(12, &clean);
    struct viewer *v = join(13, &link, NULL);
    run(15 * SECOND);
    print("wide", v);
    assert_int_equal(v->shown.layer, 2);
    sim_host_link(v->p.peer[0].host)->rate_bps = 800000;
    for (int i = 0; i < 10; i++) {
        run(SECOND);
        print("narrow", v);
    }
    assert_int_equal(v->shown.layer, 1);
    unsigned frames = v->shown.frames;
    run(5 * SECOND);
    assert_in_range(v->shown.frames - frames, 140, 160);
    sim_host_link(v->p.peer[0].host)->rate_bps = 2500000;
    run(20 * SECOND);
    print("wide", v);
    assert_int_equal(v->shown.layer, 2);
    assert_int_equal(v->shown.broken, 0);
    close_room();
    start_bps = 3000000;
}

/* Many who ask within a round trip are one who asks. */
static void keyframes_are_asked_for_once(void **state)
{
    (void)state;
    open_room(14, &clean);
    struct viewer *first = join(15, &clean, NULL), *second = join(16, &clean, NULL);
    choose(first, "q", 7);
    choose(second, "q", 7);
    run(2 * SECOND);
    uint32_t keyframes = room.keyframes;
    choose(first, "h", 7);
    choose(second, "h", 7);
    run(SECOND);
    assert_true(first->shown.layer == 1 && second->shown.layer == 1);
    assert_int_equal(room.keyframes, keyframes + 1);
    close_room();
}

static void pause_sending(struct viewer *v, bool paused)
{
    const rtc_forward_choice choice = {.size = sizeof choice, .rid = "q", .fixed = true, .paused = paused};
    assert_int_equal(rtc_forward_choose(v->forward, &choice), RTC_OK);
}

/* What the path takes of the others is nothing that this stream may send. */
static void of_several_encodings_the_first_is_used(void **state)
{
    (void)state;
    several_encodings = true;
    open_room(50, &clean);
    struct viewer *v = join(51, &clean, NULL);
    run(5 * SECOND);
    print("several", v);
    assert_int_equal(v->shown.layer, 1);
    assert_in_range(state_of(v->forward).target_bps, layer_bps[1], layer_bps[2]);
    close_room();
    several_encodings = false;
}

/* Nothing is sent while it is paused, and then it goes on where it was. */
static void what_is_paused_goes_on(void **state)
{
    (void)state;
    open_room(17, &clean);
    struct viewer *v = join(18, &clean, NULL);
    choose(v, "h", 7);
    run(SECOND);
    pause_sending(v, false);
    run(2 * SECOND);
    assert_int_equal(state_of(v->forward).layer_changes, 1);
    pause_sending(v, true);
    run(SECOND / 2);
    unsigned frames = v->shown.frames;
    run(2 * SECOND);
    assert_int_equal(v->shown.frames, frames);
    assert_false(state_of(v->forward).sends);
    pause_sending(v, false);
    run(2 * SECOND);
    print("paused", v);
    assert_in_range(v->shown.frames - frames, 50, 62);
    assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
    assert_int_equal(state_of(v->forward).layer_changes, 1);
    rtc_forward_stop(v->forward);
    assert_int_equal(state_of(v->forward).layer_changes, 1);
    close_room();
}

static void set_active(struct viewer *v, bool active)
{
    rtc_rtp_parameters *parameters;
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(v->video);
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &parameters), RTC_OK);
    parameters->encodings[0]->inactive = !active;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender, parameters), RTC_OK);
    rtc_rtp_parameters_free(parameters);
}

/* As of a track, nothing is sent of an encoding that is not active. */
static void an_inactive_encoding_sends_nothing(void **state)
{
    (void)state;
    open_room(52, &clean);
    struct viewer *v = join(53, &clean, NULL);
    run(SECOND);
    set_active(v, false);
    run(SECOND / 2);
    unsigned frames = v->shown.frames;
    run(2 * SECOND);
    assert_int_equal(v->shown.frames, frames);
    assert_false(state_of(v->forward).sends);
    set_active(v, true);
    run(2 * SECOND);
    assert_in_range(v->shown.frames - frames, 50, 62);
    assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
    close_room();
}

/* What stands on each other may go in any order. */
static void everything_ends_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 5; order++) {
        open_room(20 + (uint64_t)order, &clean);
        struct viewer *v = join(30, &clean, NULL);
        rtc_forward *kept = rtc_forward_ref(v->forward), *another;
        run(SECOND);
        assert_true(state_of(kept).sends);
        if (order == 0)
            rtc_forward_stop(v->forward);
        if (order == 1)
            assert_int_equal(rtc_rtp_transceiver_stop(v->video), RTC_OK);
        if (order == 2)
            rtc_peer_connection_close(v->p.peer[0].pc);
        if (order == 3)
            rtc_peer_connection_close(room.up.peer[1].pc);
        if (order == 4)
            assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(room.up.peer[1].pc, 0)), RTC_OK);
        unsigned frames = v->shown.frames;
        run(SECOND);
        assert_true(v->shown.frames <= frames + 2);
        assert_int_equal(state_of(kept).sends, order >= 3); /* nobody sends any more, which it is not told */
        if (order == 0) {
            assert_int_equal(rtc_forward_new(rtc_rtp_transceiver_sender(v->video), room.video, NULL, NULL, NULL, &another), RTC_OK);
            run(2 * SECOND);
            assert_true(v->shown.frames > frames + 50);
            assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
            rtc_forward_unref(another);
        }
        close_room();
        rtc_forward_unref(kept);
    }
}

static double number(rtc_stats_report *report, const char *type, const char *kind, const char *name)
{
    const rtc_stats *found = NULL;
    double value = -1;
    for (size_t i = 0; i < rtc_stats_report_count(report); i++) {
        const rtc_stats *s = rtc_stats_report_at(report, i);
        const char *of = rtc_stats_string(s, "kind");
        if (strcmp(rtc_stats_type(s), type) == 0 && of && strcmp(of, kind) == 0)
            found = s;
    }
    assert_non_null(found);
    (void)rtc_stats_number(found, name, &value);
    return value;
}

/* Of what is sent on, too, statistics are true: of packets, pictures and sizes; nothing was encoded. */
static void statistics_are_true(void **state)
{
    rtc_stats_report *report;
    (void)state;
    open_room(40, &clean);
    struct viewer *v = join(41, &clean, NULL);
    choose(v, "h", 7);
    run(3 * SECOND);
    assert_int_equal(rtc_peer_connection_get_stats(v->p.peer[0].pc, &report), RTC_OK);
    /* With the padding that probes the path up to what is most, which begins far above this layer. */
    assert_in_range((unsigned)number(report, "outbound-rtp", "video", "packetsSent"), state_of(v->forward).packets_forwarded,
                    state_of(v->forward).packets_forwarded + 200);
    assert_int_equal((unsigned)number(report, "outbound-rtp", "audio", "packetsSent"), state_of(v->sound).packets_forwarded);
    assert_in_range((unsigned)number(report, "outbound-rtp", "video", "framesSent"), v->shown.frames, v->shown.frames + 1);
    assert_in_range((unsigned)number(report, "outbound-rtp", "video", "framesPerSecond"), 29, 31);
    assert_int_equal((unsigned)number(report, "outbound-rtp", "video", "frameWidth"), 640);
    assert_int_equal((unsigned)number(report, "outbound-rtp", "video", "framesEncoded"), 0);
    assert_int_equal((unsigned)number(report, "outbound-rtp", "video", "nackCount"), 0);
    assert_int_equal((unsigned)number(report, "remote-inbound-rtp", "video", "packetsLost"), 0);
    rtc_stats_report_unref(report);
    rtc_forward_layer layer = {.size = sizeof layer};
    for (size_t i = 0; i < LAYERS; i++) {
        assert_true(rtc_forwarder_layer(room.video, i, &layer));
        assert_string_equal(layer.rid, names[i]);
        assert_true(layer.width == layer_width[i]);
    }
    assert_false(rtc_forwarder_layer(room.video, LAYERS, &layer));
    close_room();
}

/* What is lost is repaired: upstream by who makes it, downstream out of what was sent. */
static void losses_are_repaired(void **state)
{
    static const struct sim_link bad = {.delay_us = 20 * MS, .loss = 0.03, .reorder = 0.02, .reorder_us = 30 * MS, .duplicate = 0.02};
    (void)state;
    open_room(10, &clean);
    *sim_host_link(room.up.peer[0].host) = bad;
    struct viewer *v = join(11, &bad, NULL);
    static const int order[] = {0, 1, 2, 1};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        choose(v, names[order[i]], 7);
        run(5 * SECOND);
        print("bad", v);
        assert_int_equal(v->shown.layer, order[i]);
    }
    assert_int_equal(v->shown.broken + v->shown.wrong_time, 0);
    assert_true(v->shown.frames > 560);
    close_room();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_layer_is_sent_on),         cmocka_unit_test(another_layer_is_chosen),
        cmocka_unit_test(temporal_layers_are_left_out), cmocka_unit_test(each_gets_what_its_link_takes),
        cmocka_unit_test(layers_follow_the_link),       cmocka_unit_test(keyframes_are_asked_for_once),
        cmocka_unit_test(what_is_paused_goes_on),       cmocka_unit_test(an_inactive_encoding_sends_nothing),
        cmocka_unit_test(everything_ends_in_any_order), cmocka_unit_test(statistics_are_true),
        cmocka_unit_test(losses_are_repaired),          cmocka_unit_test(of_several_encodings_the_first_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
