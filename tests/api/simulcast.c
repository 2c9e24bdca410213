/* SPDX-License-Identifier: MIT */
/* Simulcast (webrtc-pc 5.4.1 and 4.4.1.5; RFC 8851, RFC 8853): which encodings offers and answers leave a sender, what a peer sends in
 * several layers, and which of them is shown. */
#include "renegotiate_scene.h"

#include "../scripted_media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, LAYER_EVERY_US = 33333 };

/* Encoded pictures of three layers, which come at once. A layer's serials begin at its number times a million. */
static struct {
    rtc_media_source *source;
    rtc_media_stream_track *track;
    rtc_time_t next;
    uint32_t serial;
    unsigned asked;  /* for keyframes */
    unsigned silent; /* a bit for each layer that does not come */
} layers;

static void asked(void *user)
{
    (void)user;
    layers.asked++;
}

static void push_layers(struct sim_peers *p)
{
    if (p->now < layers.next)
        return;
    layers.next = p->now + LAYER_EVERY_US;
    bool key = layers.serial == 0 || layers.asked > 0;
    layers.asked = 0;
    for (uint32_t i = 0; i < LAYERS; i++) {
        if (layers.silent >> i & 1)
            continue;
        uint8_t data[900] = {key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, (uint8_t)(16 << i), 0, (uint8_t)(16 << i), 0};
        rtc_encoded_frame *frame;
        const rtc_encoded_frame_options options = {.size = sizeof options,
                                                   .kind = RTC_MEDIA_VIDEO,
                                                   .codec = "VP8",
                                                   .data = data,
                                                   .data_len = sizeof data,
                                                   .keyframe = key,
                                                   .rtp_timestamp = layers.serial * 3000u,
                                                   .capture_time_us = p->now,
                                                   .simulcast_index = i};
        data[20] = (uint8_t)i;
        assert_int_equal(rtc_encoded_frame_new(p->own, &options, &frame), RTC_OK);
        assert_int_equal(rtc_media_source_push_encoded(layers.source, frame), RTC_OK);
        rtc_encoded_frame_unref(frame);
    }
    layers.serial++;
}

static struct seen {
    unsigned frames[LAYERS];
    int first_was_key; /* since it was cleared; -1: none came */
} seen;

static void see(void *user, rtc_encoded_frame *frame)
{
    (void)user;
    const uint8_t *data = rtc_encoded_frame_data(frame);
    assert_true(rtc_encoded_frame_len(frame) == 900 && data[20] < LAYERS);
    seen.frames[data[20]]++;
    if (seen.first_was_key < 0)
        seen.first_was_key = rtc_encoded_frame_keyframe(frame);
}

static void forget(void)
{
    memset(&seen, 0, sizeof seen);
    seen.first_was_key = -1;
}

static void begin(struct scene *s)
{
    static const rtc_media_source_ops ops = {.size = sizeof ops, .request_keyframe = asked};
    static const char *const names[LAYERS] = {"q", "h", "f"};
    rtc_rtp_encoding_parameters e[LAYERS], *all[LAYERS];
    scene_begin(s, 1);
    memset(&layers, 0, sizeof layers);
    for (int i = 0; i < LAYERS; i++) {
        e[i] = (rtc_rtp_encoding_parameters){.size = sizeof e[i], .rid = names[i]};
        all[i] = &e[i];
    }
    assert_int_equal(rtc_media_source_new(s->p.context, RTC_MEDIA_VIDEO, "layers", &ops, NULL, &layers.source), RTC_OK);
    assert_int_equal(rtc_media_stream_track_new(layers.source, &layers.track), RTC_OK);
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = all, .send_encoding_count = LAYERS};
    assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, RTC_MEDIA_VIDEO, layers.track, &init, NULL), RTC_OK);
    struct peer_pump *clock = peer_pump_new(&s->pumps, &s->p, RTC_MEDIA_AUDIO); /* that time passes in small steps */
    clock->next = 1;
    s->pumps.on_step = push_layers;
}

static void end(struct scene *s)
{
    rtc_media_stream_track_unref(layers.track);
    rtc_media_source_unref(layers.source);
    scene_end(s);
}

