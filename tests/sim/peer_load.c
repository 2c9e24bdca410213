/* SPDX-License-Identifier: MIT */
/* An encoder that is slower than its pictures come, in virtual time: it takes its share of a processor and no more, pictures are dropped
 * before they are encoded, it works with less care until it keeps up, and with all care again when it can. */
#include "peer_pump.h"

#include "../scripted_media.h"
#include "context.h"
#include "executor.h"
#include "send_pipeline.h"
#include "transceiver.h"

#include <string.h>

/* An encoder that takes as long as the test says, and less the less care it takes. */
static struct {
    rtc_context *context;
    rtc_time_t cost; /* of a picture with all care */
    bool helps;      /* less care is quicker */
    uint32_t speed, encoded, keyframes;
} machine;

static void set_cost(void)
{
    rtc_time_t cost = machine.helps ? machine.cost * (5 - (rtc_time_t)machine.speed) / 5 : machine.cost;
    executor_simulate_class(context_executor(machine.context), JOB_BULK, cost);
}

static int encoder_configure(void *encoder, const rtc_encoder_settings *settings)
{
    (void)encoder;
    machine.speed = settings->speed;
    set_cost();
    return RTC_OK;
}

static int encoder_new(rtc_context *context, const rtc_encoder_settings *settings, void **out)
{
    (void)context;
    *out = &machine;
    return encoder_configure(&machine, settings);
}

static void encoder_free(void *encoder)
{
    (void)encoder;
}

static int encode(void *encoder, rtc_video_frame *frame, bool keyframe, rtc_encoded_frame **out)
{
    (void)encoder;
    machine.keyframes += keyframe;
    *out = scripted_video(machine.context, machine.encoded++, rtc_video_frame_capture_time_us(frame), keyframe, 500);
    return *out ? RTC_OK : RTC_ERR_NO_MEMORY;
}

static const rtc_codec_ops codec = {.size = sizeof codec,
                                    .kind = RTC_MEDIA_VIDEO,
                                    .name = "VP8",
                                    .encoder_new = encoder_new,
                                    .encoder_free = encoder_free,
                                    .encoder_configure = encoder_configure,
                                    .encode_video = encode};

struct scene {
    struct sim_peers p;
    struct peer_camera camera;
};

static void begin(struct scene *s, rtc_time_t cost, bool helps)
{
    memset(s, 0, sizeof *s);
    memset(&machine, 0, sizeof machine);
    peer_scene(&s->p, 1, true);
    machine.context = s->p.context;
    machine.cost = cost;
    machine.helps = helps;
    assert_int_equal(rtc_context_add_codec(s->p.context, &codec), RTC_OK);
    peer_camera_new(&s->camera, &s->p);
    peer_exchange(&s->p, 0);
    peer_connect(&s->p, 5 * SECOND);
    peer_camera_start(&s->camera, &s->p);
}

static void end(struct scene *s)
{
    sim_peers_fini(&s->p);
    rtc_media_source_unref(s->camera.source);
}

static double dropped(struct scene *s)
{
    rtc_stats_report *report;
    double value = -1;
    assert_int_equal(rtc_peer_connection_get_stats(s->p.peer[0].pc, &report), RTC_OK);
    assert_true(rtc_stats_number(rtc_stats_report_find_type(report, "outbound-rtp"), "framesDropped", &value));
    rtc_stats_report_unref(report);
    return value;
}

/* How many pictures a second were encoded, over some seconds. */
static uint32_t rate(struct scene *s, int seconds)
{
    uint32_t before = machine.encoded;
    peer_run(&s->p, seconds * SECOND);
    return (machine.encoded - before) / (uint32_t)seconds;
}

static void a_share_of_the_time(void **state)
{
    static const rtc_time_t costs[] = {30 * MS, 60 * MS, 200 * MS, 900 * MS};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct scene s;
        begin(&s, costs[i], false);
        peer_run(&s.p, 20 * SECOND);
        double busy = (double)machine.encoded * (double)costs[i] / (20.0 * (double)SECOND);
        print_message("%lld ms a picture: %u of %u encoded, %.2f of the time\n", (long long)costs[i] / 1000, machine.encoded,
                      s.camera.pushed, busy);
        assert_true(busy <= 0.75 && busy > 0.45);
        assert_true(machine.encoded + dropped(&s) >= s.camera.pushed - 2 && machine.encoded + dropped(&s) <= s.camera.pushed);
        assert_int_equal(machine.speed, 4);
        end(&s);
    }
}

static void less_care_until_it_keeps_up(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 28 * MS, true);
    assert_true(rate(&s, 1) < 28);
    peer_run(&s.p, 3 * SECOND);
    assert_true(rate(&s, 5) >= 29);
    assert_in_range(machine.speed, 1, 3);
    uint32_t speed = machine.speed;
    peer_run(&s.p, 20 * SECOND); /* it does not waver */
    assert_int_equal(machine.speed, speed);
    machine.cost = 5 * MS;
    set_cost();
    peer_run(&s.p, 60 * SECOND);
    assert_int_equal(machine.speed, 0);
    assert_true(machine.keyframes <= 2);
    end(&s);
}

/* Who pushes can ask whether somebody would lose a frame. One is encoded, one waits; the oldest that waits makes room for the newest. */
static void room(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 20 * MS, false);
    s.camera.next = RTC_TIME_NEVER;
    peer_run(&s.p, 100 * MS);
    assert_int_equal(rtc_media_source_room(NULL), 0);
    assert_int_equal(rtc_media_source_room(s.camera.source), 1);
    struct send_pipeline *pipeline = rtc_peer_connection_transceiver(s.p.peer[0].pc, 0)->sender.pipeline;
    send_pipeline_set_stopped(pipeline, true); /* as a circuit breaker does */
    assert_int_equal(rtc_media_source_room(s.camera.source), 0);
    send_pipeline_set_stopped(pipeline, false);
    assert_int_equal(rtc_media_source_room(s.camera.source), 1);
    peer_camera_push(&s.camera, &s.p);
    assert_int_equal(rtc_media_source_room(s.camera.source), 1);
    peer_camera_push(&s.camera, &s.p);
    assert_int_equal(rtc_media_source_room(s.camera.source), 0);
    assert_true(dropped(&s) == 0);
    peer_camera_push(&s.camera, &s.p);
    peer_camera_push(&s.camera, &s.p);
    assert_true(dropped(&s) == 2); /* the two older ones of the three that waited */
    assert_int_equal(machine.encoded, 1);
    peer_run(&s.p, 200 * MS);
    assert_int_equal(machine.encoded, 2);
    rtc_peer_connection_free(s.p.peer[0].pc);
    s.p.peer[0].pc = NULL;
    assert_int_equal(rtc_media_source_room(s.camera.source), 0); /* nobody is there */
    end(&s);
}

static void time_enough(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, 12 * MS, true);
    peer_run(&s.p, 20 * SECOND);
    assert_int_equal(machine.speed, 0);
    assert_true(dropped(&s) == 0);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_of_the_time),
        cmocka_unit_test(less_care_until_it_keeps_up),
        cmocka_unit_test(time_enough),
        cmocka_unit_test(room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
