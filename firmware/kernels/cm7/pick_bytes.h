// The loops of MAXIMUM and MINIMUM: four elements at a time.
#ifndef TINYML_KERNELS_CM7_PICK_BYTES_H
#define TINYML_KERNELS_CM7_PICK_BYTES_H

#include "arch_armv7em.h"
#include "broadcast.h"

// Four elements from `from` on, or the same one four times. A stride is 1 or 0.
static inline uint32_t four_elements(const int8_t *from, int32_t stride) {
    return stride ? load_word(from) : all_bytes(*from);
}

static inline __attribute__((always_inline)) void
pick_elements(const struct broadcast_shape *shape, uint32_t (*pick)(uint32_t, uint32_t),
              const int8_t *input_1, const int8_t *input_2, int8_t *output) {
    const int32_t last = BROADCAST_RANK - 1;
    const int32_t count = shape->extents[last], whole = count & ~3;
    const int32_t stride_1 = shape->strides_1[last], stride_2 = shape->strides_2[last];
    const int32_t rows = broadcast_rows(shape);
    for (int32_t row = 0; row < rows; ++row) {
        const struct broadcast_row start = broadcast_row(shape, row);
        const int8_t *a = input_1 + start.start_1, *b = input_2 + start.start_2;
        for (int8_t *const end = output + whole; output != end; output += 4) {
            store_word(output, pick(four_elements(a, stride_1), four_elements(b, stride_2)));
            a += 4 * stride_1;
            b += 4 * stride_2;
        }
        for (int32_t i = whole; i < count; ++i) {
            *output++ = (int8_t)pick((uint8_t)*a, (uint8_t)*b);
            a += stride_1;
            b += stride_2;
        }
    }
}

#endif
