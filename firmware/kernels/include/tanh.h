// The hyperbolic tangent.
#ifndef TINYML_KERNELS_TANH_H
#define TINYML_KERNELS_TANH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tanh_int16_params {
    int32_t count;
    int32_t multiplier, shift; // from the input's scale to 1/12288
    const uint16_t *table;     // see sigmoid_int16.h
};

struct tanh_float32_params {
    int32_t count;
};

// The output has scale 1/32768.
void tanh_int16(const struct tanh_int16_params *params, const int16_t *input, int16_t *output);
void tanh_float32(const struct tanh_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
