/* SPDX-License-Identifier: MIT */
/* Planning a negotiation without a connection: a state, some facts and a description give the next state and the effects, the same each
 * time, and whatever fails leaves the state alone. */
#include "negotiation_planning.h"

#include "context.h"
#include "counting_allocator.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define TOP "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE "
#define TRANSPORT(ufrag, setup)                                                                                    \
    "a=ice-ufrag:" ufrag "\r\na=ice-pwd:pppppppppppppppppppppp\r\na=ice-options:trickle\r\na=fingerprint:sha-256 " \
    "12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0\r\na=setup:" setup "\r\n"
#define AUDIO(mid, ufrag, setup, rest)                                  \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid \
    "\r\n" TRANSPORT(ufrag, setup) "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n" rest "\r\n"
#define VIDEO(mid, ufrag, setup, rest)                                 \
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:" mid \
    "\r\n" TRANSPORT(ufrag, setup) "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" rest "\r\n"

/* What a connection would have. */
struct world {
    struct counting_allocator counter;
    rtc_context *context;
    struct negotiation_state stable, pending;
    struct transceiver_facts transceivers[8];
    struct ice_facts ice[4]; /* of its transports */
    struct negotiation_facts facts;
    struct negotiation_plan *plan; /* the last one */
};

static void begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    const rtc_allocator allocator = counting_allocator_of(&w->counter);
    assert_int_equal(rtc_context_new(&(rtc_context_options){.size = sizeof(rtc_context_options), .allocator = &allocator}, &w->context),
                     RTC_OK);
    w->facts = (struct negotiation_facts){.ice = w->ice,
                                          .transport_count = 1,
                                          .rules = {.most = 32},
                                          .stable = &w->stable,
                                          .pending = &w->pending,
                                          .transceivers = w->transceivers,
                                          .next_number = 1};
}

static void end(struct world *w)
{
    negotiation_plan_free(w->plan);
    negotiation_state_fini(w->context, &w->stable);
    negotiation_state_fini(w->context, &w->pending);
    rtc_context_unref(w->context);
    assert_int_equal(w->counter.live, 0);
}

static int plan(struct world *w, enum signaling_side side, rtc_sdp_type type, const char *sdp, struct sdp_error *why)
{
    struct description *d;
    int error = description_new(w->context, type, sdp, &d, why);
    if (error)
        return error;
    negotiation_plan_free(w->plan);
    w->plan = NULL;
    error = negotiation_plan_set(w->context, &w->facts, side, d, &w->plan, why);
    description_unref(w->context, d);
    return error;
}

/* What the effects are, as words with the numbers of transceivers. */
static const char *effects(const struct world *w)
{
    static const char *const names[] = {
        [EFFECT_LET_GO] = "let-go",
        [EFFECT_CREATE] = "create",
        [EFFECT_ASSOCIATE] = "associate",
        [EFFECT_TRACK_REMOVED] = "track-removed",
        [EFFECT_REMOVE] = "remove",
        [EFFECT_STREAMS] = "streams",
        [EFFECT_TRACK_ADDED] = "track-added",
        [EFFECT_STOP] = "stop",
        [EFFECT_GENERATION] = "generation",
        [EFFECT_NO_GENERATION] = "none",
        [EFFECT_ANEW] = "anew",
        [EFFECT_CONTROLLING] = "role",
        [EFFECT_SIGNALING] = "signaling",
        [EFFECT_GATHER] = "gather",
        [EFFECT_MISMATCHES] = "mismatches",
        [EFFECT_CREDENTIALS] = "credentials",
        [EFFECT_DTLS] = "dtls",
        [EFFECT_UNBUNDLED] = "unbundled",
        [EFFECT_MEDIA] = "media",
        [EFFECT_DATA] = "data",
        [EFFECT_NO_DATA] = "no-data",
        [EFFECT_CHANNEL_IDS] = "channel-ids",
        [EFFECT_BANDWIDTH] = "bandwidth",
    };
    static char text[512];
    size_t at = 0;
    for (size_t i = 0; i < w->plan->effect_count; i++) {
        const struct effect *e = &w->plan->effects[i];
        at += (size_t)snprintf(text + at, sizeof text - at, e->transceiver ? "%s%s %u" : "%s%s", i ? ", " : "", names[e->type],
                               e->transceiver);
    }
    return text;
}

/* Does what applying would do to states and transceivers. */
static void carry_out(struct world *w)
{
    struct negotiation_plan *p = w->plan;
    assert_true(p->transceiver_count <= sizeof w->transceivers / sizeof w->transceivers[0]);
    memcpy(w->transceivers, p->transceivers, p->transceiver_count * sizeof *p->transceivers);
    w->facts.next_number += (uint32_t)(p->transceiver_count - w->facts.transceiver_count);
    w->facts.transceiver_count = p->transceiver_count;
    w->facts.signaling = p->signaling;
    negotiation_state_fini(w->context, &w->pending);
    if (p->signaling == RTC_SIGNALING_STABLE)
        negotiation_state_fini(w->context, &w->stable);
    *(p->signaling == RTC_SIGNALING_STABLE ? &w->stable : &w->pending) = p->next;
    p->next = (struct negotiation_state){0};
}

