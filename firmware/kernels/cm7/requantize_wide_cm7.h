// requantize_wide() of requantize.h: the 64-bit product in two multiplications, the shift in words.
#ifndef TINYML_KERNELS_CM7_REQUANTIZE_WIDE_CM7_H
#define TINYML_KERNELS_CM7_REQUANTIZE_WIDE_CM7_H

#include <stdint.h>

static inline int32_t requantize_wide_cm7(int64_t x, int32_t multiplier, int32_t shift) {
    const uint32_t by = (uint32_t)multiplier;
    const uint64_t low = (uint64_t)(uint32_t)x * by;
    const uint64_t high = (uint64_t)((uint32_t)(x >> 32) * by) << 32;
    if (shift > 32) {
        const int32_t word = (int32_t)((low + high) >> 32);
        return (word + (1 << (shift - 33))) >> (shift - 32);
    }
    // The result has 32 bits, so that what lies above them does not matter.
    return (int32_t)((low + high + (UINT64_C(1) << (shift - 1))) >> shift);
}

#endif
