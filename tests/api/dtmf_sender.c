/* SPDX-License-Identifier: MIT */
/* RTCDTMFSender (webrtc-pc 7): what may be inserted, the tone buffer, and the playout task, whose times are virtual; and what the peer
 * hears of it. */
#include "renegotiate_scene.h"

#include <stdio.h>
#include <string.h>

struct call {
    struct scene s;
    rtc_rtp_sender *sender;
    rtc_dtmf_sender *dtmf;
    rtc_time_t began;
};

/* "A|BC@170 ": the tone, the buffer then, and when. */
static void on_tone_change(void *user, rtc_dtmf_sender *dtmf, const char *tone)
{
    struct call *c = user;
    char word[64];
    (void)snprintf(word, sizeof word, "%s|%s@%lld", tone, rtc_dtmf_sender_tone_buffer(dtmf), (long long)(c->s.p.now - c->began) / 1000);
    peer_log_add(&c->s.log[0], word);
}

static void on_tone(rtc_peer_connection *pc, void *user, rtc_rtp_receiver *receiver, char tone, uint32_t duration_ms, bool ended)
{
    char word[32];
    assert_ptr_equal(receiver, rtc_rtp_transceiver_receiver(rtc_peer_connection_transceiver(pc, 0)));
    if (ended)
        (void)snprintf(word, sizeof word, "%c:%u", tone, duration_ms);
    else
        (void)snprintf(word, sizeof word, "%c", tone);
    peer_log_add(user, word);
}

static void begin(struct call *c)
{
    static const rtc_dtmf_sender_callbacks callbacks = {sizeof callbacks, on_tone_change};
    memset(c, 0, sizeof *c);
    scene_begin(&c->s, 3);
    c->s.p.peer[1].extra.on_tone = on_tone;
    (void)scene_add_track(&c->s, 0, RTC_MEDIA_AUDIO, &c->sender);
    c->dtmf = rtc_rtp_sender_dtmf(c->sender);
    assert_non_null(c->dtmf);
    assert_int_equal(rtc_dtmf_sender_set_callbacks(c->dtmf, &callbacks, c), RTC_OK);
    peer_exchange(&c->s.p, 0);
    assert_false(rtc_dtmf_sender_can_insert(c->dtmf));
    assert_int_equal(rtc_dtmf_sender_insert(c->dtmf, "1", 100, 70), RTC_ERR_INVALID_STATE);
    peer_connect(&c->s.p, SECOND);
    peer_run(&c->s.p, SECOND);
    assert_true(rtc_dtmf_sender_can_insert(c->dtmf));
    scene_forget_logs(&c->s);
    c->began = c->s.p.now;
}

static void insert(struct call *c, const char *tones, uint32_t duration_ms, uint32_t gap_ms)
{
    assert_int_equal(rtc_dtmf_sender_insert(c->dtmf, tones, duration_ms, gap_ms), RTC_OK);
}

static void expect(struct call *c, rtc_time_t after, const char *changes, const char *heard)
{
    peer_run(&c->s.p, after);
    assert_string_equal(c->s.log[0].text, changes);
    assert_string_equal(c->s.log[1].text, heard);
    scene_end(&c->s);
}

static void tones_in_turn(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "12c", RTC_DTMF_DURATION_MS, RTC_DTMF_GAP_MS);
    assert_string_equal(rtc_dtmf_sender_tone_buffer(c.dtmf), "12C"); /* the task has not run yet */
    expect(&c, SECOND, "1|2C@0 2|C@170 C|@340 |@510", "1 1:100 2 2:100 C C:100");
}

static void durations_and_gaps_are_bounded(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "AB", 10, 10);
    expect(&c, SECOND, "A|B@0 B|@70 |@140", "A A:40 B B:40");
    begin(&c);
    insert(&c, "*#", 7000, 7000);
    peer_run(&c.s.p, 11900 * MS);
    assert_string_equal(c.s.log[0].text, "*|#@0");
    peer_run(&c.s.p, 200 * MS);
    assert_string_equal(c.s.log[0].text, "*|#@0 #|@12000");
    assert_int_equal(peer_log_count(&c.s.log[1], "*"), 1);
    scene_end(&c.s);
}