static void expect(struct world *w, enum signaling_side side, rtc_sdp_type type, const char *sdp, const char *words)
{
    struct sdp_error why = {0};
    if (plan(w, side, type, sdp, &why))
        fail_msg("%s", why.text);
    assert_string_equal(effects(w), words);
    carry_out(w);
}

static const char two[] =
    TOP "a v\r\n" AUDIO("a", "uuuu", "actpass", "a=sendrecv\r\na=msid:s t") VIDEO("v", "uuuu", "actpass", "a=recvonly");
static const char two_answered[] = TOP "a v\r\n" AUDIO("a", "oooo", "active", "a=recvonly") VIDEO("v", "oooo", "active", "a=sendonly");
static const char three[] = TOP "a v w\r\n" AUDIO("a", "uuuu", "actpass", "a=inactive") VIDEO("v", "uuuu", "actpass", "a=recvonly")
    VIDEO("w", "uuuu", "actpass", "a=sendonly\r\na=msid:s t");

/* The peer offers both to who has nothing. */
static void offer_two(struct world *w)
{
    expect(w, SIGNALING_REMOTE, RTC_SDP_OFFER, two,
           "create 1, associate 1, create 2, associate 2, role, signaling, streams, track-added 1, mismatches");
}

/* It does, and is answered. */
static void answer_two(struct world *w)
{
    offer_two(w);
    expect(w, SIGNALING_LOCAL, RTC_SDP_ANSWER, two_answered, "gather, credentials, dtls, media 1, media 2, bandwidth, signaling");
}

static void an_exchange(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    w.transceivers[0] =
        (struct transceiver_facts){.number = 1, .kind = RTC_MEDIA_VIDEO, .owner = TRANSCEIVER_OF_TRACK, .encoding_count = 1};
    w.facts.transceiver_count = 1;
    w.facts.next_number = 2;
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, two, "create 2, associate 2, associate 1, role, signaling, streams, track-added 2, mismatches");
    assert_int_equal(w.facts.signaling, RTC_SIGNALING_HAVE_REMOTE_OFFER);
    assert_int_equal(w.stable.media_count, 0);
    expect(&w, SIGNALING_LOCAL, RTC_SDP_ANSWER, two_answered, "gather, credentials, dtls, media 2, media 1, bandwidth, signaling");
    assert_int_equal(w.facts.signaling, RTC_SIGNALING_STABLE);
    assert_null(w.pending.remote);
    assert_string_equal(negotiation_state_transport(&w.stable, 0)->ufrag, "uuuu");
    const struct agreed_media *video = negotiation_state_by_mid(&w.stable, "v");
    assert_int_equal(video->direction, RTC_DIRECTION_SENDONLY);
    assert_int_equal(video->encoding_count, 1);
    assert_int_equal(video->encodings[0].codec.payload_type, 96);
    end(&w);
}

/* Another offer in place of one: what only the first said is taken back. */
static void a_replaced_offer(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    offer_two(&w);
    static const char other[] = TOP "a\r\n" AUDIO("a", "uuuu", "actpass", "a=inactive");
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, other, "let-go 2, role, signaling, track-removed 1, streams, remove 2, mismatches");
    assert_int_equal(w.pending.media_count, 1);
    end(&w);
}

static void undoing(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    answer_two(&w);
    const struct negotiation_state before = w.stable;
    struct agreed_media media[2];
    memcpy(media, before.media, sizeof media);
    struct agreed_transport transport = before.transports[0];
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, three, "create 3, associate 3, signaling, track-removed 1, streams, track-added 3, mismatches");
    negotiation_plan_free(w.plan);
    w.plan = NULL;
    assert_int_equal(negotiation_plan_undo(w.context, &w.facts, &w.plan), RTC_OK);
    assert_string_equal(effects(&w), "let-go 3, signaling, track-removed 3, streams, track-added 1, remove 3");
    carry_out(&w);
    assert_int_equal(w.facts.signaling, RTC_SIGNALING_STABLE);
    assert_int_equal(w.stable.media_count, 2);
    assert_memory_equal(w.stable.media, media, sizeof media);
    assert_int_equal(w.stable.transport_count, 1);
    assert_memory_equal(w.stable.transports, &transport, sizeof transport);
    assert_ptr_equal(w.stable.remote, before.remote);
    assert_null(w.pending.remote);
    end(&w);
}

/* A section that an offer rejects stops its transceiver at once (webrtc-pc 4.4.1.5), and it stays so when the offer is undone; its track is
 * not told anew. Answered, it leaves. */
