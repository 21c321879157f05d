// Numbers of another type. Integers wrap, as everywhere in C; floats lose their fraction and
// saturate, a NaN becomes 0.
#ifndef TINYML_KERNELS_CAST_H
#define TINYML_KERNELS_CAST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cast_params {
    int32_t count; // elements
};

// The integer part of `x` between -`bound` and `bound` - 1, where `bound` is a power of two.
static inline int32_t cast_saturated(float x, float bound) {
    if (x >= bound) {
        return (int32_t)((uint32_t)bound - 1u);
    }
    return x >= -bound ? (int32_t)x : x < -bound ? (int32_t)-bound : 0;
}

void cast_int8_int16(const struct cast_params *params, const int8_t *input, int16_t *output);
void cast_int8_int32(const struct cast_params *params, const int8_t *input, int32_t *output);
void cast_int8_float32(const struct cast_params *params, const int8_t *input, float *output);
void cast_int16_int8(const struct cast_params *params, const int16_t *input, int8_t *output);
void cast_int16_int32(const struct cast_params *params, const int16_t *input, int32_t *output);
void cast_int16_float32(const struct cast_params *params, const int16_t *input, float *output);
void cast_int32_int8(const struct cast_params *params, const int32_t *input, int8_t *output);
void cast_int32_int16(const struct cast_params *params, const int32_t *input, int16_t *output);
void cast_int32_float32(const struct cast_params *params, const int32_t *input, float *output);
void cast_float32_int8(const struct cast_params *params, const float *input, int8_t *output);
void cast_float32_int16(const struct cast_params *params, const float *input, int16_t *output);
void cast_float32_int32(const struct cast_params *params, const float *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
