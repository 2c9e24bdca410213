/* SPDX-License-Identifier: MIT */
/* Demultiplexing: RFC 8843 section 9.2. */
#include "rtp_test.h"

#include "rtp_demux.h"

enum { AUDIO = 1, VIDEO = 2, SECOND_VIDEO = 3, OPUS = 111, VP8 = 96, VP8_RTX = 97 };

struct demux_world {
    struct world world;
    struct rtp_demux *demux;
    struct rtp_section audio, video;
};

static void demux_init(struct demux_world *d, uint32_t ssrcs)
{
    const rtc_limits limits = {.size = sizeof limits, .ssrcs = ssrcs};
    *d = (struct demux_world){0};
    world_init(&d->world, &limits);
    assert_int_equal(rtp_demux_new(d->world.context, &d->demux), RTC_OK);
    d->audio = (struct rtp_section){.mid = "a", .kind = RTC_MEDIA_AUDIO, .receive = true, .receive_codec_count = 1};
    d->audio.receive_codecs[0] = (struct rtp_codec){.payload_type = OPUS, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE, .name = "opus"};
    d->video = (struct rtp_section){.mid = "v", .kind = RTC_MEDIA_VIDEO, .receive = true, .receive_codec_count = 1};
    d->video.receive_codecs[0] = (struct rtp_codec){.payload_type = VP8, .rtx_payload_type = VP8_RTX, .name = "VP8"};
    const uint8_t ids[RTP_EXTENSIONS] = {1, 2, 3, 0, 0};
    memcpy(d->audio.extension_ids, ids, sizeof ids);
    memcpy(d->video.extension_ids, ids, sizeof ids);
    assert_int_equal(rtp_demux_set_section(d->demux, AUDIO, &d->audio), RTC_OK);
    assert_int_equal(rtp_demux_set_section(d->demux, VIDEO, &d->video), RTC_OK);
}

static void demux_fini(struct demux_world *d)
{
    rtp_demux_free(d->demux);
    world_fini(&d->world);
}

struct from {
    uint32_t ssrc;
    uint8_t payload_type;
    const char *mid, *rid, *repaired_rid;
};

static bool route(struct demux_world *d, struct from from, struct rtp_route *out)
{
    struct rtp_header h = {.ssrc = from.ssrc, .payload_type = from.payload_type};
    h.extensions[RTP_EXTENSION_MID] = slice_str(from.mid);
    h.extensions[RTP_EXTENSION_RID] = slice_str(from.rid);
    h.extensions[RTP_EXTENSION_REPAIRED_RID] = slice_str(from.repaired_rid);
    return rtp_demux_route(d->demux, &h, out);
}

static void mid_latches_the_ssrc(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    assert_memory_equal(rtp_demux_ids(d.demux), ((uint8_t[RTP_EXTENSIONS]){1, 2, 3}), RTP_EXTENSIONS);
    struct rtp_section second = d.video;
    memcpy(second.mid, "w", 2);
    assert_int_equal(rtp_demux_set_section(d.demux, SECOND_VIDEO, &second), RTC_OK);
    assert_false(route(&d, (struct from){100, VP8, 0, 0, 0}, &r)); /* two sections take VP8 */
    assert_true(route(&d, (struct from){100, VP8, "w", 0, 0}, &r));
    assert_int_equal(r.member, SECOND_VIDEO);
    assert_true(route(&d, (struct from){100, VP8, 0, 0, 0}, &r)); /* latched */
    assert_int_equal(r.member, SECOND_VIDEO);
    assert_int_equal(rtp_demux_member_of(d.demux, 100), SECOND_VIDEO);
    assert_true(route(&d, (struct from){100, VP8, "v", 0, 0}, &r)); /* and moved */
    assert_int_equal(r.member, VIDEO);
    assert_false(route(&d, (struct from){100, VP8, "x", 0, 0}, &r)); /* an unknown mid is never guessed */
    assert_false(route(&d, (struct from){100, VP8, "", 0, 0}, &r));
    demux_fini(&d);
}

