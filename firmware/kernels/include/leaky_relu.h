// x, or alpha x where x is negative.
#ifndef TINYML_KERNELS_LEAKY_RELU_H
#define TINYML_KERNELS_LEAKY_RELU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leaky_relu_int16_params {
    int32_t count;
    int32_t multiplier, shift; // from the input's scale to the output's
    int32_t negative_multiplier, negative_shift, negative_sign; // the same, and alpha
};

struct leaky_relu_float32_params {
    int32_t count;
    float alpha;
};

void leaky_relu_int16(const struct leaky_relu_int16_params *params, const int16_t *input,
                      int16_t *output);
void leaky_relu_float32(const struct leaky_relu_float32_params *params, const float *input,
                        float *output);

#ifdef __cplusplus
}
#endif

#endif
