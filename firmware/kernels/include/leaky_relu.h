// x, or alpha x where x is negative.
#ifndef TINYML_KERNELS_LEAKY_RELU_H
#define TINYML_KERNELS_LEAKY_RELU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct leaky_relu_float32_params {
    int32_t count;
    float alpha;
};

void leaky_relu_float32(const struct leaky_relu_float32_params *params, const float *input,
                        float *output);

#ifdef __cplusplus
}
#endif

#endif