static void payload_types_must_be_the_sections(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    assert_false(route(&d, (struct from){100, OPUS, "v", 0, 0}, &r));
    assert_int_equal(rtp_demux_member_of(d.demux, 100), 0);
    assert_false(route(&d, (struct from){100, 50, 0, 0, 0}, &r));
    assert_true(route(&d, (struct from){100, OPUS, 0, 0, 0}, &r)); /* unique */
    assert_int_equal(r.member, AUDIO);
    assert_string_equal(r.codec->name, "opus");
    assert_false(r.rtx);
    d.audio.receive = false;
    assert_int_equal(rtp_demux_set_section(d.demux, AUDIO, &d.audio), RTC_OK);
    assert_false(route(&d, (struct from){100, OPUS, 0, 0, 0}, &r));
    demux_fini(&d);
}

static void described_ssrcs(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    d.video.remote_ssrcs[0] = 500;
    d.video.remote_rtx_ssrcs[0] = 501;
    d.video.remote_ssrc_count = 1;
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_true(route(&d, (struct from){501, VP8_RTX, 0, 0, 0}, &r)); /* before any video */
    assert_true(r.rtx);
    assert_int_equal(r.media_ssrc, 500);
    assert_int_equal(r.codec->payload_type, VP8);
    assert_int_equal(rtp_demux_member_of(d.demux, 500), VIDEO);
    rtp_demux_forget(d.demux, 500);
    assert_int_equal(rtp_demux_member_of(d.demux, 500), VIDEO); /* the description still says so */
    d.video.remote_ssrc_count = 0;
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_int_equal(rtp_demux_member_of(d.demux, 500), 0);
    demux_fini(&d);
}

static void repair_streams_without_a_group(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    assert_true(route(&d, (struct from){901, VP8_RTX, "v", 0, 0}, &r));
    assert_true(r.rtx);
    assert_int_equal(r.media_ssrc, 0); /* nothing to repair yet */
    assert_true(route(&d, (struct from){900, VP8, "v", 0, 0}, &r));
    assert_int_equal(r.media_ssrc, 900);
    assert_true(route(&d, (struct from){901, VP8_RTX, 0, 0, 0}, &r));
    assert_int_equal(r.media_ssrc, 900);
    demux_fini(&d);
}

static void repair_streams_by_rid(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    assert_true(route(&d, (struct from){900, VP8, "v", "h", 0}, &r));
    assert_string_equal(r.rid, "h");
    assert_true(route(&d, (struct from){910, VP8, "v", "q", 0}, &r));
    assert_true(route(&d, (struct from){901, VP8_RTX, "v", 0, "h"}, &r));
    assert_int_equal(r.media_ssrc, 900);
    assert_true(route(&d, (struct from){911, VP8_RTX, "v", 0, "q"}, &r));
    assert_int_equal(r.media_ssrc, 910);
    assert_true(route(&d, (struct from){901, VP8_RTX, 0, 0, 0}, &r)); /* remembered */
    assert_int_equal(r.media_ssrc, 900);
    assert_true(route(&d, (struct from){920, VP8, "v", "a rid that is far too long", 0}, &r));
    assert_string_equal(r.rid, "");
    demux_fini(&d);
}

/* A peer that changes its SSRC for as long as the call lasts is heard for ever. */
/* A source that the next description names again keeps the rid that its first packets told; one that it leaves out is unknown. */
static void a_rid_outlives_the_description(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 8);
    d.video.remote_ssrcs[0] = 500, d.video.remote_rtx_ssrcs[0] = 501;
    d.video.remote_ssrcs[1] = 600, d.video.remote_rtx_ssrcs[1] = 601;
    d.video.remote_ssrc_count = 2;
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_true(route(&d, (struct from){500, VP8, "v", "h", 0}, &r));
    assert_true(route(&d, (struct from){600, VP8, "v", "q", 0}, &r));
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_true(route(&d, (struct from){500, VP8, 0, 0, 0}, &r));
    assert_string_equal(r.rid, "h");
    assert_true(route(&d, (struct from){501, VP8_RTX, 0, 0, 0}, &r));
    assert_int_equal(r.media_ssrc, 500);
    d.video.remote_ssrc_count = 1;
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_true(route(&d, (struct from){500, VP8, 0, 0, 0}, &r));
    assert_string_equal(r.rid, "h");
    assert_int_equal(rtp_demux_member_of(d.demux, 600), 0);
    assert_true(route(&d, (struct from){600, VP8, "v", 0, 0}, &r));
    assert_string_equal(r.rid, "");
    demux_fini(&d);
}

