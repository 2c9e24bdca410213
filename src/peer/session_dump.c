/* SPDX-License-Identifier: MIT */
/* The recording of a connection: see <crtc/session_dump.h>. What it did is noted where it is done (peer_record), how it fared by reports of
 * getStats; session_log.c keeps both. */
#include "session_dump.h"
#include "kept_configuration.h"

#include "json.h"
#include "session_log.h"
#include "stats.h"

enum { INTERVAL_MIN_MS = 100, BYTES_MIN = 1 << 20 };

/* What it was configured with, without the credentials. */
static char *configuration_text(const rtc_peer_connection *pc)
{
    static const char *const bundle[] = {"balanced", "max-compat", "max-bundle"};
    struct text text = text_new(pc->context);
    text_print(&text, "{\"bundlePolicy\":\"%s\",\"iceTransportPolicy\":\"%s\",\"iceCandidatePoolSize\":%u}", bundle[pc->bundle_policy],
               pc->settings.relay_only ? "relay" : "all", kept_pool_size(pc));
    return text_take(&text);
}

int rtc_session_dump_new(rtc_peer_connection *pc, const rtc_session_dump_options *given, rtc_session_dump **out)
{
    rtc_session_dump_options options;
    if (!pc || !out)
        return peer_fail(pc, RTC_ERR_TYPE, "rtc_session_dump_new: %s is NULL", pc ? "out" : "connection");
    int error = peer_begin(pc);
    if (!error)
        error = peer_options(pc, &options, sizeof options, given, "rtc_session_dump_options");
    if (error)
        return error;
    if (options.interval_ms && options.interval_ms < INTERVAL_MIN_MS)
        return peer_fail(pc, RTC_ERR_RANGE, "interval_ms %u: the least is %d", options.interval_ms, INTERVAL_MIN_MS);
    if (options.max_bytes && options.max_bytes < BYTES_MIN)
        return peer_fail(pc, RTC_ERR_RANGE, "max_bytes %zu: the least is %d", options.max_bytes, BYTES_MIN);
    if (pc->log && !pc->log->ended)
        return peer_fail(pc, RTC_ERR_INVALID_STATE, "the connection is recorded already");
    rtc_session_dump *log = NULL;
    error = session_log_new(pc->context, &options, pc->settings.log_number, &log);
    if (error)
        return peer_end(pc, error);
    log->configuration = configuration_text(pc);
    log->next_sample = pc->now;
    log->references++; /* the connection's */
    session_log_unref(pc->log);
    pc->log = log;
    pc->output_waits = true; /* whoever runs it is to hear of the deadline */
    *out = log;
    return RTC_OK;
}

int rtc_session_dump_json(const rtc_session_dump *log, char **out)
{
    if (!log || !out)
        return error_say(RTC_ERR_TYPE, "rtc_session_dump_json: %s is NULL", log ? "out" : "dump");
    struct text text = text_new(log->context);
    session_log_print(log, &text);
    char *json = text_take(&text);
    if (!json)
        return error_plain(RTC_ERR_NO_MEMORY);
    *out = json;
    return RTC_OK;
}

void rtc_session_dump_free_json(const rtc_session_dump *log, char *json)
{
    if (log)
        memory_free(log->context, json);
}

void rtc_session_dump_free(rtc_session_dump *log)
{
    if (!log)
        return;
    log->ended = true;
    session_log_unref(log);
}

rtc_time_t session_dump_deadline(const rtc_peer_connection *pc)
{
    return pc->log && !pc->log->ended && !peer_is_closed(pc) ? pc->log->next_sample : RTC_TIME_NEVER;
}

void session_dump_tick(rtc_peer_connection *pc)
{
    rtc_stats_report *report;
    if (session_dump_deadline(pc) > pc->now)
        return;
    rtc_time_t late = (pc->now - pc->log->next_sample) / pc->log->interval_us;
    pc->log->next_sample += (late + 1) * pc->log->interval_us;
    if (stats_gather(pc, NULL, NULL, &report))
        return;
    session_log_sample(pc->log, report);
    rtc_stats_report_unref(report);
}
