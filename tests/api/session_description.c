/* SPDX-License-Identifier: MIT */
/* RTCSessionDescription (webrtc-pc 4.6): the types by their names, what becomes of the text that is given, which texts may be set as local
 * descriptions (4.4.1.5, the last created offer and answer), and what a text that can not be read leaves behind. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static void types_by_name(void **state)
{
    static const char *const names[] = {"offer", "pranswer", "answer", "rollback"};
    static const rtc_sdp_type types[] = {RTC_SDP_OFFER, RTC_SDP_PRANSWER, RTC_SDP_ANSWER, RTC_SDP_ROLLBACK};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_string_equal(rtc_sdp_type_name(types[i]), names[i]);
        assert_int_equal(rtc_sdp_type_from_name(names[i]), types[i]);
    }
    static const char *const unknown[] = {"", "Offer", "offer ", "none"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(rtc_sdp_type_from_name(unknown[i]), RTC_SDP_NONE);
    assert_int_equal(rtc_sdp_type_from_name(NULL), RTC_SDP_NONE);
}

/* The text is the caller's again when the call returns, and both sides read the same. */
static void the_text_is_copied(void **state)
{
    struct scene s;
    rtc_sdp_type type;
    (void)state;
    scene_begin(&s, 1);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_OFFER, NULL), RTC_OK);
    peer_run(&s.p, SECOND);
    char *offer = strdup(peer_description(&s.p, 0)), *given = strdup(offer);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, given), RTC_OK);
    memset(given, 'x', strlen(given));
    free(given);
    assert_string_equal(rtc_peer_connection_remote_description(pc_of(&s, 1), &type), offer);
    assert_int_equal(type, RTC_SDP_OFFER);
    /* The same text for as long as nothing changes, which is how one description is told from the next. */
    assert_ptr_equal(rtc_peer_connection_remote_description(pc_of(&s, 1), NULL),
                     rtc_peer_connection_remote_description(pc_of(&s, 1), NULL));
    assert_ptr_equal(rtc_peer_connection_local_description(pc_of(&s, 0), NULL), rtc_peer_connection_local_description(pc_of(&s, 0), NULL));
    free(offer);
    scene_end(&s);
}

static int set_local(struct scene *s, rtc_sdp_type type, const char *sdp)
{
    return rtc_peer_connection_set_local_description(pc_of(s, 0), type, sdp);
}

/* A local description is what was created last, and nothing else: a changed one, that of the other type, and one of before are refused, and
 * the state stays. */
static void what_was_created(void **state)
{
    struct scene s;
    const char *sdp;
    (void)state;
    scene_begin(&s, 2);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &sdp), RTC_OK);
    char *first = strdup(sdp), *changed = text_replace(first, "a=sendrecv", "a=recvonly");
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, changed), RTC_ERR_INVALID_MODIFICATION);
    assert_true(strlen(rtc_peer_connection_last_error(pc_of(&s, 0))) > 10);
    assert_int_equal(set_local(&s, RTC_SDP_ANSWER, first), RTC_ERR_INVALID_STATE);
    (void)scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_create_offer(pc_of(&s, 0), &sdp), RTC_OK);
    assert_string_not_equal(sdp, first);
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, first), RTC_ERR_INVALID_MODIFICATION); /* the last one counts */
    assert_int_equal(rtc_peer_connection_signaling_state(pc_of(&s, 0)), RTC_SIGNALING_STABLE);
    assert_null(rtc_peer_connection_local_description(pc_of(&s, 0), NULL));
    char *last = strdup(sdp);
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, last), RTC_OK);
    assert_int_equal(rtc_peer_connection_signaling_state(pc_of(&s, 0)), RTC_SIGNALING_HAVE_LOCAL_OFFER);
    free(last);
    free(changed);
    free(first);
    scene_end(&s);
}

/* An empty text, as none, has it created: the offer or answer that the type names. */
static void none_is_created(void **state)
{
    struct scene s;
    rtc_sdp_type type;
    (void)state;
    scene_begin(&s, 3);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, ""), RTC_OK);
    const char *offer = rtc_peer_connection_local_description(pc_of(&s, 0), &type);
    assert_int_equal(type, RTC_SDP_OFFER);
    assert_non_null(strstr(offer, "m=audio"));
    assert_int_equal(rtc_peer_connection_set_remote_description(pc_of(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_PRANSWER, ""), RTC_OK);
    (void)rtc_peer_connection_local_description(pc_of(&s, 1), &type);
    assert_int_equal(type, RTC_SDP_PRANSWER);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    (void)rtc_peer_connection_local_description(pc_of(&s, 1), &type);
    assert_int_equal(type, RTC_SDP_ANSWER);
    scene_end(&s);
}

/* Every beginning of an offer, and what is no SDP: an error with the line, or a whole description; never anything between. */
static void texts_that_can_not_be_read(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(rtc_peer_connection_set_local_description(pc_of(&s, 0), RTC_SDP_OFFER, NULL), RTC_OK);
    char *offer = strdup(rtc_peer_connection_local_description(pc_of(&s, 0), NULL));
    rtc_peer_connection *b = pc_of(&s, 1);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, NULL), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, (rtc_sdp_type)9, offer), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_NONE, offer), RTC_ERR_TYPE);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, "v=0\r\no=nonsense\r\n"), RTC_ERR_SYNTAX);
    assert_non_null(strstr(rtc_peer_connection_last_error(b), "line 2"));
    size_t whole = strlen(offer), taken = 0;
    for (size_t len = 0; len < whole; len += 7) {
        char *part = strndup(offer, len);
        int error = rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, part);
        free(part);
        bool is_offered = rtc_peer_connection_signaling_state(b) == RTC_SIGNALING_HAVE_REMOTE_OFFER;
        assert_int_equal(error == RTC_OK, is_offered);
        assert_int_equal(is_offered, rtc_peer_connection_remote_description(b, NULL) != NULL);
        taken += is_offered;
        if (is_offered)
            assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ROLLBACK, NULL), RTC_OK);
        else
            assert_true(strlen(rtc_peer_connection_last_error(b)) > 5);
        assert_int_equal(rtc_peer_connection_transceiver_count(b), 0);
    }
    assert_in_range(taken, 1, whole / 7); /* those that miss only what may be missing */
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    free(offer);
    scene_end(&s);
}

/* restartIce (4.4.2): what was asked for while the first offer waited is asked for when it was taken back, too; an answer settles it. */
static void a_restart_outlives_a_rollback(void **state)
{
    struct scene s;
    char ufrag[80] = "";
    (void)state;
    scene_begin(&s, 8);
    (void)scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, NULL), RTC_OK);
    const char *line = strstr(peer_description(&s.p, 0), "a=ice-ufrag:");
    assert_non_null(line);
    memcpy(ufrag, line, strcspn(line, "\r"));
    assert_int_equal(rtc_peer_connection_restart_ice(pc_of(&s, 0)), RTC_OK);
    assert_int_equal(set_local(&s, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(set_local(&s, RTC_SDP_OFFER, NULL), RTC_OK);
    assert_null(strstr(peer_description(&s.p, 0), ufrag));
    assert_int_equal(set_local(&s, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 100 * MS);
    assert_false(rtc_peer_connection_negotiation_needed(pc_of(&s, 0)));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_by_name),   cmocka_unit_test(the_text_is_copied),         cmocka_unit_test(what_was_created),
        cmocka_unit_test(none_is_created), cmocka_unit_test(texts_that_can_not_be_read), cmocka_unit_test(a_restart_outlives_a_rollback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
