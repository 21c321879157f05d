// IEEE 754 half precision, as weights are stored in; nothing is computed in it.
#ifndef TINYML_KERNELS_FLOAT16_H
#define TINYML_KERNELS_FLOAT16_H

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// The same number in float32, exactly. Exponent and fraction are moved to where float32 has them;
// the factor makes up for the difference between the exponents' biases, and makes normal what was
// not. Infinity and what is not a number keep the largest exponent.
static inline float widen_float16(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t magnitude = (uint32_t)(half & 0x7fffu) << 13;
    const uint32_t largest = UINT32_C(0x1f) << 23;
    uint32_t bits = magnitude | UINT32_C(0xff) << 23;
    float value;
    if (magnitude < largest) {
        memcpy(&value, &magnitude, sizeof(value));
        value *= 0x1p112f;
        memcpy(&bits, &value, sizeof(bits));
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

#ifdef __cplusplus
}
#endif

#endif