static void a_comma_is_a_pause(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "0,9", 100, 70);
    expect(&c, 3 * SECOND, "0|,9@0 ,|9@170 9|@2170 |@2340", "0 0:100 9 9:100");
}

/* What waits is replaced; the task keeps its time. */
static void inserted_while_it_plays(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "123", 100, 70);
    peer_run(&c.s.p, 50 * MS);
    insert(&c, "", 100, 70);
    assert_string_equal(rtc_dtmf_sender_tone_buffer(c.dtmf), "");
    expect(&c, SECOND, "1|23@0 |@170", "1 1:100");
    begin(&c);
    insert(&c, "1", 100, 70);
    peer_run(&c.s.p, 50 * MS);
    insert(&c, "45", 200, 70);
    expect(&c, SECOND, "1|@0 4|5@170 5|@440 |@710", "1 1:100 4 4:200 5 5:200");
}

/* RFC 4733 section 2.5.2.2: nothing says that it ended, nor that anything follows. */
static void an_end_that_is_lost(void **state)
{
    struct call c;
    unsigned heard = 0;
    (void)state;
    begin(&c);
    insert(&c, "5", 1000, 70);
    peer_run(&c.s.p, 100 * MS);
    sim_host_link(c.s.p.peer[0].host)->loss = 1;
    peer_run(&c.s.p, 400 * MS);
    assert_string_equal(c.s.log[1].text, "5");
    peer_run(&c.s.p, 200 * MS);
    assert_int_equal(sscanf(c.s.log[1].text, "5 5:%u", &heard), 1);
    assert_in_range(heard, 60, 120);
    sim_host_link(c.s.p.peer[0].host)->loss = 0;
    peer_run(&c.s.p, SECOND);
    insert(&c, "6", 100, 70);
    peer_run(&c.s.p, SECOND);
    assert_non_null(strstr(c.s.log[1].text, "6 6:100"));
    assert_int_equal(peer_log_count(&c.s.log[1], "5"), 1); /* what still came of it says nothing new */
    scene_end(&c.s);
}

static void an_empty_one_tells_nothing(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "", 100, 70);
    expect(&c, SECOND, "", "");
}

static void what_is_no_tone(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    insert(&c, "5", 100, 70);
    static const char *const bad[] = {"12E", "1 2", "f", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(rtc_dtmf_sender_insert(c.dtmf, bad[i], 100, 70), RTC_ERR_INVALID_CHARACTER);
    assert_int_equal(rtc_dtmf_sender_insert(c.dtmf, "12E", 100, 70), RTC_ERR_INVALID_CHARACTER);
    assert_non_null(strstr(rtc_peer_connection_last_error(c.s.p.peer[0].pc), "'E' at 2"));
    assert_string_equal(rtc_dtmf_sender_tone_buffer(c.dtmf), "5");
    expect(&c, SECOND, "5|@0 |@170", "5 5:100");
}

/* A direction that does not send, and stop(), end the task without a word. */
static void what_ends_it(void **state)
{
    struct call c;
    (void)state;
    begin(&c);
    rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 0);
    insert(&c, "1234", 100, 70);
    peer_run(&c.s.p, 60 * MS);
    assert_int_equal(rtc_rtp_transceiver_set_direction(t, RTC_DIRECTION_INACTIVE), RTC_OK);
    peer_exchange(&c.s.p, 0);
    assert_false(rtc_dtmf_sender_can_insert(c.dtmf));
    assert_int_equal(rtc_dtmf_sender_insert(c.dtmf, "1", 100, 70), RTC_ERR_INVALID_STATE);
    peer_run(&c.s.p, SECOND);
    assert_null(strstr(c.s.log[0].text, "2|"));
    scene_end(&c.s);
    begin(&c);
    insert(&c, "1234", 100, 70);
    peer_run(&c.s.p, 60 * MS);
    assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(c.s.p.peer[0].pc, 0)), RTC_OK);
    assert_int_equal(rtc_dtmf_sender_insert(c.dtmf, "", 100, 70), RTC_ERR_INVALID_STATE);
    peer_run(&c.s.p, SECOND);
    assert_null(strstr(c.s.log[0].text, "2|"));
    scene_end(&c.s);
}

