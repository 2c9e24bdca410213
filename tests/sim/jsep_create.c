/* SPDX-License-Identifier: MIT */
/* createOffer and createAnswer (webrtc-pc 4.4.2, 4.4.3.2), what setLocalDescription takes of them, canTrickleIceCandidates, and
 * getConfiguration (4.4.1.6). */
#include "renegotiate_scene.h"

#include <stdlib.h>
#include <string.h>

static rtc_peer_connection *pc_of(struct scene *s, int index)
{
    return s->p.peer[index].pc;
}

static char *create(rtc_peer_connection *pc, const rtc_offer_options *options)
{
    const char *sdp;
    int error = rtc_peer_connection_create_offer_with(pc, options, &sdp);
    if (error)
        fail_msg("%s", rtc_peer_connection_last_error(pc));
    return strdup(sdp);
}

static void ufrag_of(const char *sdp, char ufrag[64])
{
    const char *line = strstr(sdp, "a=ice-ufrag:");
    assert_non_null(line);
    line += strlen("a=ice-ufrag:");
    memset(ufrag, 0, 64);
    memcpy(ufrag, line, strcspn(line, "\r"));
}

/* ---- The same and not the same ---- */

static void created_twice(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 1);
    rtc_peer_connection *a = pc_of(&s, 0), *b = pc_of(&s, 1);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    char *one = create(a, NULL), *two = create(a, NULL);
    assert_string_equal(one, two);
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    char *three = create(a, NULL);
    assert_string_not_equal(two, three);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, one), RTC_ERR_INVALID_MODIFICATION);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, three), RTC_OK);
    assert_string_equal(rtc_peer_connection_local_description(a, NULL), three);
    const char *answer, *again;
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, three), RTC_OK);
    assert_int_equal(rtc_peer_connection_create_answer(b, &answer), RTC_OK);
    char *copy = strdup(answer);
    assert_int_equal(rtc_peer_connection_create_answer(b, &again), RTC_OK);
    assert_string_equal(copy, again);
    assert_int_equal(rtc_peer_connection_set_local_description(b, RTC_SDP_NONE, NULL), RTC_OK);
    assert_string_equal(rtc_peer_connection_local_description(b, NULL), copy); /* it still said what there was */
    free(copy);
    free(one);
    free(two);
    free(three);
    scene_end(&s);
}

/* Without a text a description is made that says what there is. */
static void the_last_one_is_out_of_date(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 2);
    rtc_peer_connection *a = pc_of(&s, 0);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    char *last = create(a, NULL);
    scene_add_track(&s, 0, RTC_MEDIA_VIDEO, NULL);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, ""), RTC_OK);
    assert_int_equal(text_count(rtc_peer_connection_local_description(a, NULL), "m=video"), 1);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, last), RTC_ERR_INVALID_MODIFICATION);
    free(last);
    scene_end(&s);
}

/* ---- Options ---- */

