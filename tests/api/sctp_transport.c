/* SPDX-License-Identifier: MIT */
/* RTCSctpTransport (webrtc-pc 6.1.1): when a connection has one, its state, limits and transport. */
#include "../sim/peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct sim_peers p;
    struct peer_log log;
    rtc_data_channel *channel;
};

static void begin(struct scene *s, uint64_t seed, bool with_channel)
{
    memset(s, 0, sizeof *s);
    peer_scene(&s->p, seed, true);
    if (with_channel)
        assert_int_equal(rtc_peer_connection_create_data_channel(s->p.peer[0].pc, "a", 1, NULL, &s->channel), RTC_OK);
    else
        assert_int_equal(rtc_peer_connection_add_transceiver(s->p.peer[0].pc, RTC_MEDIA_AUDIO, NULL, NULL, NULL), RTC_OK);
}

static void end(struct scene *s)
{
    rtc_data_channel_unref(s->channel);
    sim_peers_fini(&s->p);
}

static rtc_sctp_transport *sctp(const struct scene *s, int side)
{
    return rtc_peer_connection_sctp(s->p.peer[side].pc);
}

static void on_state(rtc_sctp_transport *transport, void *user, rtc_sctp_transport_state state)
{
    char word[64];
    assert_int_equal(rtc_sctp_transport_get_state(transport), state);
    (void)snprintf(word, sizeof word, "sctp:%s", rtc_sctp_transport_state_name(state));
    peer_log_add(user, word);
}

static const rtc_sctp_transport_callbacks events = {.size = sizeof events, .on_state_change = on_state};

static void set_local(struct scene *s, int side)
{
    assert_int_equal(rtc_peer_connection_set_local_description(s->p.peer[side].pc, RTC_SDP_NONE, NULL), RTC_OK);
}

/* The other side's description, with another max-message-size; NULL: without one. */
static void set_remote(struct scene *s, int side, rtc_sdp_type type, const char *size)
{
    char line[64];
    (void)snprintf(line, sizeof line, "a=max-message-size:%s\r\n", size ? size : "");
    char *without = text_without_lines(peer_description(&s->p, 1 - side), "a=max-message-size:");
    char *sdp = malloc(strlen(without) + sizeof line);
    (void)sprintf(sdp, "%s%s", without, size ? line : "");
    assert_int_equal(rtc_peer_connection_set_remote_description(s->p.peer[side].pc, type, sdp), RTC_OK);
    free(sdp);
    free(without);
}

static void none_without_a_section_of_data(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 1, false);
    assert_null(sctp(&s, 0));
    peer_exchange(&s.p, 0);
    assert_null(sctp(&s, 0));
    assert_null(sctp(&s, 1));
    end(&s);
}

static void it_comes_with_the_description(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 2, true);
    assert_null(sctp(&s, 0));
    set_local(&s, 0);
    rtc_sctp_transport *transport = sctp(&s, 0);
    assert_non_null(transport);
    assert_int_equal(rtc_sctp_transport_get_state(transport), RTC_SCTP_TRANSPORT_CONNECTING);
    assert_non_null(rtc_sctp_transport_transport(transport));
    assert_int_equal(rtc_sctp_transport_max_channels(transport), 0);
    assert_int_equal(rtc_sctp_transport_max_message_size(transport), 65536);
    set_remote(&s, 1, RTC_SDP_OFFER, "70000");
    assert_non_null(sctp(&s, 1));
    assert_int_equal(rtc_sctp_transport_get_state(sctp(&s, 1)), RTC_SCTP_TRANSPORT_CONNECTING);
    set_local(&s, 1);
    set_remote(&s, 0, RTC_SDP_ANSWER, "80000");
    assert_ptr_equal(sctp(&s, 0), transport);
    assert_int_equal(rtc_sctp_transport_max_message_size(transport), 80000);
    assert_int_equal(rtc_sctp_transport_max_message_size(sctp(&s, 1)), 70000);
    end(&s);
}

