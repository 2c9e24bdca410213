/* SPDX-License-Identifier: MIT */
/* Arithmetic on elliptic curves for fuzzers, each product computed once: randomness is seeded in every run, so that a handshake of one run
 * is that of all others up to where the input changes it, and nearly all of its time is spent on the same few products. These two functions
 * stand before those of mbedTLS, which its own files call by name, too; results are theirs. What is asked for with other numbers is
 * computed as ever. */
#pragma GCC visibility push(default)
#include <mbedtls/ecp.h>
#pragma GCC visibility pop

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER = 66, KEY_MAX = 1 + 6 * NUMBER, PLACES = 1024 }; /* of the largest curve */

struct product {
    uint8_t key[KEY_MAX];
    uint8_t x[NUMBER], y[NUMBER];
    int used, has_y;
};

/* What is known of arithmetic stays known: no snapshot (snapshot.h) brings it back. */
#ifdef __clang__
__attribute__((no_sanitize("address")))
#endif
static struct product products[PLACES];

/* Blinding draws from here and not from the connection's sequence, which would be another one the second time. */
static int draw(void *user, unsigned char *bytes, size_t len)
{
    static uint32_t state = 1;
    (void)user;
    for (size_t i = 0; i < len; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    return 0;
}

static int put(uint8_t *at, const mbedtls_mpi *number)
{
    return number->p ? mbedtls_mpi_write_binary(number, at, NUMBER) : 0;
}

/* Numbers beyond the largest curve are nobody's: false. */
static int make_key(uint8_t key[KEY_MAX], const mbedtls_ecp_group *group, const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                    const mbedtls_mpi *n, const mbedtls_ecp_point *q)
{
    memset(key, 0, KEY_MAX);
    key[0] = (uint8_t)group->id;
    if (m->s < 0 || (n && n->s < 0) || put(key + 1, m) || put(key + 1 + NUMBER, &p->X) || put(key + 1 + 2 * NUMBER, &p->Y))
        return 0;
    return !n || (put(key + 1 + 3 * NUMBER, n) == 0 && put(key + 1 + 4 * NUMBER, &q->X) == 0 && put(key + 1 + 5 * NUMBER, &q->Y) == 0);
}

static struct product *place_of(const uint8_t key[KEY_MAX])
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < KEY_MAX; i++)
        hash = (hash ^ key[i]) * 16777619u;
    return &products[hash % PLACES];
}

static int recall(const struct product *found, const uint8_t key[KEY_MAX], mbedtls_ecp_point *r)
{
    if (!found->used || memcmp(found->key, key, KEY_MAX) != 0)
        return 0;
    return mbedtls_mpi_read_binary(&r->X, found->x, NUMBER) == 0 &&
           (!found->has_y || mbedtls_mpi_read_binary(&r->Y, found->y, NUMBER) == 0) && mbedtls_mpi_lset(&r->Z, 1) == 0;
}

static void remember(struct product *at, const uint8_t key[KEY_MAX], const mbedtls_ecp_point *r)
{
    at->has_y = r->Y.p != NULL;
    at->used = put(at->x, &r->X) == 0 && put(at->y, &r->Y) == 0;
    memcpy(at->key, key, KEY_MAX);
}

static void *theirs(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

int mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
                                int (*f_rng)(void *, unsigned char *, size_t), void *p_rng, mbedtls_ecp_restart_ctx *rs_ctx)
{
    static int (*real)(mbedtls_ecp_group *, mbedtls_ecp_point *, const mbedtls_mpi *, const mbedtls_ecp_point *,
                       int (*)(void *, unsigned char *, size_t), void *, mbedtls_ecp_restart_ctx *);
    uint8_t key[KEY_MAX];
    struct product *at = make_key(key, grp, m, P, NULL, NULL) ? place_of(key) : NULL;
    (void)f_rng;
    (void)p_rng;
    if (!real)
        *(void **)&real = theirs("mbedtls_ecp_mul_restartable");
    if (at && recall(at, key, R))
        return 0;
    int error = real(grp, R, m, P, draw, NULL, rs_ctx);
    if (!error && at)
        remember(at, key, R);
    return error;
}

int mbedtls_ecp_muladd_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
                                   const mbedtls_mpi *n, const mbedtls_ecp_point *Q, mbedtls_ecp_restart_ctx *rs_ctx)
{
    static int (*real)(mbedtls_ecp_group *, mbedtls_ecp_point *, const mbedtls_mpi *, const mbedtls_ecp_point *, const mbedtls_mpi *,
                       const mbedtls_ecp_point *, mbedtls_ecp_restart_ctx *);
    uint8_t key[KEY_MAX];
    struct product *at = make_key(key, grp, m, P, n, Q) ? place_of(key) : NULL;
    if (!real)
        *(void **)&real = theirs("mbedtls_ecp_muladd_restartable");
    if (at && recall(at, key, R))
        return 0;
    int error = real(grp, R, m, P, n, Q, rs_ctx);
    if (!error && at)
        remember(at, key, R);
    return error;
}
