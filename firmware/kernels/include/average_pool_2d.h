// 2-D average pooling of NHWC images; padding does not count.
#ifndef TINYML_KERNELS_AVERAGE_POOL_2D_H
#define TINYML_KERNELS_AVERAGE_POOL_2D_H

#include "spatial.h"

#ifdef __cplusplus
extern "C" {
#endif

struct average_pool_2d_int8_params {
    struct spatial spatial;
    int32_t activation_min, activation_max;
};

struct average_pool_2d_int16_params {
    struct spatial spatial;
    int32_t activation_min, activation_max;
};

struct average_pool_2d_float32_params {
    struct spatial spatial;
    float activation_min, activation_max;
};

void average_pool_2d_int8(const struct average_pool_2d_int8_params *params, const int8_t *input,
                          int8_t *output);
void average_pool_2d_int16(const struct average_pool_2d_int16_params *params, const int16_t *input,
                           int16_t *output);
void average_pool_2d_float32(const struct average_pool_2d_float32_params *params,
                             const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
