/* SPDX-License-Identifier: MIT */
/* See usrsctp_process.h. */
#include "usrsctp_process.h"

#include "assoc_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <usrsctp.h>

#define MS 1000 /* microseconds */

/* 1 MiB is 100 Mbit/s over 80 ms. A SACK after 20 ms, or four packets where RFC 9260 section 6.2 has two: each costs a DTLS record. */
enum { BUFFER_BYTES = 1024 * 1024, CHUNKS_MAX = 16 * 1024, SACK_DELAY_MS = 20, SACK_EVERY = 4 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t timers_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic rtc_time_t timers_at;   /* up to when timers were handled */
static usrsctp_output *process_output; /* guarded by that lock */

static void silence(const char *format, ...)
{
    (void)format;
}

static void begin(void)
{
    (void)usrsctp_tunable_set_sctp_pcbtblsize(1); /* hashes a socket's associations, of which each of ours has one */
    pthread_mutex_lock(&timers_lock);
    usrsctp_init_nothreads(0, process_output, silence);
    pthread_mutex_unlock(&timers_lock);
    usrsctp_enable_crc32c_offload();
    usrsctp_sysctl_set_sctp_sendspace(BUFFER_BYTES);
    usrsctp_sysctl_set_sctp_recvspace(BUFFER_BYTES);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(CHUNKS_MAX);
    usrsctp_sysctl_set_sctp_ecn_enable(0);    /* above DTLS no bits of IP are seen, */
    usrsctp_sysctl_set_sctp_asconf_enable(0); /* and no addresses */
    usrsctp_sysctl_set_sctp_auto_asconf(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    usrsctp_sysctl_set_sctp_nrsack_enable(0);
    usrsctp_sysctl_set_sctp_pktdrop_enable(0);
    usrsctp_sysctl_set_sctp_pr_enable(1);
    usrsctp_sysctl_set_sctp_reconfig_enable(1);
    usrsctp_sysctl_set_sctp_blackhole(2); /* nothing is said to packets of no association */
    usrsctp_sysctl_set_sctp_delayed_sack_time_default(SACK_DELAY_MS);
    usrsctp_sysctl_set_sctp_sack_freq_default(SACK_EVERY);
    usrsctp_sysctl_set_sctp_L2_abc_variable(SACK_EVERY);
    usrsctp_sysctl_set_sctp_initial_cwnd(10);    /* packets, as TCP's (RFC 6928) */
    usrsctp_sysctl_set_sctp_max_retran_chunk(0); /* RFC 9260 6.1 A: answered probes of a closed window do not count against a peer */
    usrsctp_sysctl_set_sctp_max_burst_default(0);
    usrsctp_sysctl_set_sctp_fr_max_burst_default(4);
}

void usrsctp_process_advance(rtc_time_t now)
{
    if (now - atomic_load_explicit(&timers_at, memory_order_relaxed) < MS)
        return;
    pthread_mutex_lock(&timers_lock);
    rtc_time_t at = atomic_load_explicit(&timers_at, memory_order_relaxed);
    rtc_time_t elapsed_ms = (now - at) / MS;
    if (elapsed_ms > 0) {
        atomic_store_explicit(&timers_at, at + elapsed_ms * MS, memory_order_relaxed);
        /* A machine that slept: every timer is due once, which a minute is enough for. */
        usrsctp_handle_timers(elapsed_ms > 60000 ? 60000 : (uint32_t)elapsed_ms);
    }
    pthread_mutex_unlock(&timers_lock);
}

void usrsctp_process_start_clock(rtc_time_t now)
{
    pthread_mutex_lock(&timers_lock);
    if (assoc_table_count() == 1 && now < atomic_load_explicit(&timers_at, memory_order_relaxed))
        atomic_store_explicit(&timers_at, now, memory_order_relaxed);
    pthread_mutex_unlock(&timers_lock);
}

void usrsctp_process_begin(usrsctp_output *output)
{
    pthread_mutex_lock(&timers_lock);
    process_output = output;
    pthread_mutex_unlock(&timers_lock);
    (void)pthread_once(&once, begin);
}

rtc_time_t usrsctp_process_time(void)
{
    return atomic_load_explicit(&timers_at, memory_order_relaxed);
}