/* An offer that is taken back takes it along. */
static void it_goes_with_a_rollback(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 3, true);
    set_local(&s, 0);
    assert_non_null(sctp(&s, 0));
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_null(sctp(&s, 0));
    end(&s);
}

static void a_rejected_section_has_none(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 4, true);
    set_local(&s, 0);
    char *offer = strdup(peer_description(&s.p, 0));
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, offer), RTC_OK);
    set_local(&s, 1);
    char *rejecting = text_replace(peer_description(&s.p, 1), "m=application 9", "m=application 0");
    char *ungrouped = text_without_lines(rejecting, "a=group:");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, RTC_SDP_ANSWER, ungrouped), RTC_OK);
    assert_null(sctp(&s, 0));
    free(ungrouped);
    free(rejecting);
    free(offer);
    end(&s);
}

/* 4.4.1.5: who comes after one that went is another object, which begins as the first did. */
static void the_next_is_another(void **state)
{
    struct scene s;
    rtc_data_channel *channel;
    rtc_sdp_type type;
    (void)state;
    begin(&s, 14, true);
    set_local(&s, 0);
    rtc_sctp_transport *first = rtc_sctp_transport_ref(sctp(&s, 0)); /* kept, so that the memory is not another's */
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    set_local(&s, 0);
    assert_ptr_not_equal(sctp(&s, 0), first);
    rtc_sctp_transport_unref(first);
    assert_int_equal(rtc_peer_connection_set_local_description(s.p.peer[0].pc, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    first = rtc_sctp_transport_ref(sctp(&s, 0));
    assert_int_equal(rtc_sctp_transport_get_state(first), RTC_SCTP_TRANSPORT_CONNECTED);
    peer_exchange(&s.p, 0); /* nothing has changed */
    assert_ptr_equal(sctp(&s, 0), first);

    set_local(&s, 0);
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[1].pc, RTC_SDP_OFFER, peer_description(&s.p, 0)), RTC_OK);
    set_local(&s, 1);
    char *ending = text_replace(rtc_peer_connection_local_description(s.p.peer[1].pc, &type), "a=sctp-port:5000", "a=sctp-port:0");
    assert_int_equal(rtc_peer_connection_set_remote_description(s.p.peer[0].pc, type, ending), RTC_OK);
    free(ending);
    assert_null(sctp(&s, 0));
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_sctp_transport_get_state(first), RTC_SCTP_TRANSPORT_CLOSED);
    assert_int_equal(rtc_peer_connection_create_data_channel(s.p.peer[0].pc, "more", 4, NULL, &channel), RTC_OK);
    set_local(&s, 0);
    assert_ptr_not_equal(sctp(&s, 0), first);
    assert_int_equal(rtc_sctp_transport_get_state(sctp(&s, 0)), RTC_SCTP_TRANSPORT_CONNECTING);
    rtc_data_channel_unref(channel);
    rtc_sctp_transport_unref(first);
    end(&s);
}

/* 6.1.1.2, "update the data max message size": with each description of the peer's, 65536 when it does not say, what this side can keep at
 * most. */
static void the_largest_message_follows_descriptions(void **state)
{
    static const char *const said[] = {NULL, "1", "2", "0", "1", "99999999999"};
    static const uint64_t expected[] = {65536, 1, 2, 0, 1, 0};
    struct scene s;
    (void)state;
    begin(&s, 5, true);
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        set_local(&s, 0);
        set_remote(&s, 1, RTC_SDP_OFFER, said[i]);
        set_local(&s, 1);
        set_remote(&s, 0, RTC_SDP_ANSWER, "1000");
        uint64_t size = rtc_sctp_transport_max_message_size(sctp(&s, 1));
        if (expected[i])
            assert_int_equal(size, expected[i]);
        else if (!most)
            most = size;
        else
            assert_int_equal(size, most);
        peer_run(&s.p, 200 * MS);
    }
    assert_true(most > 256 * 1024);
    end(&s);
}

