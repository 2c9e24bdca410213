/* SPDX-License-Identifier: MIT */
/* Work that would hold up a loop - encoding, decoding, making keys - done elsewhere. A job runs on one worker; its completion is put into
 * the submitter's mailbox, which the submitter empties on its own thread with mailbox_run(). In simulation the job runs inline at submit()
 * and its completion becomes due a fixed cost later. */
#ifndef CRTC_EXECUTOR_H
#define CRTC_EXECUTOR_H

#include <crtc/context.h>

struct executor;
struct mailbox;

/* Who goes first when workers are short. One worker does what is prompt and nothing else, so that this never waits for the rest; the others run
 * with less priority than the threads that they work for. Of several workers, that is: a single one does everything, in this order. */
enum job_class {
    JOB_PROMPT, /* short, and somebody waits: certificates, names, decoding, sound */
    JOB_USER,   /* an application's code */
    JOB_BULK,   /* encoding pictures: as much as there is time for */
    JOB_CLASSES
};

/* Embedded in the submitter's own struct, who fills it in; must stay until done() has run, and is executor.c's to write to until then. */
struct job {
    struct job *next;
    void (*run)(struct job *job);                       /* on a worker thread */
    void (*done)(struct job *job, rtc_time_t now);      /* on the mailbox owner's thread, from mailbox_run(); may free the job */
    enum job_class class;
    struct mailbox *mailbox;
    rtc_time_t due;
};

/* The context's own, kept in a slot of it: started at first use; NULL when threads can not be had. */
struct executor *context_executor(rtc_context *context);
/* For tests only (hidden symbol): jobs run inline, and complete after a simulated cost. */
void context_simulate(rtc_context *context, rtc_time_t job_cost_us);

int executor_new(rtc_context *context, uint32_t threads, struct executor **out);
/* Waits for running jobs; queued jobs still run. */
void executor_free(struct executor *executor);
/* In simulation: jobs run inline. */
void executor_simulate(struct executor *executor, rtc_time_t job_cost_us);
/* What the class's jobs cost in simulation from now on, in place of that. */
void executor_simulate_class(struct executor *executor, enum job_class class, rtc_time_t job_cost_us);
/* The time, for who measures workers: of the clock, or as the simulation has it. */
rtc_time_t executor_now(const struct executor *executor, rtc_time_t simulated);
/* How long the job that runs now has been at it since `began`, or what it costs in simulation. */
rtc_time_t executor_took(const struct executor *executor, const struct job *job, rtc_time_t began);
/* `now` matters in simulation only. Without a mailbox (NULL) nobody is told: after run() has been called the job is not touched any
 * more. */
void executor_submit(struct executor *executor, struct mailbox *mailbox, struct job *job, rtc_time_t now);

/* Reference-counted, because jobs may outlive their submitter's interest. `wake(user)` is called on a worker thread, under the mailbox's
 * lock, when something arrived in an empty mailbox. */
int mailbox_new(rtc_context *context, void (*wake)(void *user), void *user, struct mailbox **out);
/* No wake is called any more once this returns; completions that come later still wait to be run. */
void mailbox_mute(struct mailbox *mailbox);
struct mailbox *mailbox_ref(struct mailbox *mailbox);
void mailbox_unref(struct mailbox *mailbox);
/* Puts a job that needs no worker there: only done() is called. Any thread. */
void mailbox_post(struct mailbox *mailbox, struct job *job);
/* Runs the completions that are due. */
void mailbox_run(struct mailbox *mailbox, rtc_time_t now);
/* When the next completion is due: RTC_TIME_NEVER when nothing waits. */
rtc_time_t mailbox_deadline(struct mailbox *mailbox);

#endif