static void the_table_is_bounded(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 4);
    d.audio.remote_ssrcs[0] = 500;
    d.audio.remote_ssrc_count = 1;
    assert_int_equal(rtp_demux_set_section(d.demux, AUDIO, &d.audio), RTC_OK);
    assert_true(route(&d, (struct from){900, VP8, "v", 0, 0}, &r));
    for (uint32_t ssrc = 1000; ssrc < 11000; ssrc++) {
        assert_true(route(&d, (struct from){ssrc, VP8, "v", 0, 0}, &r));
        assert_int_equal(r.ssrc, ssrc);
        assert_true(route(&d, (struct from){900, VP8, "v", 0, 0}, &r));
    }
    assert_int_equal(rtp_demux_member_of(d.demux, 10999), VIDEO);
    assert_int_equal(rtp_demux_member_of(d.demux, 10998), VIDEO);
    assert_int_equal(rtp_demux_member_of(d.demux, 10997), 0);
    assert_int_equal(rtp_demux_member_of(d.demux, 900), VIDEO); /* who speaks is never forgotten */
    assert_int_equal(rtp_demux_member_of(d.demux, 500), AUDIO); /* nor is what the description names */
    rtp_demux_remove_member(d.demux, VIDEO);
    assert_int_equal(rtp_demux_member_of(d.demux, 900), 0);
    assert_false(route(&d, (struct from){900, VP8, "v", 0, 0}, &r));
    assert_true(route(&d, (struct from){900, OPUS, "a", 0, 0}, &r));
    demux_fini(&d);
}

/* Descriptions with more sources than the table: the latest counts. */
static void many_described_sources(void **state)
{
    (void)state;
    struct demux_world d;
    struct rtp_route r;
    demux_init(&d, 4);
    d.video.remote_ssrc_count = RTP_SSRCS_MAX;
    for (uint32_t i = 0; i < RTP_SSRCS_MAX; i++)
        d.video.remote_ssrcs[i] = 600 + i;
    assert_int_equal(rtp_demux_set_section(d.demux, VIDEO, &d.video), RTC_OK);
    assert_true(route(&d, (struct from){601, VP8, 0, 0, 0}, &r));
    assert_int_equal(rtp_demux_member_of(d.demux, 601), VIDEO);
    assert_true(route(&d, (struct from){700, OPUS, "a", 0, 0}, &r));
    assert_int_equal(rtp_demux_member_of(d.demux, 700), AUDIO);
    demux_fini(&d);
}

static void out_of_memory(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, NULL);
    struct rtp_demux *demux = NULL;
    w.allocations_left = 0;
    assert_int_equal(rtp_demux_new(w.context, &demux), RTC_ERR_NO_MEMORY);
    assert_null(demux);
    w.allocations_left = 1;
    assert_int_equal(rtp_demux_new(w.context, &demux), RTC_OK);
    struct rtp_section section = {.mid = "a"};
    w.allocations_left = 0;
    assert_int_equal(rtp_demux_set_section(demux, 1, &section), RTC_ERR_NO_MEMORY);
    w.allocations_left = -1;
    assert_int_equal(rtp_demux_set_section(demux, 1, &section), RTC_OK);
    section.receive = true;
    section.receive_codec_count = 1;
    section.receive_codecs[0] = (struct rtp_codec){.payload_type = OPUS, .rtx_payload_type = RTP_NO_PAYLOAD_TYPE};
    assert_int_equal(rtp_demux_set_section(demux, 1, &section), RTC_OK);
    struct rtp_header header = {.ssrc = 9, .payload_type = OPUS};
    struct rtp_route r;
    w.allocations_left = 0;
    assert_false(rtp_demux_route(demux, &header, &r));
    w.allocations_left = -1;
    assert_true(rtp_demux_route(demux, &header, &r));
    rtp_demux_free(demux);
    rtp_demux_free(NULL);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mid_latches_the_ssrc),  cmocka_unit_test(payload_types_must_be_the_sections),
        cmocka_unit_test(described_ssrcs),       cmocka_unit_test(repair_streams_without_a_group),
        cmocka_unit_test(repair_streams_by_rid), cmocka_unit_test(a_rid_outlives_the_description),
        cmocka_unit_test(the_table_is_bounded),  cmocka_unit_test(many_described_sources),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