/* All are negotiated and arrive; the first is shown until another one is chosen, which begins with a keyframe. */
static void three_layers_and_a_choice(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=simulcast:send q;h;f\r\n"), 1);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=ssrc:"), 0);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=simulcast:recv q;h;f\r\n"), 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=rid:h recv\r\n"), 1);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    assert_int_equal(rtc_rtp_receiver_rid_count(receiver), LAYERS);
    assert_string_equal(rtc_rtp_receiver_rid(receiver, 2), "f");
    assert_null(rtc_rtp_receiver_rid(receiver, 3));
    assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), "q");
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = see};
    rtc_media_sink *sink;
    assert_int_equal(rtc_media_stream_track_add_sink(rtc_rtp_receiver_track(receiver), &ops, NULL, &sink), RTC_OK);
    forget();
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_true(seen.frames[0] > 15 && seen.frames[1] + seen.frames[2] == 0 && seen.first_was_key == 1);
    for (size_t i = LAYERS; i-- > 1;) {
        forget();
        assert_int_equal(rtc_rtp_receiver_select_rid(receiver, rtc_rtp_receiver_rid(receiver, i)), RTC_OK);
        assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), rtc_rtp_receiver_rid(receiver, i));
        peer_run(&s.p, SECOND);
        assert_true(seen.frames[i] > 15 && seen.frames[i] == seen.frames[0] + seen.frames[1] + seen.frames[2]);
        assert_int_equal(seen.first_was_key, 1);
    }
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "x"), RTC_ERR_NOT_FOUND);
    /* The receiver's own offer goes on receiving them, and what was chosen stays. */
    peer_exchange(&s.p, 1);
    assert_int_equal(text_count(peer_description(&s.p, 1), "a=simulcast:recv q;h;f\r\n"), 1);
    assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), "h");
    forget();
    peer_run(&s.p, SECOND);
    assert_true(seen.frames[1] > 15 && seen.frames[0] + seen.frames[2] == 0);
    rtc_media_stream_track_remove_sink(rtc_rtp_receiver_track(receiver), sink);
    end(&s);
}

/* The track is muted as the layer is that it shows, whatever comes of the others. */
static void muted_with_its_layer(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    layers.silent = 1u << 2;
    peer_exchange(&s.p, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    rtc_media_stream_track *track = rtc_rtp_receiver_track(receiver);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(track));
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "f"), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_true(rtc_media_stream_track_muted(track));
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "h"), RTC_OK);
    peer_run(&s.p, MS);
    assert_false(rtc_media_stream_track_muted(track)); /* it came all the time */
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "f"), RTC_OK);
    peer_run(&s.p, MS);
    assert_true(rtc_media_stream_track_muted(track));
    layers.silent = 0;
    layers.asked = 1;
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(track));
    end(&s);
}

/* ---- Encodings that are negotiated ---- */

static rtc_rtp_sender *sender_of(struct scene *s, int index)
{
    return rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s->p.peer[index].pc, 0));
}

/* The rids of a sender's encodings with commas; "-" for none. */
static void expect_rids(rtc_rtp_sender *sender, const char *expected)
{
    rtc_rtp_parameters *p;
    char said[64] = "";
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    for (size_t i = 0; i < p->encoding_count; i++)
        (void)snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s", i > 0 ? "," : "",
                       p->encodings[i]->rid ? p->encodings[i]->rid : "-");
    rtc_rtp_parameters_free(p);
    assert_string_equal(said, expected);
}

static double scale_of(rtc_rtp_sender *sender, size_t i)
{
    rtc_rtp_parameters *p;
    assert_int_equal(rtc_rtp_sender_get_parameters(sender, &p), RTC_OK);
    assert_true(i < p->encoding_count);
    double scale = p->encodings[i]->scale_resolution_down_by;
    rtc_rtp_parameters_free(p);
    return scale;
}

static void local(struct scene *s, int index)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[index].pc, RTC_SDP_NONE, NULL), RTC_OK);
}

/* The local description of one peer with `from` replaced, to the other one. */
static void hand_over(struct scene *s, int from, const char *old, const char *new)
{
    rtc_sdp_type type;
    const char *text = rtc_peer_connection_local_description(s->p.peer[from].pc, &type);
    assert_true(text_count(text, old) > 0);
    char *changed = text_replace(text, old, new);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1 - from].pc, type, changed), RTC_OK);
    free(changed);
}

