/* SPDX-License-Identifier: MIT */
/* Two DTLS associations and a link between them in virtual time: delay, loss, duplication and reordering as a test's filter decides. */
#ifndef CRTC_TEST_DTLS_PAIR_H
#define CRTC_TEST_DTLS_PAIR_H

#include "context.h"
#include "dtls.h"
#include "out.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CLIENT = 0, SERVER = 1 };
enum { TEXTS_MAX = 64, STATES_MAX = 8 };

struct end {
    struct dtls *dtls;
    struct out out;
    struct certificate *certificate;
    unsigned sent; /* datagrams, lost ones too */
    size_t largest;
    enum dtls_state states[STATES_MAX];
    size_t state_count;
    char texts[TEXTS_MAX][64]; /* application data, as text */
    size_t text_count;
    rtc_time_t connected_at;
};

struct pair;
/* What becomes of a datagram: how many copies arrive (0: lost) and how much later than usual. */
struct fate {
    unsigned copies;
    rtc_time_t extra_us;
};
typedef struct fate (*filter)(struct pair *pair, int from, unsigned index, struct slice datagram);

struct pair {
    rtc_context *context;
    struct end end[2];
    rtc_time_t now;
    rtc_time_t delay_us;
    filter filter;
    void *user;
    struct packet_queue wire; /* packet->time: when it arrives; packet->flags: for whom */
};

/* The certificates of a group of tests, made once. */
struct certificates {
    rtc_context *context;
    struct certificate *ecdsa[2];
    struct certificate *rsa;
};
int certificates_setup(void **state);
int certificates_teardown(void **state);

void pair_init(struct pair *p, rtc_context *context, struct certificate *client, struct certificate *server);
void pair_fini(struct pair *p);
struct dtls_fingerprint fingerprint_of(const struct certificate *certificate);
/* Both know each other, their roles and a path. */
void pair_start(struct pair *p);
/* Tells the end whom to expect. */
void pair_trust(struct pair *p, int end, const struct certificate *peer);
/* Puts what the ends wrote on the wire and their events into their records. */
void pair_collect(struct pair *p);
/* Runs until nothing is due before `until`. */
void pair_run(struct pair *p, rtc_time_t until);
/* Runs until both are connected, at most for `within_us`. */
bool pair_connect(struct pair *p, rtc_time_t within_us);
void pair_send(struct pair *p, int from, const char *text);
/* Bytes that neither end wrote, arriving at `to` at once. */
void pair_inject(struct pair *p, int to, struct slice datagram);
enum dtls_state last_state(const struct end *e);

#endif
