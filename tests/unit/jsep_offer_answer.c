/* Offers and answers of our own: against ourselves from both sides, and against what peers offered. */
#include "sdp_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void check_offer(const struct session_description *d)
{
    assert_int_equal(d->section_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(d->sections[i].bundled);
        assert_int_equal(d->sections[i].setup, SETUP_ACTPASS);
        assert_true(d->sections[i].ice_trickle);
        assert_int_equal(d->sections[i].bundle_only, i > 0);
        assert_int_equal(d->sections[i].port, i > 0 ? 0 : 9);
    }
    assert_string_equal(d->sections[1].track_id, "track-video");
    assert_int_equal(d->sections[1].ssrcs[0], 1001);
    assert_int_equal(d->sections[1].rtx_ssrcs[0], 2001);
    assert_int_equal(d->sections[1].codecs[0].rtx_payload_type, 97);
    assert_string_equal(d->sections[1].cname, "cname-1");
    assert_true(d->sections[2].data_channel);
    assert_true(d->sections[2].max_message_size == 262144);
}

static void check_agreement(const struct session_description *local, const struct session_description *remote)
{
    struct jsep_negotiated n;
    jsep_negotiate(&local->sections[1], &remote->sections[1], &n);
    assert_false(n.rejected);
    assert_int_equal(n.direction, DIRECTION_SENDRECV);
    assert_int_equal(n.send_codec.payload_type, 96);
    assert_int_equal(n.send_codec.rtx_payload_type, 97);
    assert_true(n.send_codec.nack && n.send_codec.nack_pli && n.send_codec.ccm_fir && n.send_codec.goog_remb && !n.send_codec.transport_cc);
    assert_int_equal(n.receive_codec_count, 1);
    assert_int_equal(n.extension_count, 4);
    assert_int_equal(n.extensions[1].id, 4);
    assert_true(n.rtcp_reduced_size);
}

static void offer_is_answered_and_agreed_on_by_both_sides(void **state)
{
    (void)state;
    struct local_side a, b;
    local_init(&a, "aaaa");
    (void)local_add(&a, MEDIA_AUDIO, "0");
    (void)local_add(&a, MEDIA_VIDEO, "1");
    (void)local_add(&a, MEDIA_APPLICATION, "2");
    char *text = offer_text(&a);
    struct session_description *offer = parsed(text);
    check_offer(offer);
    local_init(&b, "bbbb");
    local_match(&b, offer);
    char *reply = answer_text(&b, offer);
    struct session_description *answer = parsed(reply);
    assert_int_equal(jsep_check_answer(offer, answer, NULL), 0);
    assert_int_equal(answer->sections[0].setup, SETUP_ACTIVE);
    assert_int_equal(answer->sections[2].port, 9);
    check_agreement(offer, answer);
    check_agreement(answer, offer);
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(reply);
    free(text);
}

static void check_answer_to(const char *name, struct slice text, void *user)
{
    (void)text;
    size_t *answered = user;
    if (!contains(name, "offer") || contains(name, "offerToReceive_answer"))
        return;
    struct session_description *offer = parsed_file(name);
    struct local_side local;
    local_init(&local, "bbbb");
    local_match(&local, offer);
    char *reply = answer_text(&local, offer);
    struct session_description *answer = parsed(reply);
    struct jsep_error error = {0};
    if (jsep_check_answer(offer, answer, &error) != 0)
        fail_msg("%s: %s", name, error.text);
    bool accepted = false;
    for (size_t i = 0; i < answer->section_count; i++)
        accepted = accepted || !answer->sections[i].rejected;
    if (!accepted || contains(reply, "transport-cc") || contains(reply, "transport-wide") || contains(reply, " red/") || contains(reply, " ulpfec/"))
        fail_msg("%s is answered by\n%s", name, reply);
    (*answered)++;
    session_description_free(NULL, answer);
    session_description_free(NULL, offer);
    free(reply);
}

static void every_offer_of_a_peer_can_be_answered(void **state)
{
    (void)state;
    size_t answered = 0;
    (void)corpus_each(check_answer_to, &answered);
    assert_int_equal(answered, 88);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offer_is_answered_and_agreed_on_by_both_sides),
        cmocka_unit_test(every_offer_of_a_peer_can_be_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