static void undoing_what_stops(void **state)
{
    static const char without[] =
        TOP "v\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\n" VIDEO("v", "uuuu", "actpass", "a=recvonly");
    static const char answered[] =
        TOP "v\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\n" VIDEO("v", "oooo", "active", "a=sendonly");
    struct world w;
    (void)state;
    begin(&w);
    answer_two(&w);
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, without, "generation, signaling, stop 1, track-removed 1, streams, mismatches");
    w.ice[0].pending = true; /* of the section that gets the transport */
    assert_true(w.transceivers[0].stopped);
    negotiation_plan_free(w.plan);
    w.plan = NULL;
    assert_int_equal(negotiation_plan_undo(w.context, &w.facts, &w.plan), RTC_OK);
    assert_string_equal(effects(&w), "none, signaling");
    expect(&w, SIGNALING_LOCAL, RTC_SDP_ANSWER, answered, "gather, credentials, dtls, media 2, bandwidth, signaling, remove 1");
    assert_true(w.transceivers[0].stopped);
    end(&w);
}

/* Refused, without memory, or planned twice: the states are not touched, and the same comes of the same. */
static void a_pure_function(void **state)
{
    struct world w;
    struct sdp_error why = {0};
    char first[512];
    (void)state;
    begin(&w);
    answer_two(&w);
    negotiation_plan_free(w.plan);
    w.plan = NULL;
    struct agreed_media media[2];
    memcpy(media, w.stable.media, sizeof media);
    const struct negotiation_state stable = w.stable;
    const long long live = w.counter.live;
    int error = RTC_ERR_NO_MEMORY;
    for (long long n = 1; error; n++) {
        w.counter.fail_at = w.counter.calls + n;
        error = plan(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, three, &why);
        w.counter.fail_at = 0;
        assert_true(error == RTC_OK || (error == RTC_ERR_NO_MEMORY && w.counter.live == live));
        assert_memory_equal(&w.stable, &stable, sizeof stable);
        assert_memory_equal(w.stable.media, media, sizeof media);
        assert_null(w.pending.remote);
    }
    (void)snprintf(first, sizeof first, "%s", effects(&w));
    assert_int_equal(plan(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, three, &why), RTC_OK);
    assert_string_equal(effects(&w), first);
    static const char fewer[] = TOP "a\r\n" AUDIO("a", "uuuu", "actpass", "a=sendrecv");
    assert_int_equal(plan(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, fewer, &why), RTC_ERR_INVALID_ACCESS);
    assert_memory_equal(&w.stable, &stable, sizeof stable);
    assert_memory_equal(w.stable.media, media, sizeof media);
    end(&w);
}

/* New credentials in an offer ask for a generation; the same once more do not. */
static void restarts(void **state)
{
    static const char again[] =
        TOP "a v\r\n" AUDIO("a", "vvvv", "actpass", "a=sendrecv\r\na=msid:s t") VIDEO("v", "vvvv", "actpass", "a=recvonly");
    static const char rejected[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                                   "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\n"
                                   "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\n";
    struct world w;
    (void)state;
    begin(&w);
    answer_two(&w);
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, again, "generation, signaling, mismatches");
    w.ice[0].pending = true;
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, again, "signaling, mismatches");
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, two, "none, signaling, mismatches");
    w.ice[0].pending = false;
    expect(&w, SIGNALING_REMOTE, RTC_SDP_OFFER, again, "generation, signaling, mismatches");
    w.ice[0].pending = true;
    expect(&w, SIGNALING_LOCAL, RTC_SDP_ANSWER, rejected,
           "stop 1, stop 2, bandwidth, signaling, track-removed 1, streams, remove 1, remove 2"); /* for nothing */
    assert_string_equal(negotiation_state_transport(&w.stable, 0)->ufrag, "");
    end(&w);
}

static void the_moves(void **state)
{
    rtc_signaling_state to;
    int allowed = 0;
    (void)state;
    for (int from = RTC_SIGNALING_STABLE; from <= RTC_SIGNALING_CLOSED; from++)
        for (int side = 0; side < 2; side++)
            for (int type = RTC_SDP_NONE; type <= RTC_SDP_ROLLBACK; type++)
                allowed += signaling_move((rtc_signaling_state)from, (enum signaling_side)side, (rtc_sdp_type)type, NULL);
    assert_int_equal(allowed, 14);
    assert_true(signaling_move(RTC_SIGNALING_HAVE_LOCAL_OFFER, SIGNALING_REMOTE, RTC_SDP_ANSWER, &to));
    assert_int_equal(to, RTC_SIGNALING_STABLE);
    assert_false(signaling_move(RTC_SIGNALING_HAVE_LOCAL_OFFER, SIGNALING_REMOTE, RTC_SDP_OFFER, &to)); /* glare: a rollback comes first */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exchange),        cmocka_unit_test(a_replaced_offer), cmocka_unit_test(undoing),
        cmocka_unit_test(undoing_what_stops), cmocka_unit_test(a_pure_function),  cmocka_unit_test(restarts),
        cmocka_unit_test(the_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
