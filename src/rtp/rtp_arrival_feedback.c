/* SPDX-License-Identifier: MIT */
/* Feedback about what arrives: see rtp_arrival_feedback.h. */
#include "rtp_arrival_feedback.h"

#include "ccfb.h"
#include "context.h"
#include "transport_feedback.h"

enum {
    INTERVAL_MIN_US = 50000,
    INTERVAL_MAX_US = 250000,
    SETTLE_US = 20000,     /* after a silence: what comes together is told of together */
    MESSAGE_BITS = 68 * 8, /* of a message of usual size with all that is around it */
    SHARE = 20,            /* one part in so many of what arrives: five percent */
    MANY = 100,            /* numbers that do not wait */
    AROUND_BYTES = 38,     /* around a packet on its way, about: headers of IP and UDP, and what protects it */
    SMALL_PART = 32        /* of an estimate, by which it falls without anybody being told at once */
};

void rtp_arrival_feedback_init(struct rtp_arrival_feedback *f, rtc_context *context, struct rtp_reports *reports)
{
    *f = (struct rtp_arrival_feedback){
        .context = context,
        .members = reports->members,
        .outlet = reports->outlet,
        .reports = reports,
        .interval = INTERVAL_MIN_US,
        .told = RTC_TIME_NEVER,
        .due = RTC_TIME_NEVER,
    };
    receive_estimate_init(&f->estimate);
}

void rtp_arrival_feedback_fini(struct rtp_arrival_feedback *f)
{
    rtp_arrival_feedback_forget(f);
}

void rtp_arrival_feedback_forget(struct rtp_arrival_feedback *f)
{
    for (size_t i = 0; i < f->source_count; i++)
        arrivals_free(f->sources[i].arrivals);
    f->source_count = 0;
    f->bytes = 0;
    f->due = RTC_TIME_NEVER;
    receive_estimate_init(&f->estimate);
    rtp_reports_set_path(f->reports, 0);
}

void rtp_arrival_feedback_configure(struct rtp_arrival_feedback *f)
{
    bool transport_wide = false, by_source = false, remb = false;
    for (size_t i = 0; i < f->members->count; i++) {
        const struct rtp_section *section = &f->members->all[i]->config;
        bool numbers = section->extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] != 0;
        for (size_t k = 0; section->receive && k < section->receive_codec_count; k++) {
            transport_wide = transport_wide || (numbers && section->receive_codecs[k].transport_cc);
            by_source = by_source || section->receive_codecs[k].ccfb;
            remb = remb || section->receive_codecs[k].remb;
        }
    }
    by_source = by_source && !transport_wide;
    remb = remb && !transport_wide && !by_source;
    if (transport_wide != f->transport_wide || by_source != f->by_source || remb != f->estimates)
        rtp_arrival_feedback_forget(f);
    f->transport_wide = transport_wide;
    f->by_source = by_source;
    f->estimates = remb;
}

/* ---- What arrives ---- */

/* The one that was silent for longest, which makes room. */
static struct rtp_arrival_source *most_silent(struct rtp_arrival_feedback *f)
{
    struct rtp_arrival_source *found = &f->sources[0];
    for (size_t i = 1; i < f->source_count; i++)
        if (f->sources[i].last < found->last)
            found = &f->sources[i];
    return found;
}

static struct rtp_arrival_source *source_of(struct rtp_arrival_feedback *f, uint32_t ssrc)
{
    struct arrivals *arrivals = NULL;
    for (size_t i = 0; i < f->source_count; i++)
        if (f->sources[i].ssrc == ssrc)
            return &f->sources[i];
    if (arrivals_new(f->context, &arrivals) != RTC_OK)
        return NULL;
    struct rtp_arrival_source *s;
    if (f->source_count < RTP_ARRIVAL_SOURCES_MAX) {
        s = &f->sources[f->source_count++];
    } else {
        s = most_silent(f);
        arrivals_free(s->arrivals);
    }
    *s = (struct rtp_arrival_source){.ssrc = ssrc, .arrivals = arrivals};
    return s;
}

/* What is there to tell is told then. */
static void plan(struct rtp_arrival_feedback *f, rtc_time_t now, const struct arrivals *arrivals)
{
    rtc_time_t next = f->told == RTC_TIME_NEVER ? now : f->told + f->interval;
    if (arrivals_pending(arrivals) >= MANY)
        f->due = now;
    else if (f->due == RTC_TIME_NEVER)
        f->due = next > now + SETTLE_US ? next : now + SETTLE_US;
}

static void estimate(struct rtp_arrival_feedback *f, rtc_time_t now, const struct rtp_header *header, const struct packet *packet)
{
    uint32_t send_time, before = f->reports->path_bps;
    if (!rtp_abs_send_time_read(header->extensions[RTP_EXTENSION_ABS_SEND_TIME], &send_time))
        return;
    bool fell = receive_estimate_packet(&f->estimate, send_time, packet_arrival(packet, now), packet->len + AROUND_BYTES,
                                        rtp_outlet_round_trip(f->outlet));
    uint32_t path = receive_estimate_bps(&f->estimate, now);
    rtp_reports_set_path(f->reports, path);
    if (fell && path < before - before / SMALL_PART)
        rtp_reports_hasten(f->reports, now);
}

