// How the sums of one output channel become 8 bits where its factor is below 1/2, as it nearly
// always is: the roundings of requantize() in requantize.h, and the clamp, in five instructions.
#ifndef TINYML_KERNELS_CM7_CHANNEL_SCALE_H
#define TINYML_KERNELS_CM7_CHANNEL_SCALE_H

#include "arch_armv7em.h"

// Of a channel with requantize()'s `multiplier` in [2^30, 2^31) and `shift` in [-31, -1]. Nothing
// else is representable, but for a multiplier of 0: {0, 30}, right for sums in [-2^30, 2^30).
struct channel_scale {
    int32_t multiplier; // 2 * multiplier - 2^32
    int32_t shift;      // -shift - 1
};

// What scale_sum() adds: half of the last place and the output's zero point, times 2.
static inline int32_t scale_addend(int32_t output_offset) {
    return 2 * output_offset + 1;
}

// requantize(sum, ...) + output_offset, clamped to 8 bits; `sum` is not INT32_MIN.
//
// First to nearest at bit 31: SMMLAR is sum + (sum * multiplier + 2^31) / 2^32, rounded down. Then
// to nearest at bit `shift` + 1, ties away from zero: with y = h - (h < 0) and n = shift + 1 that
// is floor((y + 2^(n-1)) / 2^n) = floor((floor(y / 2^(n-1)) + 1) / 2), where nothing overflows.
// SSAT halves and clamps in one.
static inline int32_t scale_sum(int32_t sum, struct channel_scale by, int32_t addend) {
    int32_t scaled = multiply_high_add(sum, by.multiplier, sum);
    scaled += scaled >> 31;
    return saturate_half((scaled >> by.shift) + addend);
}

#endif
