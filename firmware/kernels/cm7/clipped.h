// Copies of lines of an image that reach over its edges.
#ifndef TINYML_KERNELS_CM7_CLIPPED_H
#define TINYML_KERNELS_CM7_CLIPPED_H

#include <stdbool.h>

#include "arch_armv7em.h"
#include "requantize.h"

static inline void copy_bytes(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        store_word(to, load_word(from));
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
}

static inline void fill_bytes(int8_t *to, int32_t value, int32_t count) {
    const uint32_t word = all_bytes(value);
    for (; count >= 4; count -= 4, to += 4) {
        store_word(to, word);
    }
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
    }
}

// Copies `count` bytes from `start` on of a line of `extent` bytes; outside of it lies `padding`.
static inline void copy_clipped(int8_t *to, const int8_t *line, int32_t start, int32_t count,
                                int32_t extent, int32_t padding) {
    if (count < 16) { // a loop for each part costs more
        for (int32_t i = 0; i < count; ++i, ++start) {
            const bool inside = start >= 0 && start < extent;
            to[i] = inside ? line[start] : (int8_t)padding;
        }
        return;
    }
    const int32_t before = clamp_int32(-start, 0, count);
    const int32_t inside = clamp_int32(extent - start, before, count) - before;
    fill_bytes(to, padding, before);
    copy_bytes(to + before, line + start + before, inside);
    fill_bytes(to + before + inside, padding, count - before - inside);
}

#endif