static void ice_restart(void **state)
{
    const rtc_offer_options restart = {.size = sizeof restart, .ice_restart = true};
    struct scene s;
    char before[64], one[64], two[64];
    (void)state;
    scene_begin(&s, 3);
    rtc_peer_connection *a = pc_of(&s, 0);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    char *first = create(a, &restart); /* there is nothing to restart */
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_OFFER, first), RTC_OK);
    assert_int_equal(rtc_peer_connection_set_local_description(a, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    peer_exchange(&s.p, 0);
    peer_connect(&s.p, 5 * SECOND);
    ufrag_of(rtc_peer_connection_local_description(a, NULL), before);
    scene_forget_logs(&s);
    char *offer = create(a, &restart), *plain = create(a, NULL);
    ufrag_of(offer, one);
    ufrag_of(plain, two);
    assert_string_not_equal(before, one);
    assert_string_equal(before, two); /* it was asked of one offer */
    free(offer);
    offer = create(a, &restart);
    peer_run(&s.p, MS);
    assert_int_equal(peer_log_count(&s.log[0], "needed"), 0);
    peer_exchange(&s.p, 0); /* without a text: the last one, which restarts */
    ufrag_of(rtc_peer_connection_local_description(a, NULL), two);
    assert_string_equal(one, two);
    scene_expect_frames(&s, 1, 0);
    peer_exchange(&s.p, 0); /* once */
    ufrag_of(rtc_peer_connection_local_description(a, NULL), two);
    assert_string_equal(one, two);
    free(first);
    free(offer);
    free(plain);
    scene_end(&s);
}

static rtc_rtp_direction direction_of(rtc_peer_connection *pc, size_t n)
{
    return rtc_rtp_transceiver_direction(rtc_peer_connection_transceiver(pc, n));
}

static void offer_to_receive(void **state)
{
    const rtc_offer_options neither = {.size = sizeof neither, .has_offer_to_receive_audio = true, .has_offer_to_receive_video = true},
                            audio = {.size = sizeof audio, .offer_to_receive_audio = true},
                            both = {.size = sizeof both, .offer_to_receive_audio = true, .offer_to_receive_video = true};
    struct scene s;
    (void)state;
    scene_begin(&s, 4);
    rtc_peer_connection *a = pc_of(&s, 0);
    free(create(a, &neither));
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 0);
    char *offer = create(a, &audio);
    assert_int_equal(text_count(offer, "m=audio"), 1);
    free(offer);
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 1);
    assert_int_equal(direction_of(a, 0), RTC_DIRECTION_RECVONLY);
    free(create(a, &audio));
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 1);
    offer = create(a, &both);
    assert_int_equal(text_count(offer, "m=video"), 1);
    free(offer);
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 2);
    peer_run(&s.p, MS);
    assert_string_equal(s.log[0].text, ""); /* no negotiation is needed for an offer that is being made */
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    assert_int_equal(direction_of(a, 0), RTC_DIRECTION_SENDRECV);
    free(create(a, &neither));
    assert_int_equal(rtc_peer_connection_transceiver_count(a), 2);
    assert_int_equal(direction_of(a, 0), RTC_DIRECTION_SENDONLY);
    assert_int_equal(direction_of(a, 1), RTC_DIRECTION_INACTIVE);
    /* Refused, it adds nothing. */
    const char *sdp;
    rtc_peer_connection_close(a);
    assert_int_equal(rtc_peer_connection_create_offer_with(a, &both, &sdp), RTC_ERR_INVALID_STATE);
    assert_int_equal(rtc_peer_connection_create_offer_with(pc_of(&s, 1), &(rtc_offer_options){.size = 0}, &sdp), RTC_ERR_TYPE);
    scene_end(&s);
}

/* ---- What can be asked ---- */

static void trickling(void **state)
{
    struct scene s;
    (void)state;
    scene_begin(&s, 5);
    rtc_peer_connection *b = pc_of(&s, 1);
    scene_add_track(&s, 0, RTC_MEDIA_AUDIO, NULL);
    char *offer = create(pc_of(&s, 0), NULL), *without = text_without_lines(offer, "a=ice-options");
    assert_int_equal(rtc_peer_connection_can_trickle_ice_candidates(b), RTC_TRICKLE_UNKNOWN);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, offer), RTC_OK);
    assert_int_equal(rtc_peer_connection_can_trickle_ice_candidates(b), RTC_TRICKLE_SUPPORTED);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, without), RTC_OK);
    assert_int_equal(rtc_peer_connection_can_trickle_ice_candidates(b), RTC_TRICKLE_UNSUPPORTED);
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_ROLLBACK, NULL), RTC_OK);
    assert_int_equal(rtc_peer_connection_can_trickle_ice_candidates(b), RTC_TRICKLE_UNKNOWN);
    /* Without multiplexed RTCP it is no offer for us. */
    char *separate = text_without_lines(offer, "a=rtcp-mux");
    assert_int_equal(rtc_peer_connection_set_remote_description(b, RTC_SDP_OFFER, separate), RTC_ERR_INVALID_ACCESS);
    assert_non_null(strstr(rtc_peer_connection_last_error(b), "rtcp-mux"));
    free(offer);
    free(without);
    free(separate);
    scene_end(&s);
}

