/* SPDX-License-Identifier: MIT */
/* See snapshot.h. Nothing in this file is instrumented, so that its own variables are none of those that are brought back. */
#include "snapshot.h"

#include "heap.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { RANGES_MAX = 16384, PAGE = 4096, ZEROES_MIN = 16 * PAGE, DEAD_MIN = 1024 };

struct range {
    uint8_t *start;
    size_t len;
};

/* Bytes as they were; without a copy they were zero. */
struct piece {
    struct range place;
    uint8_t *copy;
};

struct snapshot {
    bool taken;
    struct heap_state heap;
    size_t left; /* blocks after finishing at once */
    size_t count;
    struct piece *pieces;
};

/* The variables of the program, as its files registered them with the sanitizer, and what the program may write of itself. */
static struct range variables[RANGES_MAX], writable[64];
static size_t variable_count, writable_count;

static struct snapshot root, stages[SNAPSHOT_STAGES_MAX];

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- Which memory ---- */

/* As clang 14 and gcc 12 lay it out. */
struct registered {
    uintptr_t start, len, len_with_redzone, name, file, dynamic, location, odr;
};

void __real___asan_register_globals(struct registered *globals, size_t count);
void __wrap___asan_register_globals(struct registered *globals, size_t count);

void __wrap___asan_register_globals(struct registered *globals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct range *last = variable_count > 0 ? &variables[variable_count - 1] : NULL;
        if (last && (uintptr_t)last->start + last->len == globals[i].start) {
            last->len += globals[i].len_with_redzone;
            continue;
        }
        require(variable_count < RANGES_MAX);
        variables[variable_count++] = (struct range){(uint8_t *)globals[i].start, globals[i].len_with_redzone};
    }
    __real___asan_register_globals(globals, count);
}

/* The libraries that the fuzzer itself is made of keep their state. */
static bool keeps(const char *path)
{
    static const char *const names[] = {"/ld-linux", "/libc.so", "/libm.so", "/libpthread", "/libdl.", "/libstdc++", "/libgcc_s", "vdso"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strstr(path, names[i]))
            return true;
    return false;
}

/* What may be written of an object: its data but for what the loader seals. The program comes first, without a name. */
static int look(struct dl_phdr_info *info, size_t size, void *user)
{
    struct range *out = user;
    uintptr_t sealed_until = 0;
    (void)size;
    if (keeps(info->dlpi_name))
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
            sealed_until = (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz) & ~(uintptr_t)(PAGE - 1);
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr, end = start + p->p_memsz;
        if (p->p_type != PT_LOAD || !(p->p_flags & PF_W))
            continue;
        start = start < sealed_until ? sealed_until : start;
        require(writable_count < sizeof writable / sizeof writable[0]);
        if (end > start)
            out[writable_count++] = (struct range){(uint8_t *)start, end - start};
    }
    return 0;
}

/* ---- Saving and bringing back ---- */

/* The sanitizer watches over memcpy. */
static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
#ifdef __x86_64__
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
#else
    while (len-- > 0)
        *to++ = *from++;
#endif
}

static void add_piece(struct snapshot *s, uint8_t *start, size_t len, bool zero)
{
    if (len == 0)
        return;
    s->pieces = realloc(s->pieces, (s->count + 1) * sizeof *s->pieces);
    require(s->pieces != NULL);
    struct piece *p = &s->pieces[s->count++];
    *p = (struct piece){.place = {start, len}, .copy = zero ? NULL : malloc(len)};
    require(zero || p->copy);
    if (!zero)
        copy(p->copy, start, len);
}

static bool is_zero(const uint8_t *page)
{
    for (size_t i = 0; i < PAGE; i++)
        if (page[i])
            return false;
    return true;
}

/* Many pages of zeroes are given back to the system instead of being copied: few of them will have been touched. */
static void save_range(struct snapshot *s, struct range range)
{
    uint8_t *at = range.start, *end = at + range.len;
    uint8_t *page = (uint8_t *)(((uintptr_t)at + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    while (page + PAGE <= end) {
        uint8_t *zeroes = page;
        while (page + PAGE <= end && is_zero(page))
            page += PAGE;
        if (page - zeroes >= ZEROES_MIN) {
            add_piece(s, at, (size_t)(zeroes - at), false);
            add_piece(s, zeroes, (size_t)(page - zeroes), true);
            at = page;
        } else if (page == zeroes) {
            page += PAGE;
        }
    }
    add_piece(s, at, (size_t)(end - at), false);
}

static bool within(struct range inner, struct range outer)
{
    return inner.start >= outer.start && inner.start + inner.len <= outer.start + outer.len;
}

/* What was freed is of use only to those who go on preparing. */
static void save_heap(struct snapshot *s, bool all)
{
    uint8_t *at = s->heap.start, *end = at + s->heap.len, *dead, *after;
    while (!all && (dead = heap_dead(&s->heap, at, DEAD_MIN, &after)) != NULL) {
        save_range(s, (struct range){at, (size_t)(dead - at)});
        at = after;
    }
    save_range(s, (struct range){at, (size_t)(end - at)});
}

/* The heap is closed: copies are none of it. */
static void save(struct snapshot *s, bool all)
{
    writable_count = 0;
    (void)dl_iterate_phdr(look, writable);
    require(writable_count > 0 && variable_count > 0);
    s->heap = heap_save();
    save_heap(s, all);
    save_range(s, (struct range){s->heap.shadow, s->heap.shadow_len});
    for (size_t i = 0; i < variable_count; i++)
        if (within(variables[i], writable[0]))
            save_range(s, variables[i]);
    for (size_t i = 1; i < writable_count; i++)
        add_piece(s, writable[i].start, writable[i].len, false);
    s->taken = true;
}

static void bring_back(const struct snapshot *s)
{
    heap_bring_back(&s->heap);
    for (size_t i = 0; i < s->count; i++) {
        const struct piece *p = &s->pieces[i];
        if (p->copy)
            copy(p->place.start, p->copy, p->place.len);
        else
            require(madvise(p->place.start, p->place.len, MADV_DONTNEED) == 0);
    }
}

static void prepare(const struct snapshot_plan *plan, unsigned stage)
{
    struct snapshot *s = &stages[stage];
    bring_back(&root);
    heap_open(true);
    plan->prepare(stage);
    heap_close();
    save(s, false);
    heap_open(false);
    plan->finish();
    heap_close();
    s->left = heap_blocks();
}

void snapshot_begin(const struct snapshot_plan *plan, unsigned stage)
{
    require(stage < SNAPSHOT_STAGES_MAX);
    if (!root.taken) {
        tzset(); /* the C library keeps what it allocates here and in the next */
        (void)dlerror();
        heap_open(true);
        plan->once();
        (void)dlerror();
        heap_close();
        save(&root, true);
    }
    if (!stages[stage].taken)
        prepare(plan, stage);
    bring_back(&stages[stage]);
    heap_open(false);
}

void snapshot_end(const struct snapshot_plan *plan, unsigned stage)
{
    plan->finish();
    heap_close();
    size_t left = heap_blocks(), known = stages[stage].left;
    if (left > known + plan->spare) {
        (void)fprintf(stderr, "fuzz/snapshot.c: %zu blocks were not freed that are freed without an input\n", left - known);
        abort();
    }
}