/* What is said later counts for the next message. */
static void a_message_is_refused_by_the_size_of_now(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 6, true);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(rtc_data_channel_send(s.channel, "12345", 5), RTC_OK);
    set_local(&s, 0);
    set_remote(&s, 1, RTC_SDP_OFFER, "100000");
    set_local(&s, 1);
    set_remote(&s, 0, RTC_SDP_ANSWER, "4");
    assert_int_equal(rtc_sctp_transport_max_message_size(sctp(&s, 0)), 4);
    assert_int_equal(rtc_data_channel_send(s.channel, "12345", 5), RTC_ERR_TYPE);
    assert_non_null(strstr(rtc_peer_connection_last_error(s.p.peer[0].pc), "5 bytes"));
    assert_int_equal(rtc_data_channel_send(s.channel, "1234", 4), RTC_OK);
    end(&s);
}

/* Connected, with as many channels as both sides have, before the channels open. */
static void states_are_told_in_order(void **state)
{
    struct scene s;
    struct channel_log channel = {.log = &s.log, .name = "a"};
    (void)state;
    begin(&s, 7, true);
    channel_log_attach(s.channel, &channel);
    set_local(&s, 0);
    assert_int_equal(rtc_sctp_transport_set_callbacks(sctp(&s, 0), &events, &s.log), RTC_OK);
    assert_ptr_equal(rtc_sctp_transport_user(sctp(&s, 0)), &s.log);
    peer_run(&s.p, 200 * MS);
    set_remote(&s, 1, RTC_SDP_OFFER, "65536");
    set_local(&s, 1);
    peer_run(&s.p, 200 * MS);
    set_remote(&s, 0, RTC_SDP_ANSWER, "65536");
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    assert_string_equal(s.log.text, "sctp:connected a:open");
    assert_int_equal(rtc_sctp_transport_max_channels(sctp(&s, 0)), 256);
    assert_int_equal(rtc_sctp_transport_max_channels(sctp(&s, 1)), 256);
    rtc_peer_connection_close(s.p.peer[1].pc);
    peer_run(&s.p, SECOND);
    assert_int_equal(rtc_sctp_transport_get_state(sctp(&s, 0)), RTC_SCTP_TRANSPORT_CLOSED);
    assert_non_null(strstr(s.log.text, "sctp:closed a:"));
    assert_int_equal(peer_log_count(&s.log, "a:close"), 1);
    end(&s);
}

static void closing_is_silent_and_final(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 8, true);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    peer_run(&s.p, 200 * MS);
    rtc_sctp_transport *transport = rtc_sctp_transport_ref(sctp(&s, 0));
    assert_int_equal(rtc_sctp_transport_set_callbacks(transport, &events, &s.log), RTC_OK);
    rtc_peer_connection_close(s.p.peer[0].pc);
    assert_ptr_equal(sctp(&s, 0), transport);
    assert_int_equal(rtc_sctp_transport_get_state(transport), RTC_SCTP_TRANSPORT_CLOSED);
    peer_run(&s.p, 200 * MS);
    end(&s);
    assert_string_equal(s.log.text, "");
    assert_int_equal(rtc_dtls_transport_get_state(rtc_sctp_transport_transport(transport)), RTC_DTLS_TRANSPORT_CLOSED);
    assert_int_equal(rtc_sctp_transport_max_channels(transport), 256);
    rtc_sctp_transport_unref(transport);
    rtc_sctp_transport_unref(NULL);
    assert_int_equal(rtc_sctp_transport_set_callbacks(NULL, NULL, NULL), RTC_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_without_a_section_of_data),
        cmocka_unit_test(it_comes_with_the_description),
        cmocka_unit_test(it_goes_with_a_rollback),
        cmocka_unit_test(a_rejected_section_has_none),
        cmocka_unit_test(the_next_is_another),
        cmocka_unit_test(the_largest_message_follows_descriptions),
        cmocka_unit_test(a_message_is_refused_by_the_size_of_now),
        cmocka_unit_test(states_are_told_in_order),
        cmocka_unit_test(closing_is_silent_and_final),
    };
    return cmocka_run_group_tests_name("RTCSctpTransport", tests, NULL, NULL);
}
