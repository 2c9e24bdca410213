/* SPDX-License-Identifier: MIT */
/* Negotiation is a value: whatever descriptions come, what is refused changes nothing, and what waits for an answer can be undone. Random
 * offers and answers from a seed, good, broken and at the wrong time (glare), are set with every allocation failing in turn; after each
 * failure and each refusal, and after pending offers were undone, all that negotiation made of the connection is as it was. */
#include "negotiation.h"
#include "transceiver.h"
#include "transport.h"
#include "transport_internal.h"

#include "../unit/counting_allocator.h"
#include "peer_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The peer: a writer of descriptions ---- */

enum { SECTIONS_MAX = 8, LIVES = 60, STEPS = 14 };

struct remote_section {
    char kind;     /* 'a', 'v', 'd', or 't' for text, which nobody knows */
    int direction; /* bits as in rtc_rtp_direction */
    int stream;    /* of its msid */
    bool rejected;
    bool alone; /* not in the group */
    bool h264;  /* no codec in common */
};

struct remote {
    struct remote_section sections[SECTIONS_MAX];
    int count;
    int generation; /* of its credentials */
    int names;      /* how its mids begin: another offer may call the same sections otherwise */
    int endpoint;   /* which of two it is: each has a certificate */
};

struct life {
    uint64_t random;
    struct counting_allocator counter;
    struct sim_peers p;
    rtc_peer_connection *pc;
    struct remote now, agreed; /* what the peer offers; what was answered last */
    int attempts;
    int resume_at;         /* the attempt in which an earlier life ended: those before it are not made to fail again */
    long long resume_from; /* and there, those allocations not */
    long long last_from;   /* of the last attempt */
    long long tried, refused, undone, set, ended;
};

static unsigned draw(struct life *l, unsigned below)
{
    l->random = l->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(l->random >> 33) % below;
}

static const char *const direction_names[] = {"inactive", "sendonly", "recvonly", "sendrecv"};

static void write_media(FILE *out, const struct remote_section *s, int i)
{
    bool audio = s->kind == 'a';
    (void)fprintf(out, "a=rtcp-mux\r\na=%s\r\n", direction_names[s->direction]);
    if (s->h264)
        (void)fprintf(out, "a=rtpmap:%d %s\r\n", audio ? 111 : 96, audio ? "PCMX/8000" : "H264/90000");
    else
        (void)fprintf(out, "a=rtpmap:%d %s\r\n", audio ? 111 : 96, audio ? "opus/48000/2" : "VP8/90000");
    if (s->direction & 1)
        (void)fprintf(out, "a=msid:stream%d track%d\r\n", s->stream, i);
}

static void write_section(FILE *out, const struct remote *r, int i, const char *mid, const char *setup)
{
    static const char *const fingerprints[] = {
        "12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0:12:34:56:78:9A:BC:DE:F0",
        "21:43:65:87:A9:CB:ED:0F:21:43:65:87:A9:CB:ED:0F:21:43:65:87:A9:CB:ED:0F:21:43:65:87:A9:CB:ED:0F"};
    const struct remote_section *s = &r->sections[i];
    int port = s->rejected ? 0 : 9;
    if (s->kind == 'd')
        (void)fprintf(out, "m=application %d UDP/DTLS/SCTP webrtc-datachannel\r\n", port);
    else
        (void)fprintf(out, "m=%s %d UDP/TLS/RTP/SAVPF %d\r\n",
                      s->kind == 'a'   ? "audio"
                      : s->kind == 'v' ? "video"
                                       : "text",
                      port, s->kind == 'v' ? 96 : 111);
    (void)fprintf(out,
                  "c=IN IP4 0.0.0.0\r\na=mid:%s\r\na=ice-ufrag:uuuu%d\r\na=ice-pwd:pppppppppppppppppppppp%d\r\na=ice-options:trickle\r\n"
                  "a=fingerprint:sha-256 %s\r\na=setup:%s\r\n",
                  mid, r->generation, r->generation, fingerprints[r->endpoint], setup);
    if (s->kind == 'd')
        (void)fprintf(out, "a=sctp-port:5000\r\n");
    else
        write_media(out, s, i);
}

