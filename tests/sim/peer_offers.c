/* SPDX-License-Identifier: MIT */
/* Offers that replace an offer which was not answered (RFC 9429 section 5.7), whose sections take which transceivers, and descriptions
 * that leave out what they may. */
#include "peer_pump.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_pumps pumps;
    struct peer_log log;
    rtc_peer_connection *near, *far;
};

static void begin(struct scene *s, uint64_t seed)
{
    peer_scene(&s->p, seed, true);
    peer_pumps_attach(&s->pumps, &s->p);
    peer_log_attach(&s->p.peer[1], &s->log);
    s->far = s->p.peer[0].pc;
    s->near = s->p.peer[1].pc;
}

static void end(struct scene *s)
{
    sim_peers_fini(&s->p);
    peer_pumps_fini(&s->pumps);
}

static void add(rtc_peer_connection *pc, rtc_media_kind kind, rtc_rtp_direction direction)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = direction};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, kind, NULL, &init, NULL), RTC_OK);
}

static struct peer_pump *add_track(struct scene *s, rtc_peer_connection *pc, rtc_media_kind kind)
{
    struct peer_pump *pump = peer_pump_new(&s->pumps, &s->p, kind);
    assert_int_equal(rtc_peer_connection_add_track(pc, pump->track, NULL, 0, NULL), RTC_OK);
    return pump;
}

static void set_local(rtc_peer_connection *pc)
{
    assert_int_equal(rtc_peer_connection_set_local_description(pc, RTC_SDP_NONE, NULL), RTC_OK);
}

static void set_remote(rtc_peer_connection *pc, rtc_sdp_type type, const char *sdp)
{
    if (rtc_peer_connection_set_remote_description(pc, type, sdp))
        fail_msg("%s", rtc_peer_connection_last_error(pc));
}

/* The far side's offer, with the last section under another name. */
static char *offer_renamed(struct scene *s, const char *group, const char *mid)
{
    char *named = text_replace(peer_description(&s->p, 0), group, "a=group:BUNDLE 0 x\r\n");
    char *offer = text_replace(named, mid, "a=mid:x\r\n");
    free(named);
    return offer;
}

static const char *mid_of(struct scene *s, size_t n)
{
    const char *mid = rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s->near, n));
    return mid ? mid : "none";
}

static bool ended(const rtc_rtp_transceiver *t)
{
    return rtc_media_stream_track_ready_state(rtc_rtp_receiver_track(rtc_rtp_transceiver_receiver((rtc_rtp_transceiver *)(uintptr_t)t))) ==
           RTC_TRACK_ENDED;
}

/* What an offer brought that another one replaced is gone: nobody would ever speak of its section. */
static void replaced(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1);
    add(s.far, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    set_local(s.far);
    char *other = offer_renamed(&s, "a=group:BUNDLE 0 1\r\n", "a=mid:1\r\n");
    set_remote(s.near, RTC_SDP_OFFER, other);
    rtc_rtp_transceiver *kept = rtc_peer_connection_transceiver(s.near, 0),
                        *gone = rtc_rtp_transceiver_ref(rtc_peer_connection_transceiver(s.near, 1));
    assert_string_equal(rtc_rtp_transceiver_mid(gone), "x");
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log, "track"), 2);
    set_remote(s.near, RTC_SDP_OFFER, peer_description(&s.p, 0));
    assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 2);
    assert_ptr_equal(rtc_peer_connection_transceiver(s.near, 0), kept);
    assert_string_equal(mid_of(&s, 1), "1");
    assert_null(rtc_rtp_transceiver_mid(gone));
    assert_true(!ended(gone) && !ended(kept)); /* the track ends in a task of its own (mediacapture-streams 4.3.1) */
    assert_int_equal(rtc_rtp_transceiver_set_direction(gone, RTC_DIRECTION_INACTIVE), RTC_ERR_INVALID_STATE);
    peer_run(&s.p, MS);
    assert_true(ended(gone) && !ended(kept));
    assert_int_equal(peer_log_count(&s.log, "track"), 3); /* the one that stayed is not told again */
    set_local(s.near);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log, "needed"), 0);
    set_remote(s.far, RTC_SDP_ANSWER, peer_description(&s.p, 1));
    free(other);
    rtc_rtp_transceiver_unref(gone);
    end(&s);
}

/* Before anybody heard of them nobody hears of them; a thousand offers leave no more than one. */
static void replaced_at_once(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2);
    add(s.far, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    set_local(s.far);
    char *other = offer_renamed(&s, "a=group:BUNDLE 0 1\r\n", "a=mid:1\r\n");
    for (int i = 0; i < 1000; i++)
        set_remote(s.near, RTC_SDP_OFFER, i % 2 ? peer_description(&s.p, 0) : other);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 2);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log, "track"), 2);
    free(other);
    end(&s);
}

