/* SPDX-License-Identifier: MIT */
/* See heap.h. Nothing in this file is instrumented: it reads and writes what is forbidden to others. */
#include "heap.h"

#include <errno.h>
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PLACE ((uint8_t *)0x300000000000) /* always the same, so that addresses tell no process from another */

enum { LIVE = 0x6c697665, FREED = 0x66726565, REDZONE = 32, FILL = 0xbe };
static const size_t SIZE = (size_t)4 << 30, STEP = (size_t)1 << 20, KEEP = (size_t)16 << 20, PAGE = 4096;

/* Directly before each block. */
struct head {
    size_t size;
    uint32_t state;
    uint32_t class; /* 0: freed for good */
};

/* What will be saved should be little, so that freed blocks are used again there: a list for each class of sizes. */
static uint8_t *freed[HEAP_CLASSES];

static size_t used, forbidden, blocks; /* bytes from the start: given out; forbidden so far */
static bool mapped, reuses;
static _Thread_local bool open_now; /* the fuzzer has threads of its own */

int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user);
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
void *__interceptor_realloc(void *old, size_t size);
void *__interceptor_memalign(size_t alignment, size_t size);
void __interceptor_free(void *block);
size_t __interceptor_malloc_usable_size(void *block);
void __asan_get_shadow_mapping(size_t *scale, size_t *offset);

static _Noreturn void broken(const char *what, const void *block)
{
    (void)fprintf(stderr, "fuzz/heap.c: %s: %p\n", what, block);
    abort();
}

static bool is_ours(const void *block)
{
    return (const uint8_t *)block >= PLACE && (const uint8_t *)block < PLACE + SIZE;
}

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

