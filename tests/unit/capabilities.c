/* SPDX-License-Identifier: MIT */
/* What is offered, out of the tables of codecs and header extensions, and how what was negotiated is read back. */
#include "capabilities.h"

#include "rtp_extensions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void test_sound(void **state)
{
    (void)state;
    struct capabilities c;
    capabilities_of(NULL, RTC_MEDIA_AUDIO, &c);
    assert_int_equal(c.codec_count, 6);
    for (size_t i = 1; i < 3; i++) { /* RFC 7874 section 3, with the numbers of RFC 3551 section 6 */
        assert_string_equal(c.codecs[i].name, i == 1 ? "PCMU" : "PCMA");
        assert_int_equal(c.codecs[i].payload_type, i == 1 ? 0 : 8);
        assert_int_equal(c.codecs[i].clock_rate, 8000);
        assert_int_equal(c.codecs[i].channels, 1);
        assert_string_equal(c.codecs[i].fmtp, "");
    }
    assert_string_equal(c.codecs[3].name, "red"); /* RFC 2198, as browsers name it */
    assert_string_equal(c.codecs[3].fmtp, "111/111");
    assert_int_equal(c.codecs[3].payload_type, 63);
    assert_int_equal(c.codecs[3].clock_rate, 48000);
    assert_int_equal(c.codecs[3].channels, 2);
    for (size_t i = 4; i < 6; i++) {
        assert_string_equal(c.codecs[i].name, "telephone-event");
        assert_int_equal(c.codecs[i].clock_rate, i == 4 ? 48000 : 8000);
        assert_int_equal(c.codecs[i].payload_type, i == 4 ? 110 : 126);
    }
    assert_string_equal(c.codecs[0].name, "opus");
    assert_int_equal(c.codecs[0].payload_type, 111);
    assert_int_equal(c.codecs[0].rtx_payload_type, JSEP_NO_PAYLOAD_TYPE);
    assert_int_equal(c.codecs[0].clock_rate, 48000);
    assert_int_equal(c.codecs[0].channels, 2);
    assert_string_equal(c.codecs[0].fmtp, "minptime=10;useinbandfec=1");
    assert_false(c.codecs[0].nack || c.codecs[0].nack_pli || c.codecs[0].ccm_fir || c.codecs[0].goog_remb);
    for (size_t i = 0; i < c.codec_count; i++) /* whatever has packets; tones go with it */
        assert_int_equal(c.codecs[i].transport_cc, i < 3);
    assert_true(capabilities_inband_fec(&c.codecs[0]));
    strcpy(c.codecs[0].fmtp, "minptime=10");
    assert_false(capabilities_inband_fec(&c.codecs[0]));
    assert_int_equal(c.extension_count, 6);
    assert_int_equal(c.extensions[0].id, 1);
    assert_string_equal(c.extensions[0].uri, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
    assert_int_equal(c.extensions[1].id, 2);
    assert_int_equal(c.extensions[2].id, 4);
    assert_int_equal(c.extensions[3].direction, RTC_DIRECTION_STOPPED); /* abs-capture-time */
}

static void test_pictures(void **state)
{
    (void)state;
    struct capabilities c;
    capabilities_of(NULL, RTC_MEDIA_VIDEO, &c);
    assert_true(c.codec_count >= 1);
    assert_string_equal(c.codecs[0].name, "VP8");
    assert_int_equal(c.codecs[0].payload_type, 96);
    assert_int_equal(c.codecs[0].rtx_payload_type, 97);
    assert_int_equal(c.codecs[0].clock_rate, 90000);
    assert_int_equal(c.codecs[0].channels, 1);
    assert_string_equal(c.codecs[0].fmtp, "");
    assert_true(c.codecs[0].nack && c.codecs[0].nack_pli && c.codecs[0].ccm_fir && c.codecs[0].goog_remb && c.codecs[0].transport_cc);
    assert_false(capabilities_inband_fec(&c.codecs[0]));
    static const unsigned ids[] = {2, 4, 10, 11, 13, 5, 12, 3};
    assert_int_equal(c.extension_count, 8);
    for (size_t i = 0; i < c.extension_count; i++)
        assert_int_equal(c.extensions[i].id, ids[i]);
}

/* Formats of one codec have numbers of their own, in order of preference; what is only received says so. */
static void test_formats_of_one_codec(void **state)
{
    static const char *const fmtp[] = {"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
                                       "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
                                       "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
                                       "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f",
                                       "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f",
                                       "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640028"};
    (void)state;
    struct capabilities c;
    size_t found = 0;
    capabilities_of(NULL, RTC_MEDIA_VIDEO, &c);
    for (size_t i = 0; i < c.codec_count; i++) {
        if (strcmp(c.codecs[i].name, "H264") != 0)
            continue;
        assert_string_equal(c.codecs[i].fmtp, fmtp[found]);
        assert_int_equal(c.codecs[i].receive_only, ++found == 6);
        assert_int_equal(c.codecs[i].rtx_payload_type, c.codecs[i].payload_type + 1);
        for (size_t k = 0; k < i; k++)
            assert_false(jsep_codecs_meet(&c.codecs[i], 1, &c.codecs[k], 1));
    }
    if (found > 0) /* else nobody decodes it in this build */
        assert_int_equal(found, 6);
}

static void test_extensions_are_read_back(void **state)
{
    (void)state;
    struct rtp_section section = {0};
    bool seen[RTP_EXTENSIONS] = {false};
    struct capabilities c;
    for (size_t i = 0; i < RTP_EXTENSIONS; i++) {
        assert_false(seen[rtp_extension_rows[i].extension]); /* each has one row */
        seen[rtp_extension_rows[i].extension] = true;
        assert_in_range(rtp_extension_rows[i].id, 1, 14); /* the one-byte form (RFC 8285 section 4.2) */
    }
    capabilities_of(NULL, RTC_MEDIA_VIDEO, &c);
    c.extensions[1].id = 200;
    c.extensions[2].direction = RTC_DIRECTION_RECVONLY;
    capabilities_read_extensions(c.extensions, c.extension_count, &section);
    const uint8_t *ids = section.extension_ids;
    assert_int_equal(ids[RTP_EXTENSION_ABS_SEND_TIME], 2);
    assert_int_equal(ids[RTP_EXTENSION_MID], 200);
    assert_int_equal(ids[RTP_EXTENSION_RID], 10);
    assert_int_equal(ids[RTP_EXTENSION_REPAIRED_RID], 11);
    assert_int_equal(ids[RTP_EXTENSION_AUDIO_LEVEL], 0);
    assert_true(section.extension_comes_only[RTP_EXTENSION_RID] && !section.extension_comes_only[RTP_EXTENSION_MID]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_formats_of_one_codec),
        cmocka_unit_test(test_extensions_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
