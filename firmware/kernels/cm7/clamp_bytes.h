// Clamping what saturation has already brought to 8 bits, where an activation wants less.
#ifndef TINYML_KERNELS_CM7_CLAMP_BYTES_H
#define TINYML_KERNELS_CM7_CLAMP_BYTES_H

#include "arch_armv7em.h"
#include "requantize.h"

static inline void clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high) {
    if (low == INT8_MIN && high == INT8_MAX) {
        return;
    }
    const uint32_t lowest = all_bytes(low), highest = all_bytes(high);
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        store_word(bytes + i, min_bytes(max_bytes(load_word(bytes + i), lowest), highest));
    }
    for (; i < count; ++i) {
        bytes[i] = (int8_t)clamp_int32(bytes[i], low, high);
    }
}

#endif
