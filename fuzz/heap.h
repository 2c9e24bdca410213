/* SPDX-License-Identifier: MIT */
/* A heap that can be brought back. While it is open all memory of the program comes from here: one block after the other, none twice unless
 * it will be saved, with forbidden bytes between, so that the address sanitizer sees what it sees in its own heap, and each use after free
 * for sure. Closed, and for what it did not give, malloc is the sanitizer's. */
#ifndef CRTC_FUZZ_HEAP_H
#define CRTC_FUZZ_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `saved`: what is given will be, and freed blocks are used again. */
void heap_open(bool saved);
void heap_close(void);
/* Blocks that were not freed. */
size_t heap_blocks(void);

enum { HEAP_CLASSES = 128 };

/* A state to come back to. The caller copies the bytes and the sanitizer's notes on them, and copies them back. */
struct heap_state {
    uint8_t *start, *shadow;
    size_t len, shadow_len, blocks;
    uint8_t *freed[HEAP_CLASSES];
};
struct heap_state heap_save(void);
void heap_bring_back(const struct heap_state *state);
/* The next bytes from `at` that may not be touched, at least `least` of them: nothing is lost with them. NULL: there are none. */
uint8_t *heap_dead(const struct heap_state *state, uint8_t *at, size_t least, uint8_t **end);

#endif
