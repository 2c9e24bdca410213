/* SPDX-License-Identifier: MIT */
/* a=tls-id (RFC 8842 sections 4 and 5; RFC 9429 sections 5.2.1, 5.2.2 and 5.3.1): a name for every DTLS association, the same while it
 * stays, another for the next one, and none for a peer that knows of none. */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

struct name {
    char text[64]; /* "": none */
};

/* Of the first section that is not rejected. */
static struct name name_in(const char *sdp)
{
    struct name name = {""};
    const char *at = strstr(sdp, "a=tls-id:");
    if (!at)
        return name;
    size_t len = strcspn(at + 9, "\r\n");
    assert_in_range(len, 20, 63);
    memcpy(name.text, at + 9, len);
    name.text[len] = 0;
    assert_int_equal(strspn(name.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"), len);
    return name;
}

static struct name name_of(struct scene *s, int index)
{
    return name_in(peer_description(&s->p, index));
}

static void begin(struct scene *s, uint64_t seed)
{
    scene_begin(s, seed);
    scene_add_track(s, 0, RTC_MEDIA_AUDIO, NULL);
    scene_add_track(s, 0, RTC_MEDIA_VIDEO, NULL);
}

static void connect(struct scene *s)
{
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, 5 * SECOND);
}

static void stays(struct scene *s, const struct name before[2])
{
    for (int i = 0; i < 2; i++)
        assert_string_equal(name_of(s, i).text, before[i].text);
}

/* Created twice, it is the same; after offers and answers of either side, and ICE restarts, too. */
static void while_the_association_stays(void **state)
{
    struct scene s;
    const char *first, *second;
    (void)state;
    begin(&s, 1);
    assert_int_equal(rtc_peer_connection_create_offer(s.p.peer[0].pc, &first), RTC_OK);
    struct name created = name_in(first);
    assert_int_equal(text_count(first, "a=tls-id:"), 2);
    assert_int_equal(rtc_peer_connection_create_offer(s.p.peer[0].pc, &second), RTC_OK);
    assert_string_equal(name_in(second).text, created.text);
    connect(&s);
    struct name before[2] = {name_of(&s, 0), name_of(&s, 1)};
    assert_string_equal(before[0].text, created.text);
    assert_int_equal(strlen(before[1].text), 20);
    assert_string_not_equal(before[0].text, before[1].text);
    for (int offerer = 0; offerer < 2; offerer++) {
        scene_add_track(&s, offerer, RTC_MEDIA_VIDEO, NULL);
        peer_exchange(&s.p, offerer);
        stays(&s, before);
        assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[offerer].pc), RTC_OK);
        peer_exchange(&s.p, offerer);
        peer_run(&s.p, 2 * SECOND);
        stays(&s, before);
        assert_int_equal(peer_log_count(&s.log[offerer], "dtls:connected"), 1);
    }
    for (int i = 0; i < 2; i++) /* all sections of the group say it */
        assert_int_equal(text_count(peer_description(&s.p, i), before[i].text), 3);
    scene_end(&s);
}

/* The section that has it goes, and another takes its transport over: another association. */
static void another_section(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct scene s;
        begin(&s, 2);
        connect(&s);
        struct name before[2] = {name_of(&s, 0), name_of(&s, 1)}, after[2];
        assert_int_equal(rtc_rtp_transceiver_stop(rtc_peer_connection_transceiver(s.p.peer[stops].pc, 0)), RTC_OK);
        peer_exchange(&s.p, stops);
        peer_run(&s.p, 2 * SECOND);
        for (int i = 0; i < 2; i++) {
            after[i] = name_of(&s, i);
            assert_int_equal(strlen(after[i].text), 20);
            assert_string_not_equal(after[i].text, before[i].text);
            assert_int_equal(peer_log_count(&s.log[i], "dtls:connected"), 2);
        }
        peer_exchange(&s.p, !stops);
        stays(&s, after);
        scene_end(&s);
    }
}

/* An offer of another endpoint begins another one, and the answer says so. */
static void another_endpoint(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3);
    connect(&s);
    struct name before[2] = {name_of(&s, 0), name_of(&s, 1)};
    const rtc_configuration c = {.size = sizeof c};
    sim_peers_replace(&s.p, 1, &c);
    scene_add_track(&s, 1, RTC_MEDIA_AUDIO, NULL);
    scene_add_track(&s, 1, RTC_MEDIA_VIDEO, NULL);
    peer_exchange(&s.p, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(strlen(name_of(&s, i).text), 20);
        assert_string_not_equal(name_of(&s, i).text, before[i].text);
    }
    scene_end(&s);
}

/* Who offers none gets none, and the association keeps being called nothing in offers of ours, or it would seem to be another one. */
static void a_peer_without(void **state)
{
    struct scene s;
    const char *offer;
    (void)state;
    begin(&s, 4);
    offer = scene_gathered_offer(&s);
    scene_exchange_changed(&s, text_without_lines(offer, "a=tls-id:"));
    free((char *)offer);
    peer_connect(&s.p, 5 * SECOND);
    assert_string_equal(name_of(&s, 1).text, "");
    assert_int_equal(rtc_peer_connection_create_offer(s.p.peer[1].pc, &offer), RTC_OK);
    assert_string_equal(name_in(offer).text, "");
    scene_end(&s);
}

/* A name that changes is another association, which takes an ICE restart (RFC 8842 section 4); without one the offer is refused. */
static void a_name_that_changes(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 5);
    connect(&s);
    struct name before = name_of(&s, 0), mine = name_of(&s, 1);
    char *offer = scene_gathered_offer(&s);
    char *changed = text_replace(offer, before.text, "AAAAAAAAAAAAAAAAAAAA");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, changed), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[1].pc), "a=tls-id"));
    free(changed);
    free(offer);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_restart_ice(s.p.peer[0].pc), RTC_OK);
    offer = scene_gathered_offer(&s);
    changed = text_replace(offer, before.text, "AAAAAAAAAAAAAAAAAAAA");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, changed), RTC_OK);
    const char *answer;
    assert_int_equal(rtc_peer_connection_create_answer(s.p.peer[1].pc, &answer), RTC_OK);
    assert_int_equal(strlen(name_in(answer).text), 20);
    assert_string_not_equal(name_in(answer).text, mine.text);
    free(changed);
    free(offer);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(while_the_association_stays),
        cmocka_unit_test(another_section),
        cmocka_unit_test(another_endpoint),
        cmocka_unit_test(a_peer_without),
        cmocka_unit_test(a_name_that_changes),
    };
    return cmocka_run_group_tests_name("a=tls-id", tests, NULL, NULL);
}
