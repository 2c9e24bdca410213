/* SPDX-License-Identifier: MIT */
/* See sctp_scenario.h. */
#include "sctp_scenario.h"

static rtc_context *seeded(uint64_t seed)
{
    rtc_context *context;
    assert_int_equal(rtc_context_new(NULL, &context), RTC_OK);
    context_seed(context, seed);
    return context;
}

struct sctp_sim *sctp_begin(uint64_t seed, const struct sim_link *link, const struct data_channels_options *options)
{
    struct sctp_sim *sim = calloc(1, sizeof *sim);
    assert_non_null(sim);
    assert_int_equal(sctp_sim_init(sim, seeded(seed), seed, link, options), RTC_OK);
    return sim;
}

void sctp_finish(struct sctp_sim *sim)
{
    rtc_context *context = sim->context;
    assert_false(sim->end[0].out.failed || sim->end[1].out.failed);
    sctp_sim_fini(sim);
    rtc_context_unref(context);
    free(sim);
}

struct sctp_sim *sctp_connected(uint64_t seed, const struct sim_link *link)
{
    struct sctp_sim *sim = sctp_begin(seed, link, NULL);
    if (!sctp_sim_connect(sim, 262144))
        fail_msg("seed %llu: not connected", (unsigned long long)seed);
    return sim;
}

uint32_t sctp_open_one(struct sctp_sim *sim, const struct data_channel_options *options, struct sim_channel **theirs)
{
    uint32_t handle = sim_open(sim, 0, options);
    assert_true(handle > 0);
    for (int i = 0; i < 100 && !sim_channel_by_peer(sim, 1, 0); i++)
        sctp_sim_run(sim, SECOND / 10);
    *theirs = sim_channel_by_peer(sim, 1, 0);
    assert_non_null(*theirs);
    return handle;
}

void sctp_send_all(struct sctp_sim *sim, int end, uint32_t handle, size_t len, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        int error = sim_send_numbered(sim, end, handle, len, i);
        if (error == RTC_ERR_QUOTA_EXCEEDED) {
            sctp_sim_run(sim, SECOND / 100);
            continue;
        }
        assert_int_equal(error, RTC_OK);
        i++;
    }
}

void assert_perfect(const struct sctp_sim *sim, const struct sim_channel *c, uint64_t count)
{
    if (c->received != count || c->damaged || c->missing || c->backwards)
        fail_msg("seed %llu: %llu of %llu received, %llu damaged, %llu missing, %llu out of order", (unsigned long long)sim->seed,
                 (unsigned long long)c->received, (unsigned long long)count, (unsigned long long)c->damaged, (unsigned long long)c->missing,
                 (unsigned long long)c->backwards);
}
