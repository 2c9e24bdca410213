/* SPDX-License-Identifier: MIT */
/* What packets are marked with (RFC 8837): by the priorities of senders and of data channels, and whatever serves them all by the highest.
 */
#include "dscp.h"
#include "peer_pump.h"

enum { DF = 0, CS1 = 8, AF11 = 10, AF21 = 18, AF41 = 34, AF42 = 36, EF = 46 };

static void table(void **state)
{
    (void)state;
    static const uint8_t audio[] = {DF, CS1, EF, EF}, video[] = {DF, CS1, AF42, AF41};
    for (int p = RTC_PRIORITY_LOW; p <= RTC_PRIORITY_HIGH; p++) {
        assert_int_equal(dscp_of_media(RTC_MEDIA_AUDIO, (rtc_priority)p), audio[p]);
        assert_int_equal(dscp_of_media(RTC_MEDIA_VIDEO, (rtc_priority)p), video[p]);
    }
    assert_int_equal(dscp_of_channel(0), DF);
    assert_int_equal(dscp_of_channel(1), CS1);
    assert_int_equal(dscp_of_channel(128), CS1);
    assert_int_equal(dscp_of_channel(256), DF);
    assert_int_equal(dscp_of_channel(512), AF11);
    assert_int_equal(dscp_of_channel(1024), AF21);
    assert_int_equal(dscp_of_channel(65535), AF21);
    static const uint8_t rising[] = {CS1, DF, AF11, AF21, AF42, AF41, EF};
    for (size_t i = 0; i < sizeof rising; i++)
        for (size_t k = 0; k < sizeof rising; k++)
            assert_int_equal(dscp_more(rising[i], rising[k]), rising[i > k ? i : k]);
}

/* How many packets of the kind there were, and that all of them had this mark. */
static uint64_t all_marked(struct sim_peer *peer, enum sim_packet_kind kind, uint8_t mark)
{
    for (unsigned i = 0; i < 64; i++)
        if (i != mark && peer->marked[kind][i] > 0)
            fail_msg("%u packets of kind %d have the mark %u, not %u", (unsigned)peer->marked[kind][i], (int)kind, i, mark);
    return peer->marked[kind][mark];
}

static void forget(struct sim_peer *peer)
{
    memset(peer->marked, 0, sizeof peer->marked);
}

static rtc_data_channel *open_channel(struct sim_peers *peers, uint16_t priority)
{
    const rtc_data_channel_init init = {.size = sizeof init, .priority = priority};
    rtc_data_channel *channel;
    assert_int_equal(rtc_peer_connection_create_data_channel(peers->peer[0].pc, "x", 1, &init, &channel), RTC_OK);
    return channel;
}

static void nobody_asks(void **state)
{
    (void)state;
    struct sim_peers peers;
    peer_scene(&peers, 1, false);
    rtc_data_channel *channel = open_channel(&peers, 0);
    assert_int_equal(sim_peers_negotiate(&peers, 0), RTC_OK);
    peer_connect(&peers, 5 * SECOND);
    peer_run(&peers, SECOND);
    assert_int_equal(rtc_data_channel_send(channel, "x", 1), RTC_OK);
    peer_run(&peers, 10 * SECOND);
    for (int i = 0; i < 2; i++)
        for (int kind = SIM_STUN; kind <= SIM_DATA; kind++)
            assert_true(all_marked(&peers.peer[i], (enum sim_packet_kind)kind, DF) > 0);
    rtc_data_channel_unref(channel);
    sim_peers_fini(&peers);
}

