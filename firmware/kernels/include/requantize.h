// Fixed-point arithmetic of 8-bit inference: a real factor is held as a 32-bit mantissa
// (`multiplier`, the factor's fraction times 2^31) and a power of two (`shift`).
//
// Both roundings are those of gemmlowp (doc/quantization.md), which every operator of
// tflite-micro uses, but for 64-bit sums. `>>` of a negative number is arithmetic in every compiler
// we support.
#ifndef TINYML_KERNELS_REQUANTIZE_H
#define TINYML_KERNELS_REQUANTIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// High 32 bits of 2ab, to nearest, ties upwards; the one product that does not fit saturates.
static inline int32_t doubling_high_multiply(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

// x / 2^exponent to nearest, ties away from zero; exponent in [0, 31].
static inline int32_t rounding_divide_by_power_of_two(int32_t x, int32_t exponent) {
    const int64_t half = (INT64_C(1) << exponent) >> 1;
    return (int32_t)((x + half - (x < 0 && exponent > 0)) >> exponent);
}

// x * 2^exponent modulo 2^32: the plan proves that no value wraps where it matters.
static inline int32_t shift_left(int32_t x, int32_t exponent) {
    return (int32_t)((uint32_t)x << exponent);
}

// x * multiplier * 2^(shift - 31), rounded twice; shift in [-31, 30].
static inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        return doubling_high_multiply(shift_left(x, shift), multiplier);
    }
    return rounding_divide_by_power_of_two(doubling_high_multiply(x, multiplier), -shift);
}

// x * multiplier * 2^-shift to nearest, ties upwards, for a 64-bit sum: the multiplier has 15 bits;
// shift in [8, 46]. The plan proves that the product and the result fit.
static inline int32_t requantize_wide(int64_t x, int32_t multiplier, int32_t shift) {
    return (int32_t)((x * multiplier + (INT64_C(1) << (shift - 1))) >> shift);
}

static inline int32_t clamp_int32(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

static inline float clamp_float32(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

#ifdef __cplusplus
}
#endif

#endif