static void mid_of(const struct remote *r, int i, char mid[16])
{
    (void)snprintf(mid, 16, "%c%d", 'k' + r->names, i);
}

static char *write_offer(struct life *l)
{
    char *text = NULL, mid[16];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    struct remote *r = &l->now;
    (void)fprintf(out, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for (int i = 0; i < r->count; i++) {
        mid_of(r, i, mid);
        if (!r->sections[i].rejected && !r->sections[i].alone)
            (void)fprintf(out, " %s", mid);
    }
    (void)fprintf(out, "\r\n");
    for (int i = 0; i < r->count; i++) {
        mid_of(r, i, mid);
        write_section(out, r, i, mid, "actpass");
    }
    (void)fclose(out);
    return text;
}

/* The value of a line of a section of our offer, or "". */
static void line_of(const char *section, const char *start, char value[64])
{
    const char *line = strstr(section, start);
    size_t len = line ? strcspn(line + strlen(start), "\r\n") : 0;
    (void)snprintf(value, 64, "%.*s", (int)(len < 63 ? len : 63), line ? line + strlen(start) : "");
}

/* Somebody else goes on in the peer's place. */
static void hand_over(struct remote *r)
{
    r->generation++;
    r->endpoint = !r->endpoint;
}

/* An answer to our offer: some of its sections, some of its directions. */
static char *write_answer(struct life *l, const char *offer)
{
    if (draw(l, 6) == 0)
        hand_over(&l->now);
    char *text = NULL, *body = NULL, group[256] = "";
    size_t len = 0, body_len = 0;
    FILE *out = open_memstream(&text, &len), *sections = open_memstream(&body, &body_len);
    struct remote r = {.generation = l->now.generation, .endpoint = l->now.endpoint};
    for (int i = 0; i < SECTIONS_MAX; i++) {
        char mid[64], *section = text_section(offer, i);
        if (!section)
            break;
        line_of(section, "a=mid:", mid);
        struct remote_section *s = &r.sections[r.count++];
        *s = (struct remote_section){.kind = strncmp(section, "m=audio", 7) == 0   ? 'a'
                                             : strncmp(section, "m=video", 7) == 0 ? 'v'
                                                                                   : 'd',
                                     .direction = (int)draw(l, 4),
                                     .stream = (int)draw(l, 3),
                                     .rejected = draw(l, 6) == 0 || strstr(section, " 0 UDP") != NULL};
        if (!s->rejected)
            (void)snprintf(group + strlen(group), sizeof group - strlen(group), " %s", mid);
        write_section(sections, &r, i, mid, "active");
        free(section);
    }
    (void)fclose(sections);
    (void)fprintf(out, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE%s\r\n%s", group, body);
    (void)fclose(out);
    free(body);
    return text;
}

/* What the peer thinks of next. */
static void change_remote(struct life *l)
{
    struct remote *r = &l->now;
    if (r->count == 0 || (r->count < SECTIONS_MAX && draw(l, 2) == 0)) {
        struct remote_section *s = &r->sections[r->count++];
        *s = (struct remote_section){.kind = "aavvdt"[draw(l, 6)], .direction = (int)draw(l, 4), .stream = (int)draw(l, 3)};
        s->h264 = draw(l, 8) == 0;
        s->alone = draw(l, 8) == 0;
    }
    struct remote_section *s = &r->sections[draw(l, (unsigned)r->count)];
    if (draw(l, 2) == 0)
        s->direction = (int)draw(l, 4);
    if (draw(l, 4) == 0)
        s->stream = (int)draw(l, 3);
    if (draw(l, 8) == 0)
        s->rejected = true;
    if (draw(l, 8) == 0)
        r->generation++;
    if (draw(l, 10) == 0)
        hand_over(r);
    if (draw(l, 10) == 0)
        r->names = !r->names; /* refused once they were agreed on */
    if (draw(l, 12) == 0)
        r->count = l->agreed.count ? (int)draw(l, (unsigned)r->count) + 1 : r->count; /* sections must not vanish */
}

/* Breaks one thing of it now and then. */
static char *spoil(struct life *l, char *text)
{
    static const struct {
        const char *what, *with;
    } harms[] = {
        {"a=ice-pwd:pppppppppppppppppppppp", "a=ice-pwd:p"},
        {"a=fingerprint:sha-256 12:", "a=fingerprint:sha-256 13:"}, /* refused once there is a certificate */
        {"a=fingerprint:", "a=nothing:"},
        {"a=rtcp-mux\r\n", ""},
        {"a=setup:active", "a=setup:actpass"},
        {"m=audio", "m=video"},
        {"a=mid:", "a=mid:other"},
        {"t=0 0\r\n", "t=0\r\n"},
        {"a=rtpmap:", "a=rtpmap:x"},
        {"a=ice-ufrag:uuuu", "a=ice-ufrag:vvvv"}, /* a restart, of one of the two */
        {"a=group:BUNDLE ", "a=group:BUNDLE nobody "},
    };
    if (draw(l, 3) > 0)
        return text;
    size_t i = draw(l, sizeof harms / sizeof harms[0]);
    char *spoiled = text_replace(text, harms[i].what, harms[i].with);
    free(text);
    return spoiled;
}

/* ---- What negotiation made of the connection ---- */

static void print_media(FILE *out, const struct negotiation_state *state)
{
    (void)fprintf(out, "%p %p, data over %zu\n", (void *)state->local, (void *)state->remote, state->data_transport);
    for (size_t i = 0; i < state->transport_count; i++)
        (void)fprintf(out, "transport %s %s %s\n", state->transports[i].mid, state->transports[i].ufrag, state->transports[i].password);
    for (size_t i = 0; i < state->media_count; i++) {
        const struct agreed_media *m = &state->media[i];
        (void)fprintf(out, "  %u %s told=%d answered=%d %d codec=%u/%u", m->transceiver, m->mid, m->track_told, m->answered,
                      (int)m->direction, m->encodings[0].codec.payload_type, m->encodings[0].codec.rtx_payload_type);
        for (size_t k = 0; k < m->stream_count; k++)
            (void)fprintf(out, " %s", m->stream_ids[k]);
        (void)fprintf(out, "\n");
    }
}

/* `stable`: without what an undone offer leaves on purpose: a track that it took away comes back muted. */
static char *describe(const struct life *l, bool stable)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const rtc_peer_connection *pc = l->pc;
    const struct negotiation *n = &pc->negotiation;
    (void)fprintf(out, "%d %d\n", (int)n->signaling, (int)pc->states.connection);
    print_media(out, &n->stable);
    print_media(out, &n->pending);
    for (struct link *k = pc->transceivers.next; k != &pc->transceivers; k = k->next) {
        const rtc_rtp_transceiver *t = link_owner(k, rtc_rtp_transceiver, link);
        (void)fprintf(out, "%u %d %s %d %d %d/%d %u", t->number, (int)t->kind, t->mid, (int)t->state, (int)t->direction,
                      t->has_current_direction, (int)t->current_direction, t->rtp_member);
        if (!stable)
            (void)fprintf(out, " muted=%d", rtc_media_stream_track_muted(t->receiver.track));
        (void)fprintf(out, "\n");
    }
    const struct transport *t = peer_first_transport(pc); /* the first one may come early */
    bool used = t && ice_agent_has_remote_credentials(transport_ice_negotiated(t));
    if (t && n->signaling == RTC_SIGNALING_STABLE)
        assert_null(t->ice.pending);
    (void)fprintf(out, "%s %s\n", t && t->ice.pending ? ice_agent_local_ufrag(t->ice.pending) : "-",
                  used ? ice_agent_local_ufrag(transport_ice_negotiated(t)) : "-");
    (void)fclose(out);
    return text;
}

/* Without the lines of transceivers that an offer stopped, which is for good. */
static void leave_out_stopped(const struct life *l, char *text)
{
    char start[16];
    for (struct link *k = l->pc->transceivers.next; k != &l->pc->transceivers; k = k->next) {
        const rtc_rtp_transceiver *t = link_owner(k, rtc_rtp_transceiver, link);
        (void)snprintf(start, sizeof start, "\n%u ", t->number);
        char *line = t->state == TRANSCEIVER_STOPPED ? strstr(text, start) : NULL;
        char *next = line ? strchr(line + 1, '\n') : NULL;
        if (next)
            memmove(line, next, strlen(next) + 1);
    }
}

static void expect_same(const struct life *l, bool stable, const char *then, const char *what)
{
    char *now = describe(l, stable), *before = strdup(then);
    if (stable)
        leave_out_stopped(l, now), leave_out_stopped(l, before);
    if (strcmp(now, before) != 0)
        fail_msg("seed %llu, %s: before\n%s\nafterwards\n%s", (unsigned long long)l->p.seed, what, before, now);
    free(now);
    free(before);
}

/* ---- A life ---- */

/* What is tried: setting a description, or undoing. */
struct attempt {
    enum { SET_LOCAL, SET_REMOTE, UNDO } kind;
    rtc_sdp_type type;
    const char *sdp;
};

static int carry_out(struct life *l, const struct attempt *a)
{
    if (a->kind == SET_LOCAL)
        return rtc_peer_connection_set_local_description(l->pc, a->type, NULL);
    return a->kind == SET_REMOTE ? rtc_peer_connection_set_remote_description(l->pc, a->type, a->sdp) : negotiation_undo(l->pc);
}

/* With each allocation failing in turn, until it succeeds or is refused; then without. False: the connection has ended, which it may where
 * nothing can be refused any more. */
static bool attempt(struct life *l, const struct attempt *a, bool *set)
{
    char *before = describe(l, false);
    int error = RTC_ERR_NO_MEMORY, index = ++l->attempts;
    long long n = index == l->resume_at ? l->resume_from : 0;
    while (error == RTC_ERR_NO_MEMORY && !peer_gave_up(l->pc)) {
        n++;
        l->counter.failed = 0;
        l->counter.fail_at = index < l->resume_at ? 0 : l->counter.calls + n;
        error = carry_out(l, a);
        l->counter.fail_at = 0;
        l->tried++;
        if (peer_gave_up(l->pc))
            break;
        if (error)
            expect_same(l, false, before, rtc_error_name(error));
        assert_true(error != RTC_ERR_NO_MEMORY || l->counter.failed > 0);
    }
    free(before);
    if (peer_gave_up(l->pc)) {
        assert_int_equal(error, RTC_ERR_NO_MEMORY);
        l->ended++;
        l->resume_at = index;
        l->resume_from = n;
        return false;
    }
    l->last_from = n;
    *set = !error;
    l->set += !error;
    l->refused += error != RTC_OK;
    return true;
}

static void add_own(struct life *l)
{
    const rtc_rtp_transceiver_init init = {.size = sizeof init, .has_direction = true, .direction = (rtc_rtp_direction)draw(l, 4)};
    rtc_media_kind kind = draw(l, 2) ? RTC_MEDIA_AUDIO : RTC_MEDIA_VIDEO;
    rtc_data_channel *channel;
    switch (draw(l, 5)) {
    case 0:
        assert_int_equal(rtc_peer_connection_add_transceiver(l->pc, kind, NULL, &init, NULL), RTC_OK);
        break;
    case 1:
        if (rtc_peer_connection_create_data_channel(l->pc, "chat", 4, NULL, &channel) == RTC_OK) /* not beyond the association's number */
            rtc_data_channel_unref(channel);
        break;
    case 2:
        assert_int_equal(rtc_peer_connection_restart_ice(l->pc), RTC_OK);
        break;
    default:
        break;
    }
}

/* An offer of either side is set, and undone or not, perhaps after another in its place. */
static bool offer(struct life *l, bool local)
{
    char *before = describe(l, true);
    bool set = false, alive = true, any = false;
    for (int more = 0; alive && more < 1 + (int)draw(l, 2); more++) {
        if (!local)
            change_remote(l);
        char *sdp = local ? NULL : spoil(l, write_offer(l));
        alive = attempt(l, &(struct attempt){local ? SET_LOCAL : SET_REMOTE, RTC_SDP_OFFER, sdp}, &set);
        any = any || set;
        free(sdp);
    }
    if (alive && any && draw(l, 2) == 0) {
        alive = attempt(l, &(struct attempt){.kind = UNDO}, &set);
        if (alive) {
            expect_same(l, true, before, "undone");
            l->now = l->agreed;
            l->undone++;
        }
    }
    free(before);
    return alive;
}

static bool answer(struct life *l)
{
    bool set = false, alive;
    if (l->pc->negotiation.signaling == RTC_SIGNALING_HAVE_REMOTE_OFFER) {
        alive = attempt(l, &(struct attempt){.kind = SET_LOCAL, .type = RTC_SDP_ANSWER}, &set);
    } else {
        char *sdp = spoil(l, write_answer(l, rtc_peer_connection_local_description(l->pc, NULL)));
        alive = attempt(l, &(struct attempt){SET_REMOTE, RTC_SDP_ANSWER, sdp}, &set);
        free(sdp);
    }
    if (alive && set)
        l->agreed = l->now;
    return alive;
}

/* At the wrong time: the state forbids it. An offer of the peer's takes ours back first, which is a step of its own. */
static bool glare(struct life *l)
{
    bool set = false, ours = l->pc->negotiation.signaling == RTC_SIGNALING_HAVE_LOCAL_OFFER;
    bool alive = attempt(l, &(struct attempt){.kind = SET_LOCAL, .type = ours ? RTC_SDP_ANSWER : RTC_SDP_OFFER}, &set);
    assert_false(alive && set);
    if (!alive || !ours)
        return alive;
    alive = attempt(l, &(struct attempt){.kind = UNDO}, &set);
    return alive && offer(l, false);
}

/* False when it ended before its time: sum->resume_at says where. */
static bool one_life(uint64_t seed, struct life *sum)
{
    const struct sim_link link = {.delay_us = 5 * MS};
    struct life l = {.random = seed, .resume_at = sum->resume_at, .resume_from = sum->resume_from};
    bool alive = true;
    const rtc_allocator allocator = counting_allocator_of(&l.counter);
    assert_true(sim_peers_init(&l.p, seed, &link, &allocator, NULL));
    l.p.manual = true;
    l.pc = l.p.peer[0].pc;
    for (int i = 0; i < STEPS && alive; i++) {
        add_own(&l);
        if (l.pc->negotiation.signaling == RTC_SIGNALING_STABLE)
            alive = offer(&l, draw(&l, 3) == 0);
        else
            alive = draw(&l, 4) == 0 ? glare(&l) : answer(&l);
        if (alive)
            peer_run(&l.p, 5 * MS);
        if (alive && peer_gave_up(l.pc)) { /* what begins with a description noticed only now that memory had run out */
            alive = false;
            l.ended++;
            l.resume_at = l.attempts;
            l.resume_from = l.last_from;
        }
    }
    sum->resume_at = alive ? 0 : l.resume_at;
    sum->resume_from = alive ? 0 : l.resume_from;
    sum->ended += l.ended;
    sum->tried += l.tried;
    sum->refused += l.refused;
    sum->undone += l.undone;
    sum->set += l.set;
    sim_peers_fini(&l.p);
    assert_int_equal(l.counter.live, 0);
    return alive;
}

static void random_lives(void **state)
{
    struct life sum = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= LIVES; seed++)
        while (!one_life(seed, &sum))
            ;
    print_message("%lld attempts, %lld set, %lld refused, %lld undone, %lld ended\n", sum.tried, sum.set, sum.refused, sum.undone,
                  sum.ended);
    assert_true(sum.set > LIVES && sum.refused > LIVES && sum.undone > LIVES / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