static void the_highest_channel_marks_all(void **state)
{
    (void)state;
    struct sim_peers peers;
    peer_scene(&peers, 2, false);
    rtc_data_channel *low = open_channel(&peers, 0), *high = open_channel(&peers, 1024);
    assert_int_equal(sim_peers_negotiate(&peers, 0), RTC_OK);
    peer_connect(&peers, 5 * SECOND);
    peer_run(&peers, SECOND);
    for (int i = 0; i < 2; i++)
        forget(&peers.peer[i]);
    assert_int_equal(rtc_data_channel_send(low, "x", 1), RTC_OK);
    peer_run(&peers, 10 * SECOND);
    for (int i = 0; i < 2; i++) { /* the peer knows the priority from the channel's OPEN message (RFC 8832) */
        assert_true(all_marked(&peers.peer[i], SIM_DATA, AF21) > 0);
        assert_true(all_marked(&peers.peer[i], SIM_STUN, AF21) > 0);
    }
    rtc_data_channel_close(high);
    peer_run(&peers, SECOND);
    for (int i = 0; i < 2; i++)
        forget(&peers.peer[i]);
    assert_int_equal(rtc_data_channel_send(low, "x", 1), RTC_OK);
    peer_run(&peers, 10 * SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(all_marked(&peers.peer[i], SIM_DATA, DF) > 0);
        assert_true(all_marked(&peers.peer[i], SIM_STUN, DF) > 0);
    }
    rtc_data_channel_unref(low);
    rtc_data_channel_unref(high);
    sim_peers_fini(&peers);
}

static void media(void **state)
{
    (void)state;
    struct sim_peers peers;
    struct peer_pumps pumps = {.count = 0};
    rtc_rtp_encoding_parameters high = {.size = sizeof high, .network_priority = RTC_PRIORITY_HIGH}, *encodings = &high;
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .send_encodings = &encodings, .send_encoding_count = 1};
    rtc_rtp_transceiver *transceiver;
    peer_scene(&peers, 3, true);
    peer_pumps_attach(&pumps, &peers);
    struct peer_pump *video = peer_pump_new(&pumps, &peers, RTC_MEDIA_VIDEO);
    rtc_peer_connection *pc = peers.peer[0].pc;
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_VIDEO, video->track, &init, &transceiver), RTC_OK);
    rtc_rtp_sender *sender = rtc_rtp_transceiver_sender(transceiver);
    assert_int_equal(peer_network_priority(sender), RTC_PRIORITY_HIGH);
    peer_exchange(&peers, 0);
    peer_connect(&peers, 5 * SECOND);
    peer_run(&peers, SECOND);
    forget(&peers.peer[0]);
    peer_run(&peers, 10 * SECOND);
    assert_true(all_marked(&peers.peer[0], SIM_RTP, AF41) > 0);
    assert_true(all_marked(&peers.peer[0], SIM_RTCP, AF41) > 0);
    assert_true(all_marked(&peers.peer[0], SIM_STUN, AF41) > 0);
    assert_int_equal(peer_set_network_priority(sender, RTC_PRIORITY_VERY_LOW), RTC_OK);
    forget(&peers.peer[0]);
    peer_run(&peers, 10 * SECOND);
    assert_true(all_marked(&peers.peer[0], SIM_RTP, CS1) > 0);
    assert_true(all_marked(&peers.peer[0], SIM_STUN, CS1) > 0);
    assert_int_equal(peer_set_network_priority(sender, (rtc_priority)4), RTC_ERR_TYPE);
    assert_int_equal(peer_network_priority(sender), RTC_PRIORITY_VERY_LOW);
    high.network_priority = (rtc_priority)4;
    const rtc_rtp_transceiver_init wrong = {.size = sizeof wrong, .send_encodings = &encodings, .send_encoding_count = 1};
    assert_int_equal(rtc_peer_connection_add_transceiver(pc, RTC_MEDIA_AUDIO, NULL, &wrong, NULL), RTC_ERR_TYPE);
    sim_peers_fini(&peers);
    peer_pumps_fini(&pumps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(nobody_asks),
        cmocka_unit_test(the_highest_channel_marks_all),
        cmocka_unit_test(media),
    };
    return cmocka_run_group_tests_name("peer marks", tests, NULL, NULL);
}
