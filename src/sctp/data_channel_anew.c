/* SPDX-License-Identifier: MIT */
/* An association that begins anew while its channels go on (RFC 9260 5.2): over DTLS that was made anew, because the section that had the
 * transport went away. There are peers that go on where they were (Firefox), peers that begin it again (Chromium), and those that abort it
 * before we know that DTLS will be made anew (Chromium, when it answers). What is not given to the association meanwhile can not be lost
 * with it. What was given and is not known to have come may be: nobody can tell, and a reliable channel that goes on after a gap would lie,
 * so that it fails. */
#include "data_channels_internal.h"

#include "sctp_chunk.h"

enum {
    MS = 1000,
    PEER_NEEDS_US = 100 * MS,        /* to say how it goes on, beside two round trips */
    PEER_REPEATS_US = 30 * 1000 * MS /* its INIT, when that is lost: consent (RFC 7675) ends what is silent for longer */
};

struct assoc_options channel_assoc_options(const struct data_channels *dc)
{
    return (struct assoc_options){
        .local_port = dc->options.local_port,
        .remote_port = dc->options.remote_port,
        .streams = dc->options.max_channels,
        .mtu = dc->options.mtu,
        .rtt_us = dc->anew.rtt_us,
        .max_message_bytes = dc->options.max_message_bytes,
    };
}

int channel_assoc_new(struct data_channels *dc, struct assoc **out)
{
    const struct assoc_options options = channel_assoc_options(dc);
    int error = assoc_new(dc->context, &options, out);
    if (!error)
        assoc_set_wake(*out, dc->wake, dc->wake_user);
    return error;
}

void channel_expect_restart(struct data_channels *dc)
{
    if (!dc->assoc || dc->state != SCTP_CONNECTED)
        return;
    assoc_expect_restart(dc->assoc, true);
    dc->anew.restart_until = RTC_TIME_NEVER;
    dc->anew.held_until = RTC_TIME_NEVER;
}

void channel_began_at_once(struct data_channels *dc, rtc_time_t now)
{
    assoc_expect_restart(dc->assoc, true);
    dc->anew.restart_until = now + PEER_REPEATS_US;
    dc->anew.at_once = dc->anew.unheard = true;
}

static void forget_early(struct data_channels *dc)
{
    dc->anew.unheard = false;
    for (size_t i = 0; i < dc->set.count; i++)
        channel_queue_forget_early(&dc->queues, dc->set.channels[i]);
}

/* Who begins the association from now on has forgotten its channels. */
static void expect_no_restart(struct data_channels *dc)
{
    if (dc->anew.restart_until != 0)
        assoc_expect_restart(dc->assoc, false);
    dc->anew.restart_until = 0;
    forget_early(dc);
}

void channel_wait_no_more(struct data_channels *dc, rtc_time_t now)
{
    if (channel_held(dc) && now >= dc->anew.held_until)
        dc->anew.held_until = 0;
    if (now >= dc->anew.restart_until)
        expect_no_restart(dc);
}

/* One that is partly given can not be finished. */
static bool is_torn(const struct channel *c)
{
    return c->queue.head && c->queue.head->done > 0;
}

static void begin_anew(struct data_channels *dc, struct channel *c, struct out *out)
{
    bool reliable = c->terms.max_retransmits < 0 && c->terms.max_packet_life_ms < 0;
    uint32_t gone = 0;
    if (dc->anew.unheard) /* nothing of it was taken */
        channel_queue_restore(&dc->queues, c);
    bool lost = (!dc->anew.unheard && c->id != CHANNEL_ID_NONE && assoc_lost_on(dc->assoc, c->id, &gone)) || is_torn(c);
    uint64_t unsent = c->queue.user_bytes + gone;
    channel_partial_forget(&dc->partials, c);
    channel_reset_anew(dc, c);
    if (is_torn(c))
        channel_queue_pop(&dc->queues, c);
    if (!lost || (!reliable && c->opening.acknowledged) || (c->state != CHANNEL_OPEN && c->state != CHANNEL_CLOSING))
        return;
    channel_queue_clear(&dc->queues, c);
    c->unsent += unsent;
    channel_fail(c, RTC_ERR_OPERATION, out);
    channel_close(dc, c, out);
}

