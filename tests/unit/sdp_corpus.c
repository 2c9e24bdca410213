/* SPDX-License-Identifier: MIT */
/* Every description that peers really sent: it parses, prints as it was, and says what it is known to say. */
#include "sdp_fixture.h"

#include "context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void check_round_trip(const char *name, struct slice text, void *user)
{
    (void)user;
    struct sdp *sdp = NULL;
    struct sdp_error error = {0};
    if (sdp_parse(NULL, text, &sdp, &error) != 0)
        fail_msg("%s line %zu: %s", name, error.line, error.text);
    struct text printed = text_new(context_resolve(NULL));
    sdp_print(sdp, &printed);
    if (!slice_eq(text, slice_of(printed.data, printed.len)))
        fail_msg("%s does not print as it was", name);
    text_fini(&printed);
    sdp_free(sdp);
}

static void every_description_prints_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(corpus_each(check_round_trip, NULL), 182);
}

static void check_section(const char *name, const struct jsep_section *s)
{
    bool ok = s->mid[0] && (s->rejected || (s->transport.ice_ufrag.len >= 4 && s->transport.ice_pwd.len >= 22 &&
                                            s->transport.fingerprint_count == 1 && s->transport.setup != SETUP_NONE));
    ok = ok && (s->rejected || (s->transport.fingerprints[0].len == 32 && strcmp(s->transport.fingerprints[0].hash, "sha-256") == 0));
    if (s->type == MEDIA_APPLICATION)
        ok = ok && s->sctp.data_channel && s->sctp.port == 5000 && s->sctp.max_message_size >= 65536;
    else
        ok = ok && s->type != MEDIA_OTHER && s->rtp.codec_count > 0 && s->direction <= RTC_DIRECTION_SENDRECV;
    for (size_t i = 0; i < s->rtp.codec_count; i++)
        ok = ok && s->rtp.codecs[i].name[0] && s->rtp.codecs[i].clock_rate >= 8000 &&
             !slice_is_nocase(slice_str(s->rtp.codecs[i].name), "rtx");
    for (size_t i = 0; i < s->transport.candidate_count; i++)
        ok = ok && memcmp(s->transport.candidates[i].data, "candidate:", 10) == 0;
    if (!ok)
        fail_msg("%s: section \"%s\" reads wrongly", name, s->mid);
}

static void check_description(const char *name, struct slice text, void *user)
{
    (void)text;
    (void)user;
    struct session_description *d = parsed_file(name);
    assert_true(d->section_count > 0);
    for (size_t i = 0; i < d->section_count; i++)
        check_section(name, &d->sections[i]);
    session_description_free(NULL, d);
}

static void every_description_reads_sanely(void **state)
{
    (void)state;
    assert_int_equal(corpus_each(check_description, NULL), 182);
}

static const struct jsep_codec *codec_named(const struct jsep_section *s, const char *name)
{
    for (size_t i = 0; i < s->rtp.codec_count; i++)
        if (slice_is_nocase(slice_str(s->rtp.codecs[i].name), name))
            return &s->rtp.codecs[i];
    return NULL;
}

static void firefox_session_level_attributes_reach_sections(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("firefox_153_maxbundle_offer.sdp");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(d->sections[i].transport.fingerprint_count, 1);
        assert_int_equal(d->sections[i].transport.fingerprints[0].value[0], 0x3f);
        assert_true(d->sections[i].transport.ice_trickle);
        assert_int_equal(d->sections[i].transport.setup, SETUP_ACTPASS);
        assert_true(d->sections[i].bundle.grouped);
        assert_false(d->sections[i].rejected);
        assert_int_equal(d->sections[i].bundle.only, i > 0);
        assert_int_equal(d->sections[i].port, i > 0 ? 0 : 9);
    }
    const struct jsep_section *audio = &d->sections[0];
    assert_string_equal(audio->rtp.stream_ids[0], "{ce55ef67-e60b-40cf-823b-41cadb7a6cf9}");
    assert_string_equal(audio->rtp.track_id, "{267c93b7-ef40-49d1-920d-6d743a2a7ea5}");
    assert_int_equal(audio->rtp.extensions[1].id, 2);
    assert_int_equal(audio->rtp.extensions[1].direction, RTC_DIRECTION_RECVONLY);
    assert_string_equal(audio->rtp.codecs[0].name, "opus");
    assert_string_equal(audio->rtp.codecs[0].fmtp, "maxplaybackrate=48000;stereo=1;useinbandfec=1");
    assert_int_equal(audio->rtp.codecs[0].payload_type, 109);
    assert_int_equal(audio->rtp.codecs[0].channels, 2);
    assert_int_equal(audio->rtp.ssrcs[0], 744748610);
    assert_string_equal(audio->rtp.cname, "{62f5e57a-ef4b-4af4-8a1b-c898703fad78}");
    assert_true(d->sections[2].sctp.max_message_size == 1073741823);
    session_description_free(NULL, d);
}