/* What an answer does not name is no encoding any more; the others keep what they are; the order is ours. */
static void an_answer_narrows(void **state)
{
    static const struct {
        const char *answered, *left;
        double scale;
    } cases[] = {{"a=simulcast:recv q;h;f", "q,h,f", 4},
                 {"a=simulcast:recv f;q", "q,f", 4},
                 {"a=simulcast:recv h", "h", 2},
                 {"a=simulcast:recv ~f,q;h", "h,f", 2},
                 {"a=nothing:x", "q", 4},
                 {"a=simulcast:recv x", "q", 4},
                 {"a=simulcast:recv q;q;q;h", "q,h", 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        begin(&s);
        local(&s, 0);
        expect_rids(sender_of(&s, 0), "q,h,f");
        hand_over(&s, 0, "a=mid:", "a=mid:");
        local(&s, 1);
        hand_over(&s, 1, "a=simulcast:recv q;h;f", cases[i].answered);
        expect_rids(sender_of(&s, 0), cases[i].left);
        assert_true(scale_of(sender_of(&s, 0), 0) == cases[i].scale);
        local(&s, 0); /* the next offer names what is left, where that is several */
        assert_int_equal(text_count(peer_description(&s.p, 0), "a=simulcast:send "), strchr(cases[i].left, ',') ? 1 : 0);
        end(&s);
    }
}

/* A provisional answer gives nothing up (RFC 9429 section 4.1.10.1); neither does who stops sending for a while, on either side. */
static void what_does_not_narrow(void **state)
{
    struct scene s;
    rtc_sdp_type type;
    (void)state;
    begin(&s);
    local(&s, 0);
    hand_over(&s, 0, "a=mid:", "a=mid:");
    local(&s, 1);
    char *less = text_replace(rtc_peer_connection_local_description(s.p.peer[1].pc, &type), "a=simulcast:recv q;h;f", "a=simulcast:recv q");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_PRANSWER, less), RTC_OK);
    free(less);
    expect_rids(sender_of(&s, 0), "q,h,f");
    hand_over(&s, 1, "a=mid:", "a=mid:");
    expect_rids(sender_of(&s, 0), "q,h,f");
    for (int index = 0; index < 2; index++) {
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[index].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        peer_exchange(&s.p, 0);
        expect_rids(sender_of(&s, 0), "q,h,f");
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_SENDRECV), RTC_OK);
        peer_exchange(&s.p, 0);
        expect_rids(sender_of(&s, 0), "q,h,f");
    }
    end(&s);
}

/* The offer of peer 0, which sends one stream, as one that wants to receive several. */
static void offer_to_receive(struct scene *s, const char *rids)
{
    rtc_sdp_type type;
    char lines[200];
    const char *text = rtc_peer_connection_local_description(s->p.peer[0].pc, &type);
    (void)snprintf(lines, sizeof lines, "a=rid:a recv\r\na=rid:b recv\r\na=rid:c recv\r\na=simulcast:recv %s\r\na=rtcp-mux\r\n", rids);
    char *changed = text_replace(text, "a=rtcp-mux\r\n", lines);
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[1].pc, type, changed), RTC_OK);
    free(changed);
}

static void one_track_each(struct scene *s)
{
    scene_begin(s, 2);
    (void)scene_add_track(s, 0, RTC_MEDIA_VIDEO, NULL);
    (void)scene_add_track(s, 1, RTC_MEDIA_VIDEO, NULL);
    local(s, 0);
}

/* An offer that wants several gets them: of alternatives the first, each once, sizes in powers of two; the answer names them. */
static void an_offer_widens(void **state)
{
    static const struct {
        const char *offered, *has, *answered;
    } cases[] = {{"a;b;c", "a,b,c", "a=simulcast:send a;b;c\r\n"},
                 {"b;a;b", "b,a", "a=simulcast:send b;a\r\n"},
                 {"~a,x;c,b", "a,c", "a=simulcast:send a;c\r\n"},
                 {"a", "-", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        one_track_each(&s);
        offer_to_receive(&s, cases[i].offered);
        expect_rids(sender_of(&s, 1), cases[i].has);
        if (i == 0)
            assert_true(scale_of(sender_of(&s, 1), 0) == 4 && scale_of(sender_of(&s, 1), 2) == 1);
        local(&s, 1);
        expect_rids(sender_of(&s, 1), cases[i].has);
        assert_int_equal(text_count(peer_description(&s.p, 1), "a=simulcast:"), cases[i].answered ? 1 : 0);
        if (cases[i].answered)
            assert_int_equal(text_count(peer_description(&s.p, 1), cases[i].answered), 1);
        scene_end(&s);
    }
}

/* Rollback gives the one encoding back as it was, whatever was set meanwhile; so does an offer in place of that one. */
static void an_offer_that_widened_is_undone(void **state)
{
    struct scene s;
    rtc_rtp_parameters *p;
    (void)state;
    one_track_each(&s);
    assert_int_equal(rtc_rtp_sender_get_parameters(sender_of(&s, 1), &p), RTC_OK);
    p->encodings[0]->scale_resolution_down_by = 3;
    assert_int_equal(rtc_rtp_sender_set_parameters(sender_of(&s, 1), p), RTC_OK);
    offer_to_receive(&s, "a;b");
    assert_int_equal(rtc_rtp_sender_set_parameters(sender_of(&s, 1), p), RTC_ERR_INVALID_STATE); /* they are others */
    rtc_rtp_parameters_free(p);
    assert_true(scale_of(sender_of(&s, 1), 0) == 2 && scale_of(sender_of(&s, 1), 1) == 1);
    offer_to_receive(&s, "c;b;a");
    expect_rids(sender_of(&s, 1), "c,b,a");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
    expect_rids(sender_of(&s, 1), "-");
    assert_true(scale_of(sender_of(&s, 1), 0) == 3);
    offer_to_receive(&s, "a;b");
    offer_to_receive(&s, "a");
    expect_rids(sender_of(&s, 1), "-");
    assert_true(scale_of(sender_of(&s, 1), 0) == 3);
    scene_end(&s);
}

/* A transceiver that the offer makes has them at once; when addTrack keeps it beyond the offer it has one again. */
static void a_transceiver_of_an_offer(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 3);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    local(&s, 0);
    offer_to_receive(&s, "a;b");
    expect_rids(sender_of(&s, 1), "a,b");
    (void)scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.p.peer[1].pc), 1);
    expect_rids(sender_of(&s, 1), "-");
    scene_end(&s);
}