static void begin_all_anew(struct data_channels *dc, struct out *out)
{
    for (size_t i = 0; i < dc->set.count; i++)
        begin_anew(dc, dc->set.channels[i], out);
    for (size_t id = 0; id < dc->set.ids; id++)
        if (dc->set.by_id[id] && !dc->set.by_id[id]->handle)
            channel_reset_anew(dc, dc->set.by_id[id]); /* a stream that is refused */
    dc->queues.straddling = NULL;
}

/* Without a word: the peer's own may have begun again. */
static void replace(struct data_channels *dc, struct assoc *next, struct out *out)
{
    forget_early(dc);
    begin_all_anew(dc, out);
    assoc_free(dc->assoc);
    dc->assoc = next;
    dc->anew.restart_until = 0;
    dc->anew.at_once = false;
}

/* A peer whose association began without a handshake may begin it again in the same way, from the same INITs (Chromium), of which nothing
 * is heard: another one, with a handshake, is a restart to that peer as to one that goes on. */
static int renew(struct data_channels *dc, struct out *out)
{
    struct assoc *next;
    int error = channel_assoc_new(dc, &next);
    if (error)
        return error;
    assoc_forsake(dc->assoc);
    replace(dc, next, out);
    return RTC_OK;
}

int channel_go_on(struct data_channels *dc, rtc_time_t now, struct out *out)
{
    bool adrift = dc->anew.adrift;
    if (dc->state != SCTP_CONNECTED || dc->anew.held_until != RTC_TIME_NEVER)
        return RTC_OK;
    dc->anew.adrift = false;
    bool renews = !adrift && dc->anew.at_once;
    int error = renews ? renew(dc, out) : RTC_OK;
    if (error)
        return error;
    if (adrift || renews) {
        expect_no_restart(dc);
        return assoc_connect(dc->assoc, now, out);
    }
    dc->anew.held_until = now + PEER_NEEDS_US + 2 * dc->anew.rtt_us;
    if (dc->anew.restart_until != 0)
        dc->anew.restart_until = now + PEER_REPEATS_US;
    return RTC_OK;
}

void channel_restarted(struct data_channels *dc, struct out *out)
{
    begin_all_anew(dc, out);
    dc->anew.held_until = dc->anew.restart_until = 0;
    dc->anew.at_once = dc->anew.unheard = false;
}

bool channel_outlive(struct data_channels *dc, const struct assoc_event *e, struct out *out)
{
    struct assoc *next;
    int cause = e->lost.cause;
    if (!dc->anew.survives || e->lost.clean || dc->state != SCTP_CONNECTED || channel_assoc_new(dc, &next))
        return false;
    replace(dc, next, out);
    dc->anew.adrift = true;
    dc->anew.cause = cause;
    dc->anew.held_until = RTC_TIME_NEVER;
    return true;
}

/* It may have fewer streams. */
void channel_resume(struct data_channels *dc, struct out *out)
{
    for (size_t i = 0; i < dc->set.count; i++) {
        struct channel *c = dc->set.channels[i];
        if (c->state != CHANNEL_OPEN || c->id < dc->streams)
            continue;
        channel_fail(c, RTC_ERR_RANGE, out);
        channel_finish(dc, c, out);
    }
    for (size_t id = dc->streams; id < dc->set.ids; id++)
        if (dc->set.by_id[id] && !dc->set.by_id[id]->handle)
            channel_finish(dc, dc->set.by_id[id], out);
    dc->anew.held_until = 0;
}

void channel_hear(struct data_channels *dc, struct slice packet)
{
    struct reader r = sctp_chunks_of(packet);
    struct sctp_chunk c;
    if (dc->anew.held_until == RTC_TIME_NEVER || (!channel_held(dc) && dc->anew.restart_until == 0) || !sctp_chunk_next(&r, &c) ||
        c.type == SCTP_CHUNK_INIT)
        return;
    if (c.type == SCTP_CHUNK_COOKIE_ECHO) { /* it did begin it anew, of which we hear when there is room for events */
        dc->anew.restart_until = dc->anew.restart_until ? RTC_TIME_NEVER : 0;
        return;
    }
    dc->anew.held_until = 0;
    if (dc->anew.restart_until != RTC_TIME_NEVER)
        expect_no_restart(dc);
}