static void firefox_rtx_and_fid_fold(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("firefox_153_maxbundle_offer.sdp");
    const struct jsep_section *video = &d->sections[1];
    const struct jsep_codec *vp8 = codec_named(video, "VP8"), *red = codec_named(video, "red");
    assert_int_equal(vp8->payload_type, 120);
    assert_int_equal(vp8->rtx_payload_type, 124);
    assert_true(vp8->nack && vp8->nack_pli && vp8->ccm_fir && vp8->goog_remb && vp8->transport_cc);
    assert_int_equal(red->rtx_payload_type, 119);
    assert_int_equal(codec_named(video, "ulpfec")->rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    assert_int_equal(video->rtp.codec_count, 5);
    assert_int_equal(video->rtp.ssrc_count, 1);
    assert_int_equal(video->rtp.ssrcs[0], 1273345748);
    assert_true(video->rtp.rtx_ssrcs[0] == 3887630944u);
    session_description_free(NULL, d);
}

static void firefox_simulcast_has_three_ssrcs_with_partners(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("firefox_153_simulcast3_offer.sdp");
    const struct jsep_section *video = &d->sections[1];
    assert_true(video->rtp.simulcast);
    assert_int_equal(video->rtp.ssrc_count, 3);
    assert_true(video->rtp.ssrcs[1] == 3777031933u && video->rtp.rtx_ssrcs[1] == 3864025304u);
    session_description_free(NULL, d);
}

static void chromium_simulcast_has_no_ssrcs(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("chromium_156_simulcast3_offer.sdp");
    const struct jsep_section *video = &d->sections[1];
    assert_true(video->rtp.simulcast);
    assert_int_equal(video->direction, RTC_DIRECTION_SENDONLY);
    assert_int_equal(video->rtp.ssrc_count, 0);
    assert_int_equal(codec_named(video, "VP8")->rtx_payload_type, 97);
    assert_int_equal(video->rtp.extension_count, 13);
    assert_true(video->rtp.extmap_allow_mixed);
    session_description_free(NULL, d);
}

static void aiortc_legacy_data_section_is_a_data_channel(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("aiortc_1.4.0_avd_offer.sdp");
    const struct jsep_section *data = &d->sections[2];
    assert_int_equal(data->type, MEDIA_APPLICATION);
    assert_true(data->sctp.data_channel);
    assert_int_equal(data->sctp.port, 5000);
    assert_true(data->sctp.max_message_size == 65536);
    assert_true(data->transport.end_of_candidates);
    assert_false(data->transport.ice_trickle);
    assert_int_equal(data->transport.candidate_count, 2);
    /* One extension id means two URIs. */
    assert_int_equal(d->sections[0].rtp.extensions[1].id, d->sections[1].rtp.extensions[1].id);
    assert_string_not_equal(d->sections[0].rtp.extensions[1].uri, d->sections[1].rtp.extensions[1].uri);
    session_description_free(NULL, d);
}

static void libdatachannel_options_and_named_mids(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("libdatachannel_ndc0.33.4_avd_offer.sdp");
    assert_true(d->sections[0].transport.ice_trickle); /* "ice2,trickle" */
    assert_int_equal(session_description_find(d, "video"), 1);
    assert_int_equal(session_description_find(d, "nothing"), -1);
    assert_int_equal(session_description_find(d, ""), -1);
    assert_string_equal(d->sections[0].rtp.track_id, "tr");
    assert_int_equal(d->sections[0].rtp.stream_count, 1); /* a=msid and a=ssrc msid name the same */
    assert_int_equal(d->sections[1].port, 44586);
    session_description_free(NULL, d);
}

static void wrtc_track_without_stream(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("wrtc_0.10.0_avd_offer.sdp");
    assert_int_equal(d->sections[0].rtp.stream_count, 0);
    assert_string_equal(d->sections[0].rtp.track_id, "6b15a199-67bc-4508-bae2-533e80ce0c86");
    session_description_free(NULL, d);
}

static void stopped_transceivers_are_rejected_sections(void **state)
{
    (void)state;
    static const char *const names[] = {"chromium_156_reneg-stoptransceiver_offer.sdp", "firefox_153_reneg-stoptransceiver_offer.sdp"};
    for (size_t i = 0; i < 2; i++) {
        struct session_description *d = parsed_file(names[i]);
        assert_int_equal(d->section_count, 4);
        assert_true(d->sections[3].rejected);
        assert_false(d->sections[3].bundle.grouped);
        assert_false(d->sections[0].rejected);
        session_description_free(NULL, d);
    }
}

static void inactive_sections_are_not_rejected(void **state)
{
    (void)state;
    struct session_description *d = parsed_file("chromium_156_rejectvideo_answer.sdp");
    assert_int_equal(d->sections[1].direction, RTC_DIRECTION_INACTIVE);
    assert_false(d->sections[1].rejected);
    session_description_free(NULL, d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_description_prints_as_it_was),
        cmocka_unit_test(every_description_reads_sanely),
        cmocka_unit_test(firefox_session_level_attributes_reach_sections),
        cmocka_unit_test(firefox_rtx_and_fid_fold),
        cmocka_unit_test(firefox_simulcast_has_three_ssrcs_with_partners),
        cmocka_unit_test(chromium_simulcast_has_no_ssrcs),
        cmocka_unit_test(aiortc_legacy_data_section_is_a_data_channel),
        cmocka_unit_test(libdatachannel_options_and_named_mids),
        cmocka_unit_test(wrtc_track_without_stream),
        cmocka_unit_test(stopped_transceivers_are_rejected_sections),
        cmocka_unit_test(inactive_sections_are_not_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