/* A re-offer that wants fewer narrows when it is answered, not before; taken back it changes nothing. */
static void a_reoffer_narrows_when_answered(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    peer_exchange(&s.p, 0);
    for (int i = 0; i < 2; i++) {
        local(&s, 1);
        hand_over(&s, 1, "a=simulcast:recv q;h;f", "a=simulcast:recv h");
        expect_rids(sender_of(&s, 0), "q,h,f");
        if (i > 0)
            break;
        assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[1].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        expect_rids(sender_of(&s, 0), "q,h,f");
    }
    local(&s, 0);
    expect_rids(sender_of(&s, 0), "h");
    end(&s);
}

/* A track that an offer removed stays muted, whatever is chosen, until the offer is taken back. */
static void a_choice_while_it_is_removed(void **state)
{
    struct scene s;
    (void)state;
    begin(&s);
    peer_exchange(&s.p, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    rtc_media_stream_track *track = rtc_rtp_receiver_track(receiver);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(track));
    for (int i = 0; i < 2; i++) {
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0);
        assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
        local(&s, 0);
        hand_over(&s, 0, "a=mid:", "a=mid:");
        assert_true(rtc_media_stream_track_muted(track));
        assert_int_equal(rtc_rtp_receiver_select_rid(receiver, i ? "f" : "h"), RTC_OK);
        peer_run(&s.p, SECOND);
        assert_true(rtc_media_stream_track_muted(track));
        if (i == 1)
            break;
        assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, ""), RTC_OK);
        peer_run(&s.p, SECOND);
        assert_false(rtc_media_stream_track_muted(track));
    }
    local(&s, 1);
    hand_over(&s, 1, "a=mid:", "a=mid:");
    peer_run(&s.p, SECOND);
    assert_true(rtc_media_stream_track_muted(track));
    end(&s);
}

/* When the layer that is shown goes, the first one of those that are left is shown in its place, from a keyframe on, and muted as that one
 * is. */
static void the_shown_layer_goes(void **state)
{
    static const rtc_media_sink_ops ops = {.size = sizeof ops, .on_encoded = see};
    struct scene s;
    rtc_media_sink *sink;
    (void)state;
    begin(&s);
    layers.silent = 1u << 2;
    peer_exchange(&s.p, 0);
    rtc_rtp_receiver *receiver = rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(s.p.peer[1].pc, 0));
    rtc_media_stream_track *track = rtc_rtp_receiver_track(receiver);
    assert_int_equal(rtc_media_stream_track_add_sink(track, &ops, NULL, &sink), RTC_OK);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_rtp_receiver_select_rid(receiver, "f"), RTC_OK);
    peer_run(&s.p, SECOND);
    assert_true(rtc_media_stream_track_muted(track));
    local(&s, 0);
    hand_over(&s, 0, "a=mid:", "a=mid:");
    local(&s, 1);
    hand_over(&s, 1, "a=simulcast:recv q;h;f", "a=simulcast:recv q;h");
    forget();
    peer_exchange(&s.p, 0);
    assert_string_equal(rtc_rtp_receiver_selected_rid(receiver), "q");
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(track));
    assert_true(seen.frames[0] > 10 && seen.first_was_key == 1);
    rtc_media_stream_track_remove_sink(track, sink);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_layers_and_a_choice), cmocka_unit_test(muted_with_its_layer),
        cmocka_unit_test(an_answer_narrows),         cmocka_unit_test(what_does_not_narrow),
        cmocka_unit_test(an_offer_widens),           cmocka_unit_test(an_offer_that_widened_is_undone),
        cmocka_unit_test(a_transceiver_of_an_offer), cmocka_unit_test(a_reoffer_narrows_when_answered),
        cmocka_unit_test(the_shown_layer_goes),      cmocka_unit_test(a_choice_while_it_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
