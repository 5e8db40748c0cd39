#pragma once
#include <stdlib.h>
#include <blake2.h>

/* The state's alignment is stricter than Swift's allocator promises, so it is made and freed here. */
static inline void *save_blake2b_new(size_t digest_length) {
    blake2b_state *state = NULL;
    if (posix_memalign((void **)&state, 64, sizeof *state) != 0) return NULL;
    if (blake2b_init(state, digest_length) != 0) { free(state); return NULL; }
    return state;
}
static inline void save_blake2b_update(void *state, const unsigned char *bytes, size_t count) { blake2b_update((blake2b_state *)state, bytes, count); }
static inline void save_blake2b_final(void *state, unsigned char *out, size_t count) { blake2b_final((blake2b_state *)state, out, count); }
static inline void save_blake2b_free(void *state) { free(state); }
