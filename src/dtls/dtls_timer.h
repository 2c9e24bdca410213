/* SPDX-License-Identifier: MIT */
/* mbedTLS's retransmission timer (RFC 6347 section 4.2.4) in the caller's time: how long a flight waits for an answer. */
#ifndef CRTC_DTLS_TIMER_H
#define CRTC_DTLS_TIMER_H

#include <crtc/context.h>

/* Part of a session; written by dtls_timer.c only. */
struct dtls_timer {
    rtc_time_t intermediate; /* what mbedTLS asks for too; nothing depends on it */
    rtc_time_t final;        /* RTC_TIME_NEVER: it does not run */
    rtc_time_t first;        /* how long it runs for a flight that was sent once */
    rtc_time_t hastened_at;
    unsigned hastened; /* how often it was cut short */
};

/* As mbedtls_ssl_get_timer_t wants it. */
enum dtls_timer_state { DTLS_TIMER_STOPPED = -1, DTLS_TIMER_RUNS = 0, DTLS_TIMER_INTERMEDIATE = 1, DTLS_TIMER_EXPIRED = 2 };

void dtls_timer_stop(struct dtls_timer *timer);
/* The first timeout follows from the round trip (0: unknown), in milliseconds as mbedTLS is told it. */
uint32_t dtls_timer_measure(struct dtls_timer *timer, rtc_time_t rtt_us);
/* As mbedtls_ssl_set_timer_t has it; a final delay of 0 stops it. */
void dtls_timer_set(struct dtls_timer *timer, rtc_time_t now, uint32_t intermediate_ms, uint32_t final_ms);
enum dtls_timer_state dtls_timer_state(const struct dtls_timer *timer, rtc_time_t now);
/* A record that only the peer's last flight makes readable came before it: the flight was lost, or two datagrams changed places. */
void dtls_timer_hasten(struct dtls_timer *timer, rtc_time_t now);

#endif
