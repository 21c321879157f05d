// The logistic function from a table of its values at 0, 1/24, 2/24, ..., in 1/65536, with straight
// lines between them.
#ifndef TINYML_KERNELS_SIGMOID_INT16_H
#define TINYML_KERNELS_SIGMOID_INT16_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The table has this point and those before it. From it on, a kernel gives its own end value.
#define SIGMOID_LAST_POINT 255u

// x times the factor, to nearest, ties upwards; the plan proves that it fits.
static inline int32_t sigmoid_argument(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
    return (x * multiplier + half) >> shift;
}

// The value at `magnitude`, which is below the last point, with `bits` steps between two points;
// in 2^-(16 + bits).
static inline int32_t sigmoid_between_points(const uint16_t *table, uint32_t magnitude,
                                             uint32_t bits) {
    const uint32_t point = magnitude >> bits;
    const uint32_t step = magnitude & ((1u << bits) - 1u);
    const uint32_t rise = (uint32_t)table[point + 1] - table[point];
    return (int32_t)(((uint32_t)table[point] << bits) + step * rise);
}

#ifdef __cplusplus
}
#endif

#endif