static void map(void)
{
    if (mmap(PLACE, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != PLACE)
        broken("no memory at", PLACE);
    mapped = true;
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* Up to there at least. */
static void forbid(size_t until)
{
    if (until <= forbidden)
        return;
    until = round_up(until, STEP);
    __asan_poison_memory_region(PLACE + forbidden, until - forbidden);
    forbidden = until;
}

/* The next place in the heap, or NULL. */
static uint8_t *extend(size_t size, size_t alignment)
{
    size_t at = round_up(used + REDZONE + sizeof(struct head), alignment), end = at + size;
    if (size > SIZE || end + REDZONE > SIZE)
        return NULL;
    forbid(end + REDZONE);
    used = end;
    return PLACE + at;
}

/* Sixteens up to 1024 bytes, then quarters of a power of two. Rounds `*size` up to the largest of its class; 0: too large. */
static uint32_t class_of(size_t *size)
{
    uint32_t class = 64;
    if (*size <= 1024) {
        *size = *size ? round_up(*size, 16) : 16;
        return (uint32_t)(*size / 16);
    }
    for (size_t power = 1024; class < HEAP_CLASSES - 4; power *= 2)
        for (size_t quarter = 1; quarter <= 4; quarter++) {
            class ++;
            if (*size <= power + power / 4 * quarter) {
                *size = power + power / 4 * quarter;
                return class;
            }
        }
    return 0;
}

static void *give(size_t size, size_t alignment)
{
    size_t room = size;
    uint32_t class = reuses && alignment <= 16 ? class_of(&room) : 0;
    uint8_t *block = class ? freed[class] : NULL;
    if (block)
        freed[class] = *(uint8_t **)block;
    else
        block = extend(room, alignment < 16 ? 16 : alignment);
    if (!block)
        return NULL;
    blocks++;
    *head_of(block) = (struct head){.size = size, .state = LIVE, .class = class};
    __asan_unpoison_memory_region(block, size);
    return block;
}

static void take_back(void *block)
{
    struct head *head = head_of(block);
    if (head->state != LIVE)
        broken(head->state == FREED ? "freed twice" : "free of what is no block", block);
    head->state = FREED;
    blocks--;
    if (reuses && head->class) {
        *(uint8_t **)block = freed[head->class];
        freed[head->class] = block;
    }
    __asan_poison_memory_region(block, head->size);
}

/* ---- For snapshots ---- */

void heap_open(bool saved)
{
    if (!mapped)
        map();
    reuses = saved;
    open_now = true;
}

void heap_close(void)
{
    open_now = false;
}

size_t heap_blocks(void)
{
    return blocks;
}

struct heap_state heap_save(void)
{
    size_t scale, offset;
    __asan_get_shadow_mapping(&scale, &offset);
    used = round_up(used + REDZONE, PAGE);
    forbid(used);
    struct heap_state state = {.start = PLACE,
                               .shadow = (uint8_t *)(((uintptr_t)PLACE >> scale) + offset),
                               .len = used,
                               .shadow_len = used >> scale,
                               .blocks = blocks};
    memcpy(state.freed, freed, sizeof freed);
    return state;
}

void heap_bring_back(const struct heap_state *state)
{
    if (used > state->len)
        __asan_poison_memory_region(PLACE + state->len, used - state->len);
    if (used > state->len + KEEP)
        (void)madvise(PLACE + state->len + KEEP, round_up(used - state->len - KEEP, PAGE), MADV_DONTNEED);
    used = state->len;
    blocks = state->blocks;
    memcpy(freed, state->freed, sizeof freed);
}

/* By the notes, a byte for eight: none of the eight may be touched when it is negative. The head of a block that lives lies before it. */
uint8_t *heap_dead(const struct heap_state *state, uint8_t *at, size_t least, uint8_t **end)
{
    const int8_t *notes = (const int8_t *)state->shadow;
    size_t each = state->len / state->shadow_len, i = (size_t)(at - state->start) / each, n = state->shadow_len;
    while (i < n) {
        while (i < n && notes[i] >= 0)
            i++;
        size_t from = i;
        while (i < n && notes[i] < 0)
            i++;
        if ((i - from) * each >= least + sizeof(struct head)) {
            *end = state->start + i * each - sizeof(struct head);
            return state->start + from * each;
        }
    }
    return NULL;
}

/* ---- In the place of the C library's ---- */

#define FACE __attribute__((visibility("default")))
FACE int posix_memalign(void **out, size_t alignment, size_t size);
FACE void *aligned_alloc(size_t alignment, size_t size);
FACE void *memalign(size_t alignment, size_t size);
FACE size_t malloc_usable_size(void *block);
FACE char *__strdup(const char *text);

FACE void *malloc(size_t size)
{
    if (!open_now)
        return __interceptor_malloc(size);
    void *block = give(size, 16);
    if (block)
        memset(block, FILL, size);
    return block;
}

FACE void *calloc(size_t count, size_t size)
{
    size_t all;
    if (!open_now)
        return __interceptor_calloc(count, size);
    void *block = __builtin_mul_overflow(count, size, &all) ? NULL : give(all, 16);
    return block ? memset(block, 0, all) : NULL;
}

FACE void free(void *block)
{
    if (is_ours(block))
        take_back(block);
    else if (open_now && block)
        broken("a block of another heap", block); /* the next run would free it again */
    else
        __interceptor_free(block);
}

FACE void *realloc(void *old, size_t size)
{
    if (old && !is_ours(old)) {
        if (open_now)
            broken("a block of another heap", old);
        return __interceptor_realloc(old, size);
    }
    void *block = size || !old ? malloc(size) : NULL;
    if (old && (block || !size)) {
        size_t before = head_of(old)->size;
        if (block)
            memcpy(block, old, before < size ? before : size);
        take_back(old);
    }
    return block;
}

FACE void *reallocarray(void *old, size_t count, size_t size)
{
    size_t all;
    return __builtin_mul_overflow(count, size, &all) ? NULL : realloc(old, all);
}

FACE void *memalign(size_t alignment, size_t size)
{
    return open_now ? give(size, alignment) : __interceptor_memalign(alignment, size);
}

FACE void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

FACE int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block = memalign(alignment, size);
    if (block)
        *out = block;
    return block ? 0 : ENOMEM;
}

FACE size_t malloc_usable_size(void *block)
{
    return is_ours(block) ? head_of(block)->size : __interceptor_malloc_usable_size(block);
}

/* The sanitizer's own would take from its heap. */
FACE char *strndup(const char *text, size_t most)
{
    size_t len = strnlen(text, most);
    char *copy = malloc(len + 1);
    if (copy) {
        memcpy(copy, text, len);
        copy[len] = 0;
    }
    return copy;
}

FACE char *strdup(const char *text)
{
    return strndup(text, strlen(text));
}

FACE char *__strdup(const char *text)
{
    return strdup(text);
}

/* A thread that runs or waits can not be brought back. Only usrsctp asks for one, which has nothing to do without address reconfiguration,
 * and goes on when it gets none. */
FACE int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user)
{
    return open_now ? EAGAIN : __interceptor_pthread_create(thread, attributes, run, user);
}