void rtp_arrival_feedback_packet(struct rtp_arrival_feedback *f, rtc_time_t now, const struct rtp_header *header,
                                 const struct packet *packet)
{
    uint16_t number = header->sequence;
    if (f->estimates)
        estimate(f, now, header, packet);
    if (!f->by_source &&
        (!f->transport_wide || !rtp_transport_sequence_read(header->extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE], &number)))
        return;
    struct rtp_arrival_source *s = source_of(f, f->by_source ? header->ssrc : 0);
    if (!s)
        return;
    s->last = now;
    f->bytes += packet->len;
    f->media_ssrc = header->ssrc;
    if (arrivals_add(s->arrivals, number, packet_arrival(packet, now), packet->ecn))
        plan(f, now, s->arrivals);
}

/* ---- Telling ---- */

/* How long until the next one, by the rate at which packets came until now: half of the way from what it was. */
static void update_interval(struct rtp_arrival_feedback *f, rtc_time_t now)
{
    rtc_time_t took = f->told == RTC_TIME_NEVER ? SETTLE_US : now - f->told < INTERVAL_MAX_US ? now - f->told : INTERVAL_MAX_US;
    uint64_t bits = f->bytes * 8 + 1;
    rtc_time_t fair = (rtc_time_t)((uint64_t)MESSAGE_BITS * SHARE * (uint64_t)took / bits);
    f->interval = (f->interval + (fair < INTERVAL_MAX_US ? fair : INTERVAL_MAX_US)) / 2;
    if (f->interval < INTERVAL_MIN_US)
        f->interval = INTERVAL_MIN_US;
    f->told = now;
    f->bytes = 0;
}

/* As much as there is room for, in as many messages as it takes. How many numbers were told of. */
static size_t write_transport_wide(struct rtp_arrival_feedback *f, struct writer *w, uint32_t ssrc)
{
    struct sent_history_told told[TRANSPORT_FEEDBACK_WRITTEN_MAX];
    struct arrivals *arrivals = f->sources[0].arrivals;
    size_t all = 0, n;
    while ((n = arrivals_next(arrivals, told, TRANSPORT_FEEDBACK_WRITTEN_MAX)) > 0 &&
           (n = transport_feedback_write(w, ssrc, f->media_ssrc, f->message, told, n)) > 0) {
        f->message++;
        arrivals_were_told(arrivals, n);
        all += n;
    }
    return all;
}

/* The same in one report of all SSRCs. */
static size_t write_by_source(struct rtp_arrival_feedback *f, struct writer *w, rtc_time_t now, uint32_t ssrc)
{
    enum { AT_ONCE = 600 }; /* more than one datagram has room for */
    struct sent_history_told told[AT_ONCE];
    struct ccfb_writer report;
    size_t all = 0, n;
    ccfb_write_begin(&report, w, ssrc, now);
    for (size_t i = 0; i < f->source_count; i++) {
        struct rtp_arrival_source *s = &f->sources[i];
        while ((n = arrivals_next(s->arrivals, told, AT_ONCE)) > 0 && (n = ccfb_write_block(&report, s->ssrc, told, n)) > 0) {
            arrivals_were_told(s->arrivals, n);
            all += n;
        }
    }
    ccfb_write_end(&report, rtcp_ntp_middle(rtcp_ntp(context_wall_us(f->context, now))));
    return all;
}

/* One datagram of what is to be told; false when nothing was. */
static bool tell(struct rtp_arrival_feedback *f, rtc_time_t now, struct out *out)
{
    const struct rtp_member *m = f->members->all[0];
    struct rtp_control c;
    if (!rtp_reports_begin_feedback(f->reports, &c, now, m, out))
        return false;
    size_t told =
        f->by_source ? write_by_source(f, &c.writer, now, rtp_member_ssrc(m)) : write_transport_wide(f, &c.writer, rtp_member_ssrc(m));
    rtp_reports_finish(f->reports, &c, out);
    f->reports_sent += f->by_source;
    return told > 0;
}

void rtp_arrival_feedback_stats(const struct rtp_arrival_feedback *f, uint32_t ssrc, struct rtp_ecn_stats *out)
{
    out->reported = f->by_source;
    for (size_t i = 0; f->by_source && i < f->source_count; i++)
        if (f->sources[i].ssrc == ssrc)
            arrivals_missing(f->sources[i].arrivals, &out->reported_lost, &out->reported_lost_but_recovered);
}

static bool has_untold(const struct rtp_arrival_feedback *f)
{
    for (size_t i = 0; i < f->source_count; i++)
        if (arrivals_untold(f->sources[i].arrivals) > 0)
            return true;
    return false;
}

void rtp_arrival_feedback_tick(struct rtp_arrival_feedback *f, rtc_time_t now, struct out *out)
{
    if (f->estimates)
        rtp_reports_set_path(f->reports, receive_estimate_bps(&f->estimate, now));
    if (f->due > now || !rtp_outlet_is_open(f->outlet) || f->members->count == 0)
        return;
    f->due = RTC_TIME_NEVER;
    update_interval(f, now);
    while (has_untold(f) && tell(f, now, out))
        ;
}

rtc_time_t rtp_arrival_feedback_deadline(const struct rtp_arrival_feedback *f)
{
    return f->members->count > 0 ? f->due : RTC_TIME_NEVER;
}
