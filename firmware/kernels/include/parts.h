// A tensor and its parts along one dimension: SPLIT, SPLIT_V and UNPACK take apart, PACK joins.
#ifndef TINYML_KERNELS_PARTS_H
#define TINYML_KERNELS_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// In elements: rows of `part_row` lie `whole_row` apart in the whole, the first at `whole_start`;
// in the part they lie behind each other.
struct part {
    int32_t rows, part_row;
    int32_t whole_row, whole_start;
};

// Copies a part out of the whole; `item` is the size of an element in bytes.
static inline void part_take(const struct part *part, size_t item, const void *whole,
                             void *output) {
    const size_t bytes = (size_t)part->part_row * item;
    const char *source = (const char *)whole + (size_t)part->whole_start * item;
    char *target = (char *)output;
    for (int32_t row = 0; row < part->rows; ++row) {
        memcpy(target, source, bytes);
        source += (size_t)part->whole_row * item;
        target += bytes;
    }
}

// Copies a part into its place in the whole.
static inline void part_put(const struct part *part, size_t item, const void *input, void *whole) {
    const size_t bytes = (size_t)part->part_row * item;
    const char *source = (const char *)input;
    char *target = (char *)whole + (size_t)part->whole_start * item;
    for (int32_t row = 0; row < part->rows; ++row) {
        memcpy(target, source, bytes);
        source += bytes;
        target += (size_t)part->whole_row * item;
    }
}

#ifdef __cplusplus
}
#endif

#endif