static void the_configuration(void **state)
{
    const char *const urls[] = {"turn:turn.example", "turns:turn.example"}, *const stun[] = {"stun:stun.example"},
                      *const deny[] = {"docker*"};
    const rtc_ice_server turn = {.size = sizeof turn, .urls = urls, .url_count = 2, .username = "u", .credential = "c"},
                         other = {.size = sizeof other, .urls = stun, .url_count = 1};
    const rtc_ice_server *const servers[] = {&turn}, *const others[] = {&other};
    rtc_certificate *certificates[2];
    rtc_peer_connection *pc;
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(rtc_certificate_generate(NULL, RTC_KEY_ECDSA_P256, 0, &certificates[i]), RTC_OK);
    rtc_configuration c = {.size = sizeof c,
                           .ice_servers = servers,
                           .ice_server_count = 1,
                           .certificates = certificates,
                           .certificate_count = 2,
                           .ice_deny = deny,
                           .ice_deny_count = 1,
                           .ice_candidate_pool_size = 0};
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_OK);
    const rtc_configuration *kept = rtc_peer_connection_get_configuration(pc);
    assert_int_equal(kept->size, sizeof c);
    assert_int_equal(kept->ice_server_count, 1);
    assert_ptr_not_equal(kept->ice_servers[0], &turn);
    assert_int_equal(kept->ice_servers[0]->url_count, 2);
    assert_string_equal(kept->ice_servers[0]->urls[1], urls[1]);
    assert_string_equal(kept->ice_servers[0]->credential, "c");
    assert_int_equal(kept->certificate_count, 2);
    assert_ptr_equal(kept->certificates[1], certificates[1]);
    assert_string_equal(kept->ice_deny[0], "docker*");
    /* What is refused changes nothing. */
    rtc_configuration change = {.size = sizeof change, .rtcp_mux_policy = RTC_RTCP_MUX_NEGOTIATE};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &change), RTC_ERR_INVALID_MODIFICATION);
    change = (rtc_configuration){.size = sizeof change, .certificates = certificates, .certificate_count = 1};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &change), RTC_ERR_INVALID_MODIFICATION);
    assert_ptr_equal(rtc_peer_connection_get_configuration(pc), kept);
    /* What is taken shows; the other members stay. */
    change = (rtc_configuration){
        .size = sizeof change, .ice_servers = others, .ice_server_count = 1, .ice_transport_policy = RTC_ICE_TRANSPORT_RELAY};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &change), RTC_OK);
    kept = rtc_peer_connection_get_configuration(pc);
    assert_string_equal(kept->ice_servers[0]->urls[0], stun[0]);
    assert_null(kept->ice_servers[0]->username);
    assert_int_equal(kept->ice_transport_policy, RTC_ICE_TRANSPORT_RELAY);
    assert_int_equal(kept->certificate_count, 2);
    assert_string_equal(kept->ice_deny[0], "docker*");
    change = (rtc_configuration){.size = sizeof change, .certificates = certificates, .certificate_count = 2};
    assert_int_equal(rtc_peer_connection_set_configuration(pc, &change), RTC_OK);
    kept = rtc_peer_connection_get_configuration(pc);
    assert_int_equal(kept->ice_server_count, 0);
    assert_null(kept->ice_servers);
    rtc_peer_connection_close(pc);
    assert_int_equal(rtc_peer_connection_get_configuration(pc)->certificate_count, 2);
    rtc_peer_connection_unref(pc);
    c = (rtc_configuration){.size = sizeof c, .rtcp_mux_policy = RTC_RTCP_MUX_NEGOTIATE};
    assert_int_equal(rtc_peer_connection_new(NULL, &c, NULL, NULL, &pc), RTC_ERR_NOT_SUPPORTED);
    for (int i = 0; i < 2; i++)
        rtc_certificate_unref(certificates[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(created_twice), cmocka_unit_test(the_last_one_is_out_of_date),
        cmocka_unit_test(ice_restart),   cmocka_unit_test(offer_to_receive),
        cmocka_unit_test(trickling),     cmocka_unit_test(the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
