/* SPDX-License-Identifier: MIT */
/* Feedback about what arrives: see rtp_arrival_feedback.h. */
#include "rtp_arrival_feedback.h"

#include "transport_feedback.h"

enum {
    INTERVAL_MIN_US = 50000,
    INTERVAL_MAX_US = 250000,
    SETTLE_US = 20000,     /* after a silence: what comes together is told of together */
    MESSAGE_BITS = 68 * 8, /* of a message of usual size with all that is around it */
    SHARE = 20,            /* one part in so many of what arrives: five percent */
    MANY = 100             /* numbers that do not wait */
};

void rtp_arrival_feedback_init(struct rtp_arrival_feedback *f, rtc_context *context, const struct rtp_reports *reports)
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
}

void rtp_arrival_feedback_fini(struct rtp_arrival_feedback *f)
{
    arrivals_free(f->arrivals);
}

void rtp_arrival_feedback_forget(struct rtp_arrival_feedback *f)
{
    arrivals_free(f->arrivals);
    f->arrivals = NULL;
    f->bytes = 0;
    f->due = RTC_TIME_NEVER;
}

static bool wants(const struct rtp_section *section)
{
    for (size_t i = 0; section->receive && i < section->receive_codec_count; i++)
        if (section->receive_codecs[i].transport_cc)
            return section->extension_ids[RTP_EXTENSION_TRANSPORT_SEQUENCE] != 0;
    return false;
}

void rtp_arrival_feedback_configure(struct rtp_arrival_feedback *f)
{
    f->transport_wide = false;
    for (size_t i = 0; i < f->members->count; i++)
        f->transport_wide = f->transport_wide || wants(&f->members->all[i]->config);
    if (!f->transport_wide)
        f->due = RTC_TIME_NEVER;
}

/* What is there to tell is told then. */
static void plan(struct rtp_arrival_feedback *f, rtc_time_t now)
{
    rtc_time_t next = f->told == RTC_TIME_NEVER ? now : f->told + f->interval;
    if (arrivals_pending(f->arrivals) >= MANY)
        f->due = now;
    else if (f->due == RTC_TIME_NEVER)
        f->due = next > now + SETTLE_US ? next : now + SETTLE_US;
}

void rtp_arrival_feedback_packet(struct rtp_arrival_feedback *f, rtc_time_t now, const struct rtp_header *header,
                                 const struct packet *packet)
{
    uint16_t number;
    if (!f->transport_wide || !rtp_transport_sequence_read(header->extensions[RTP_EXTENSION_TRANSPORT_SEQUENCE], &number))
        return;
    if (!f->arrivals && arrivals_new(f->context, &f->arrivals) != RTC_OK)
        return;
    f->bytes += packet->len;
    f->media_ssrc = header->ssrc;
    if (arrivals_add(f->arrivals, number, packet_arrival(packet, now), packet->ecn))
        plan(f, now);
}

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

/* As much of what is to be told as one datagram takes; false when nothing was. */
static bool tell(struct rtp_arrival_feedback *f, rtc_time_t now, struct out *out)
{
    struct sent_history_told told[TRANSPORT_FEEDBACK_WRITTEN_MAX];
    const struct rtp_member *m = f->members->all[0];
    struct rtp_control c;
    size_t all = 0, n;
    if (!rtp_reports_begin_feedback(f->reports, &c, now, m, out))
        return false;
    while ((n = arrivals_next(f->arrivals, told, TRANSPORT_FEEDBACK_WRITTEN_MAX)) > 0 &&
           (n = transport_feedback_write(&c.writer, rtp_member_ssrc(m), f->media_ssrc, f->message, told, n)) > 0) {
        f->message++;
        arrivals_were_told(f->arrivals, n);
        all += n;
    }
    rtp_reports_finish(f->reports, &c, out);
    return all > 0;
}

void rtp_arrival_feedback_tick(struct rtp_arrival_feedback *f, rtc_time_t now, struct out *out)
{
    if (f->due > now || !rtp_outlet_is_open(f->outlet) || f->members->count == 0)
        return;
    f->due = RTC_TIME_NEVER;
    update_interval(f, now);
    while (arrivals_untold(f->arrivals) > 0 && tell(f, now, out))
        ;
}

rtc_time_t rtp_arrival_feedback_deadline(const struct rtp_arrival_feedback *f)
{
    return f->members->count > 0 ? f->due : RTC_TIME_NEVER;
}
