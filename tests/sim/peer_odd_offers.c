/* SPDX-License-Identifier: MIT */
/* Offers that follow every grammar and that nobody makes: what a peer may do with them is refused, or harmless. */
#include "peer_scene.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    rtc_data_channel *channel;
};

static rtc_peer_connection *pc(struct scene *s, int i)
{
    return s->p.peer[i].pc;
}

static void begin(struct scene *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc(s, 0), "chat", 4, NULL, &s->channel), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
}

/* ---- Two sections of data ---- */

/* The first peer's offer with its section of data twice, in one group or outside of any. The caller's. */
static char *twice(struct scene *s, bool grouped)
{
    char *text = grouped ? text_replace(peer_description(&s->p, 0), "a=group:BUNDLE 0", "a=group:BUNDLE 0 9")
                         : text_without_lines(peer_description(&s->p, 0), "a=group:");
    char *section = text_section(text, 0), *other = text_replace(section, "a=mid:0", "a=mid:9");
    char *both = malloc(strlen(text) + strlen(other) + 1);
    assert_non_null(both);
    (void)stpcpy(stpcpy(both, text), other);
    free(other);
    free(section);
    free(text);
    return both;
}

/* The second peer's answer to that, as it answers the offer that was made. The caller's. */
static char *once(struct scene *s)
{
    const char *answer = peer_description(&s->p, 1);
    char *second = text_section(answer, 1);
    assert_non_null(second);
    assert_int_equal(strncmp(second, "m=application 0 ", 16), 0);
    char *text = strndup(answer, strlen(answer) - strlen(second));
    free(second);
    return text;
}

static void answer_one(bool grouped, bool later)
{
    struct scene s;
    rtc_data_channel *own;
    begin(&s, 1);
    assert_int_equal(rtc_peer_connection_create_data_channel(pc(&s, 1), "own", 3, NULL, &own), RTC_OK);
    if (later) {
        peer_exchange(&s.p, 0);
        peer_connect(&s.p, 10 * SECOND);
    }
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 0), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *offer = twice(&s, grouped);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 1), RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(pc(&s, 1), RTC_SDP_NONE, NULL), RTC_OK);
    peer_run(&s.p, 100 * MS);
    char *answer = once(&s);
    assert_int_equal(rtc_peer_connection_set_remote_description(pc(&s, 0), RTC_SDP_ANSWER, answer), RTC_OK);
    peer_connect(&s.p, 10 * SECOND);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_data_channel_ready_state(s.channel), RTC_DATA_CHANNEL_OPEN);
    assert_int_equal(rtc_data_channel_ready_state(own), RTC_DATA_CHANNEL_OPEN);
    rtc_data_channel_unref(own);
    free(answer);
    free(offer);
    end(&s);
}

static void one_of_two_sections_of_data_is_answered(void **state)
{
    (void)state;
    answer_one(false, false);
    answer_one(true, false);
}

static void another_section_of_data_is_rejected(void **state)
{
    (void)state;
    answer_one(false, true);
    answer_one(true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_sections_of_data_is_answered),
        cmocka_unit_test(another_section_of_data_is_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
