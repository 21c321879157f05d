// requantize() of requantize.h in seven instructions and a branch, with the same roundings.
#ifndef TINYML_KERNELS_CM7_REQUANTIZE_CM7_H
#define TINYML_KERNELS_CM7_REQUANTIZE_CM7_H

#include "arch_armv7em.h"
#include "requantize.h"

// How sums of one channel become 8 bits.
struct requantizer {
    int32_t doubled;     // 2 * multiplier modulo 2^32
    int32_t wrapped;     // all ones where that wrapped, else 0
    int32_t left, right; // shifts: one of them is 0
};

// `multiplier` is not negative.
static inline struct requantizer make_requantizer(int32_t multiplier, int32_t shift) {
    const int32_t doubled = shift_left(multiplier, 1);
    return (struct requantizer){doubled, doubled >> 31, shift > 0 ? shift : 0,
                                shift < 0 ? -shift : 0};
}

// doubling_high_multiply(x, multiplier) is (x * doubled + 2^31) >> 32. A multiplier of 2^30 or
// more, the usual one, does not fit when doubled: it is held less 2^32, so that x is missing.
//
// Then to nearest, ties away from zero: with y = x - (x < 0), floor((y + 2^(n-1)) / 2^n) is
// floor((floor(y / 2^(n-1)) + 1) / 2), where nothing overflows.
static inline int32_t requantize_cm7(int32_t sum, const struct requantizer *by) {
    const int32_t x = shift_left(sum, by->left);
    const int32_t scaled = multiply_high_add(x, by->doubled, x & by->wrapped);
    if (by->right == 0) {
        return scaled;
    }
    return (((scaled + (scaled >> 31)) >> (by->right - 1)) + 1) >> 1;
}

#endif
