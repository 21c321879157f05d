// Real numbers to bytes in seven instructions.
#ifndef TINYML_KERNELS_CM7_QUANTIZE_FLOATS_H
#define TINYML_KERNELS_CM7_QUANTIZE_FLOATS_H

#include <stdint.h>

// Nearest, ties away from zero, plus `zero_point`, both saturating. VCVTA makes 0 of what is not
// a number (ARMv7-M Architecture Reference Manual, DDI 0403E, section A7.7).
static inline int32_t quantized_float(float value, float scale, int32_t zero_point) {
    const float steps = value / scale;
    float rounded;
    int32_t sum;
    __asm__("vcvta.s32.f32 %0, %1" : "=t"(rounded) : "t"(steps));
    __asm__("vmov %0, %1\n\tqadd %0, %0, %2" : "=&r"(sum) : "t"(rounded), "r"(zero_point));
    return sum;
}

#endif