/* The application's own transceiver is let go, and taken again or offered. */
static void own_track_is_let_go(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3);
    add(s.far, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    (void)add_track(&s, s.near, RTC_MEDIA_VIDEO);
    set_local(s.far);
    char *other = offer_renamed(&s, "a=group:BUNDLE 0 1\r\n", "a=mid:1\r\n");
    set_remote(s.near, RTC_SDP_OFFER, other);
    assert_string_equal(mid_of(&s, 0), "x");
    peer_run(&s.p, MS);
    set_remote(s.near, RTC_SDP_OFFER, peer_description(&s.p, 0));
    assert_string_equal(mid_of(&s, 0), "1");
    assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 2);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log, "track"), 3); /* it came with another section */
    /* an offer without such a section lets it wait */
    char *rejecting = text_replace(other, "m=video 9 ", "m=video 0 ");
    set_remote(s.near, RTC_SDP_OFFER, rejecting);
    assert_string_equal(mid_of(&s, 0), "none");
    assert_false(ended(rtc_peer_connection_transceiver(s.near, 0)));
    s.log.text[0] = 0;
    set_local(s.near);
    peer_run(&s.p, 10 * MS);
    assert_int_equal(peer_log_count(&s.log, "needed"), 1);
    set_local(s.near);
    assert_int_equal(text_count(peer_description(&s.p, 1), "m=video 9 "), 1);
    free(rejecting);
    free(other);
    end(&s);
}

/* A transceiver that an offer made stays once addTrack has used it, and the next offer takes it over; replaceTrack does not count. */
static void taken_over(void **state)
{
    (void)state;
    for (int added = 0; added < 2; added++) {
        struct scene s;
        begin(&s, 4);
        add(s.far, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
        add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
        set_local(s.far);
        char *other = offer_renamed(&s, "a=group:BUNDLE 0 1\r\n", "a=mid:1\r\n");
        set_remote(s.near, RTC_SDP_OFFER, other);
        rtc_rtp_transceiver *t = rtc_peer_connection_transceiver(s.near, 1);
        rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(t);
        if (added) {
            (void)add_track(&s, s.near, RTC_MEDIA_VIDEO);
            assert_int_equal(rtc_peer_connection_remove_track(s.near, sender), RTC_OK);
        } else {
            assert_int_equal(rtc_rtp_sender_replace_track(sender, peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO)->track), RTC_OK);
        }
        assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 2);
        set_remote(s.near, RTC_SDP_OFFER, peer_description(&s.p, 0));
        assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 2);
        assert_int_equal(rtc_peer_connection_transceiver(s.near, 1) == t, added);
        assert_string_equal(mid_of(&s, 1), "1");
        free(other);
        end(&s);
    }
}

/* Another kind under the same mid is another section. */
static void kind_changes(void **state)
{
    struct scene s;
    struct sim_peers elsewhere;
    (void)state;
    peer_scene(&elsewhere, 5, true);
    add(elsewhere.peer[0].pc, RTC_MEDIA_AUDIO, RTC_DIRECTION_SENDRECV);
    set_local(elsewhere.peer[0].pc);
    begin(&s, 6);
    struct peer_pump *pump = add_track(&s, s.far, RTC_MEDIA_VIDEO);
    pump->next = 1;
    set_remote(s.near, RTC_SDP_OFFER, peer_description(&elsewhere, 0));
    peer_exchange(&s.p, 0);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 1);
    assert_int_equal(rtc_rtp_transceiver_kind(rtc_peer_connection_transceiver(s.near, 0)), RTC_MEDIA_VIDEO);
    peer_connect(&s.p, SECOND);
    peer_run(&s.p, SECOND);
    assert_false(rtc_media_stream_track_muted(peer_remote_track(&s.p, 1, 0)));
    end(&s);
    sim_peers_fini(&elsewhere);
}

/* RFC 9429 section 5.10: only a section that wants to receive takes what addTrack made. */
static void sendonly_takes_nothing(void **state)
{
    static const struct {
        rtc_rtp_direction offered;
        bool takes;
    } cases[] = {
        {RTC_DIRECTION_SENDONLY, false}, {RTC_DIRECTION_INACTIVE, false}, {RTC_DIRECTION_RECVONLY, true}, {RTC_DIRECTION_SENDRECV, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        begin(&s, 7 + i);
        add(s.far, RTC_MEDIA_VIDEO, cases[i].offered);
        (void)add_track(&s, s.near, RTC_MEDIA_VIDEO);
        peer_exchange(&s.p, 0);
        assert_string_equal(mid_of(&s, 0), cases[i].takes ? "0" : "none");
        assert_int_equal(rtc_peer_connection_transceiver_count(s.near), cases[i].takes ? 1 : 2);
        end(&s);
    }
}

/* The id of a sender's track in SDP is that of its first track until it is in a description, and then stays (webrtc-pc 5.2, [[SenderTrack]]
 * and msid: RFC 8830 section 2). */
static void track_ids_stay(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 11);
    struct peer_pump *first = add_track(&s, s.far, RTC_MEDIA_VIDEO), *second = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO),
                     *third = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s.far, 0));
    assert_ptr_equal(rtc_rtp_sender_track(sender), first->track);
    assert_int_equal(rtc_rtp_sender_replace_track(sender, second->track), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_non_null(strstr(peer_description(&s.p, 0), rtc_media_stream_track_id(second->track)));
    assert_int_equal(rtc_rtp_sender_replace_track(sender, third->track), RTC_OK);
    peer_exchange(&s.p, 0);
    assert_non_null(strstr(peer_description(&s.p, 0), rtc_media_stream_track_id(second->track)));
    assert_null(strstr(peer_description(&s.p, 0), rtc_media_stream_track_id(third->track)));
    end(&s);
}

