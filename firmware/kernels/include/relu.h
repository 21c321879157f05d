// The larger of x and 0.
#ifndef TINYML_KERNELS_RELU_H
#define TINYML_KERNELS_RELU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct relu_int16_params {
    int32_t count;
    int32_t multiplier, shift; // from the input's scale to the output's
};

struct relu_float32_params {
    int32_t count;
};

void relu_int16(const struct relu_int16_params *params, const int16_t *input, int16_t *output);
void relu_float32(const struct relu_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