/* webrtc-pc 7.2, "determine if DTMF can be sent": not by an encoding that is not active. */
static void not_by_what_is_inactive(void **state)
{
    struct call c;
    rtc_rtp_parameters *parameters;
    (void)state;
    begin(&c);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rtc_rtp_sender_get_parameters(c.sender, &parameters), RTC_OK);
        parameters->encodings[0]->inactive = i == 0;
        assert_int_equal(rtc_rtp_sender_set_parameters(c.sender, parameters), RTC_OK);
        rtc_rtp_parameters_free(parameters);
        peer_run(&c.s.p, 100 * MS);
        assert_int_equal(rtc_dtmf_sender_can_insert(c.dtmf), i == 1);
        assert_int_equal(rtc_dtmf_sender_insert(c.dtmf, "", 100, 70), i == 0 ? RTC_ERR_INVALID_STATE : RTC_OK);
        if (i == 0)
            assert_non_null(strstr(rtc_peer_connection_last_error(c.s.p.peer[0].pc), "not active"));
    }
    scene_end(&c.s);
}

/* The same is asked before each tone: what ends them is told by nothing, and those that wait stay in the buffer. */
static void asked_before_each_tone(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct call c;
        rtc_rtp_parameters *parameters;
        begin(&c);
        insert(&c, "1234", 100, 70);
        peer_run(&c.s.p, 60 * MS);
        if (i == 0) {
            assert_int_equal(rtc_rtp_sender_replace_track(c.sender, NULL), RTC_OK);
        } else {
            assert_int_equal(rtc_rtp_sender_get_parameters(c.sender, &parameters), RTC_OK);
            parameters->encodings[0]->inactive = true;
            assert_int_equal(rtc_rtp_sender_set_parameters(c.sender, parameters), RTC_OK);
            rtc_rtp_parameters_free(parameters);
        }
        peer_run(&c.s.p, SECOND);
        assert_non_null(strstr(c.s.log[0].text, "1|"));
        assert_null(strstr(c.s.log[0].text, "2|"));
        assert_string_equal(rtc_dtmf_sender_tone_buffer(c.dtmf), "234");
        scene_end(&c.s);
    }
}

static void who_has_none(void **state)
{
    struct call c;
    rtc_rtp_sender *video;
    (void)state;
    begin(&c);
    (void)scene_add_track(&c.s, 0, RTC_MEDIA_VIDEO, &video);
    assert_null(rtc_rtp_sender_dtmf(video));
    assert_int_equal(rtc_rtp_sender_replace_track(c.sender, NULL), RTC_OK);
    assert_false(rtc_dtmf_sender_can_insert(c.dtmf));
    rtc_dtmf_sender *kept = rtc_dtmf_sender_ref(c.dtmf);
    rtc_peer_connection_close(c.s.p.peer[0].pc);
    assert_int_equal(rtc_dtmf_sender_insert(kept, "1", 100, 70), RTC_ERR_INVALID_STATE);
    scene_end(&c.s);
    rtc_dtmf_sender_unref(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_in_turn),
        cmocka_unit_test(durations_and_gaps_are_bounded),
        cmocka_unit_test(a_comma_is_a_pause),
        cmocka_unit_test(inserted_while_it_plays),
        cmocka_unit_test(an_end_that_is_lost),
        cmocka_unit_test(an_empty_one_tells_nothing),
        cmocka_unit_test(what_is_no_tone),
        cmocka_unit_test(what_ends_it),
        cmocka_unit_test(not_by_what_is_inactive),
        cmocka_unit_test(asked_before_each_tone),
        cmocka_unit_test(who_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
