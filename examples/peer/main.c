/* SPDX-License-Identifier: MIT */
/* peer: a scriptable peer for any signalling. Lines of JSON on the input and the output carry descriptions, candidates and events; the last
 * line out is a summary. The library's loop runs inside this program's own poll(). */
#include "lines.h"
#include "session.h"
#include "summary.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Milliseconds until the loop or the end of the session wants attention; -1: never. */
static int timeout_of(const struct session *session, rtc_loop *loop)
{
    int timeout = rtc_loop_timeout_ms(loop);
    uint32_t restart = session->restarted ? 0 : session->options->restart_after;
    const uint32_t seconds[] = {session->options->seconds, restart};
    for (size_t i = 0; i < 2; i++) {
        int left = (int)(seconds[i] * 1000.0 - session_ms(session)) + 1;
        left = left < 0 ? 0 : left;
        if (seconds[i] > 0 && (timeout < 0 || left < timeout)) {
            timeout = left;
        }
    }
    return timeout;
}

static bool is_over(const struct session *session)
{
    return interrupted || session->ended || (session->options->seconds > 0 && session_ms(session) >= session->options->seconds * 1000.0);
}

static void run(struct session *session, rtc_loop *loop)
{
    struct lines lines = {0};
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = rtc_loop_fd(loop), .events = POLLIN}};
    while (!is_over(session)) {
        poll(watched, 2, timeout_of(session, loop));
        if (watched[0].revents != 0 && !lines_read(&lines, STDIN_FILENO, session_take, session)) {
            session->ended = true;
        }
        session_restart_in_time(session);
        rtc_loop_iterate(loop);
    }
    lines_fini(&lines);
}

static void save_frame(struct session *session)
{
    rtc_video_frame *frame = session->options->save_frame == NULL ? NULL : watch_picture(&session->watch);
    if (frame != NULL && !picture_save(frame, session->options->save_frame)) {
        fprintf(stderr, "peer: %s can not be written\n", session->options->save_frame);
    }
    rtc_video_frame_unref(frame);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct session session;
    options_read(&options, argc, argv);
    session.options = &options;
    const rtc_context_options settings = {.size = sizeof(settings), .log_level = options.verbose ? RTC_LOG_DEBUG : RTC_LOG_NONE};
    rtc_context *context = NULL;
    rtc_loop *loop = NULL;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    int error = rtc_context_new(&settings, &context);
    error = error != RTC_OK ? error : rtc_loop_new(context, &loop);
    error = error != RTC_OK ? error : session_begin(&session, &options, context, loop);
    if (error == RTC_OK) {
        run(&session, loop);
        save_frame(&session);
    } else {
        fprintf(stderr, "peer: %s%s%s\n", rtc_error_message(error), rtc_last_error()[0] == '\0' ? "" : ": ", rtc_last_error());
    }
    summary_write(&session, "summary");
    session_end(&session);
    rtc_loop_free(loop);
    rtc_context_unref(context);
    return error != RTC_OK;
}
