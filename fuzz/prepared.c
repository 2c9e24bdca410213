/* SPDX-License-Identifier: MIT */
/* See prepared.h. */
#include "prepared.h"

#include "context.h"
#include "srtp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

/* Nothing asks the machine for the time: mbedTLS writes it into its messages, and pipelines measure their work. The simulation's
 * (usrsctp_time.c) is told. The linker puts the second in the place of the C library's, for the library but not for libFuzzer. */
__attribute__((visibility("default"))) time_t time(time_t *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

time_t time(time_t *out)
{
    struct timeval now;
    (void)gettimeofday(&now, NULL);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    struct timeval now;
    (void)clock;
    (void)gettimeofday(&now, NULL);
    *out = (struct timespec){now.tv_sec, now.tv_usec * 1000};
    return 0;
}

static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBcjCCARmgAwIBAgIUG+DErGxO2o/bgGrEnJaEpu5WXQ4wCgYIKoZIzj0EAwIw\n"
                          "DzENMAsGA1UEAwwEZnV6ejAeFw0yNjExMjkxMjM4MjBaFw00ODEwMjQxMjM4MjBa\n"
                          "MA8xDTALBgNVBAMMBGZ1enowWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR4eeXU\n"
                          "g1Yh8PoGnMT53mjX5pQFIx0nM/NdIpSV45jQIXikahd7gDMOjNjsjAdPo+PSTZjE\n"
                          "so9uNS3WTEFJQohgo1MwUTAdBgNVHQ4EFgQUHQXx6Y+NEW3x5cWlFL3saLKFM5Ew\n"
                          "HwYDVR0jBBgwFoAUHQXx6Y+NEW3x5cWlFL3saLKFM5EwDwYDVR0TAQH/BAUwAwEB\n"
                          "/zAKBggqhkjOPQQDAgNHADBEAiBIQHVBv4s4nV+2dnak1F+5eII/lKf2sC9Lb1Hg\n"
                          "tcaJCQIgRFJA7WCZAfFye702AsrHNI/j5s1gRvk0AK6ybpRiHMA=\n"
                          "-----END CERTIFICATE-----\n"
                          "-----BEGIN EC PRIVATE KEY-----\n"
                          "MHcCAQEEIM7CqyTBxkUTpegZZs1VkHq1iRcn+AL20BPA1zCLbg+poAoGCCqGSM49\n"
                          "AwEHoUQDQgAEeHnl1INWIfD6BpzE+d5o1+aUBSMdJzPzXSKUleOY0CF4pGoXe4Az\n"
                          "DozY7IwHT6Pj0k2YxLKPbjUt1kxBSUKIYA==\n"
                          "-----END EC PRIVATE KEY-----\n";

static rtc_certificate *made;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* libsrtp over NSS loads its cryptography with the first session and unloads it with the last: one stays, or every run would. */
static void keep_cryptography_loaded(void)
{
    static struct srtp_transport *kept;
    static const uint8_t keys[30];
    rtc_context *context;
    if (kept)
        return;
    require(rtc_context_new(NULL, &context) == RTC_OK);
    require(srtp_transport_new(context, 1, slice_of(keys, sizeof keys), slice_of(keys, sizeof keys), &kept) == RTC_OK);
}

rtc_certificate *prepared_certificate(void)
{
    if (!made)
        require(rtc_certificate_import_pem(NULL, pem, sizeof pem - 1, &made) == RTC_OK);
    return made;
}

/* ---- Memory that is counted ---- */

static size_t blocks;

static void *count_alloc(void *user, size_t size)
{
    void *block = malloc(size);
    (void)user;
    blocks += block != NULL;
    return block;
}

static void *count_realloc(void *user, void *old, size_t size)
{
    void *block = realloc(old, size);
    (void)user;
    blocks += block && !old;
    return block;
}

static void count_free(void *user, void *block)
{
    (void)user;
    blocks -= block != NULL;
    free(block);
}

const rtc_allocator prepared_allocator = {count_alloc, count_realloc, count_free, NULL};

void prepared_nothing_left(void)
{
    require(blocks == 0);
}

/* ---- What is made once ---- */

void prepared_once(void)
{
    (void)prepared_certificate();
    keep_cryptography_loaded();
}