/* Two senders of one track: an id in SDP is that of one sender, so the second keeps the one that it was made with (RFC 8830 section 2). */
static void a_track_of_two_senders(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 12);
    struct peer_pump *pump = peer_pump_new(&s.pumps, &s.p, RTC_MEDIA_VIDEO);
    for (size_t i = 0; i < 2; i++) {
        add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDONLY);
        assert_int_equal(rtc_rtp_sender_replace_track(rtc_rtp_transceiver_sender(rtc_peer_connection_transceiver(s.far, i)), pump->track),
                         RTC_OK);
    }
    peer_exchange(&s.p, 0);
    assert_int_equal(text_count(peer_description(&s.p, 0), "a=msid:- "), 2);
    assert_int_equal(text_count(peer_description(&s.p, 0), rtc_media_stream_track_id(pump->track)), 1);
    end(&s);
}

/* ---- What may be left out ---- */

/* An offer and an answer through `change`, which makes a new text. */
static void exchange_changed(struct scene *s, char *(*change)(const char *sdp, rtc_sdp_type type))
{
    set_local(s->far);
    peer_run(&s->p, 100 * MS);
    char *offer = change(peer_description(&s->p, 0), RTC_SDP_OFFER);
    set_remote(s->near, RTC_SDP_OFFER, offer);
    set_local(s->near);
    peer_run(&s->p, 100 * MS);
    char *answer = change(peer_description(&s->p, 1), RTC_SDP_ANSWER);
    set_remote(s->far, RTC_SDP_ANSWER, answer);
    free(offer);
    free(answer);
}

static char *answer_without_setup(const char *sdp, rtc_sdp_type type)
{
    return text_without_lines(sdp, type == RTC_SDP_ANSWER ? "a=setup:" : "\n");
}

/* RFC 4145 section 4.1: an answerer that says nothing is active. */
static void no_setup(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 12);
    add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    exchange_changed(&s, answer_without_setup);
    peer_connect(&s.p, 2 * SECOND);
    assert_int_equal(rtc_dtls_transport_get_state(sim_dtls(s.far)), RTC_DTLS_TRANSPORT_CONNECTED);
    end(&s);
}

static char *without_mid(const char *sdp, rtc_sdp_type type)
{
    char *ungrouped = text_without_lines(sdp, "a=group:"), *bare = text_without_lines(ungrouped, "a=mid:");
    (void)type;
    free(ungrouped);
    return bare;
}

/* RFC 9429 section 5.10: whoever offers without mids gets a transceiver all the same, and the peer's answer may have none either. */
static void no_mid(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 14);
    add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
    exchange_changed(&s, without_mid);
    assert_int_equal(rtc_peer_connection_transceiver_count(s.near), 1);
    assert_string_equal(rtc_rtp_transceiver_mid(rtc_peer_connection_transceiver(s.near, 0)), "0");
    peer_connect(&s.p, 2 * SECOND);
    end(&s);
}

static char *without_trickle(const char *sdp, rtc_sdp_type type)
{
    char *trickling = text_without_lines(sdp, "a=end-of-candidates"), *whole = text_without_lines(trickling, "a=ice-options:");
    (void)type;
    free(trickling);
    return whole;
}

static char *trickling(const char *sdp, rtc_sdp_type type)
{
    (void)type;
    return text_without_lines(sdp, "a=end-of-candidates");
}

/* RFC 8838 section 4: who does not trickle gives all its candidates at once, and has no other way to say so. */
static void whole_without_an_end(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        struct scene s;
        begin(&s, 13);
        add(s.far, RTC_MEDIA_VIDEO, RTC_DIRECTION_SENDRECV);
        exchange_changed(&s, whole ? without_trickle : trickling);
        peer_connect(&s.p, 2 * SECOND);
        peer_run(&s.p, SECOND);
        assert_int_equal(rtc_peer_connection_ice_connection_state(s.near), RTC_ICE_CONNECTION_CONNECTED); /* it is controlled */
        assert_int_equal(rtc_peer_connection_ice_connection_state(s.far),
                         whole ? RTC_ICE_CONNECTION_COMPLETED : RTC_ICE_CONNECTION_CONNECTED);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced),       cmocka_unit_test(replaced_at_once),       cmocka_unit_test(own_track_is_let_go),
        cmocka_unit_test(taken_over),     cmocka_unit_test(kind_changes),           cmocka_unit_test(sendonly_takes_nothing),
        cmocka_unit_test(track_ids_stay), cmocka_unit_test(a_track_of_two_senders), cmocka_unit_test(no_setup),
        cmocka_unit_test(no_mid),         cmocka_unit_test(whole_without_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
