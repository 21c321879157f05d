// exp(beta x) over its sum, along the last dimension.
#ifndef TINYML_KERNELS_SOFTMAX_H
#define TINYML_KERNELS_SOFTMAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct softmax_int8_params {
    int32_t rows, depth;
    // beta times the input scale as a Q5.26 factor: x * multiplier * 2^(shift - 31).
    int32_t multiplier, shift;
    int32_t difference_min; // below it, exp is 0
};

struct softmax_int16_params {
    int32_t rows, depth;
    // From a difference of inputs to steps of 10/65535 of the exponent.
    int32_t multiplier, shift;
    const int16_t *exponentials; // exp(x) at 513 points from -10 to 0, in 1/32768
    const int16_t *reciprocals;  // 1 / (1 + x) at 513 points from 0 to 1, in 1/32768
};

struct softmax_float32_params {
    int32_t rows, depth;
    float beta;
};

// The output has scale 1/256 and zero point -128.
void softmax_int8(const struct softmax_int8_params *params, const int8_t *input, int8_t *output);
// The output has scale 1/32768.
void softmax_int16(const struct softmax_int16_params *params, const int16_t *input,
                   int16_t *output);
void softmax_float32(const struct softmax_float32_params *params, const float *input,
                     float *output);

#ifdef __cplusplus
}
#endif

#endif
