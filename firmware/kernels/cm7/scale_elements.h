// Sums and products that share one factor, brought to 8 bits.
#ifndef TINYML_KERNELS_CM7_SCALE_ELEMENTS_H
#define TINYML_KERNELS_CM7_SCALE_ELEMENTS_H

#include <stdbool.h>

#include "requantize_cm7.h"

struct element_scale {
    int32_t multiplier, shift;
    int32_t offset;
    int32_t minimum, maximum;
};

// How a factor below 1/4 is applied: 2 * multiplier - 2^32, and 2^(32 + shift).
struct quick_scale {
    int32_t multiplier, power;
    int32_t offset;
};

// Whether quick_scale() is right for it, but for the clamp to less than 8 bits.
static inline bool is_quick(const struct element_scale *scale) {
    return scale->multiplier >= 1 << 30 && scale->shift <= -2 && scale->shift >= -31;
}

static inline struct quick_scale quick_scale_of(const struct element_scale *scale) {
    return (struct quick_scale){shift_left(scale->multiplier, 1), 1 << (32 + scale->shift),
                                scale->offset};
}

// requantize() and the offset in four instructions, clamped to 8 bits. As in scale_sum(), SMMLAR
// rounds at bit 31 and 1 is taken from what is negative; then dividing by a power of two, to
// nearest and with the offset added, is one SMMLAR too.
static inline int8_t scale_quickly(int32_t value, struct quick_scale by) {
    int32_t scaled = multiply_high_add(value, by.multiplier, value);
    scaled += scaled >> 31;
    return (int8_t)saturate_byte(multiply_high_add(scaled, by.power, by.offset));
}

// For any factor.
static inline int8_t scale_element(const struct element_scale *scale, int32_t value) {
    const struct requantizer by = make_requantizer(scale->multiplier, scale->shift);
    return (int8_t)clamp_int32(requantize_cm7(value, &by) + scale->offset, scale->minimum,
                               scale->maximum);
}

#endif
