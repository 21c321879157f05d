// Elementwise product of two tensors.
#ifndef TINYML_KERNELS_MUL_H
#define TINYML_KERNELS_MUL_H

#include "broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mul_int8_params {
    struct broadcast_shape shape;
    int32_t offset_1, offset_2;
    int32_t output_offset, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

struct mul_int16_params {
    struct broadcast_shape shape;
    int32_t output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

struct mul_float32_params {
    struct broadcast_shape shape;
    float activation_min, activation_max;
};

void mul_int8(const struct mul_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output);
void mul_int16(const struct mul_int16_params *params, const int16_t *input_1,
               const int16_t *input_2, int16_t *output);
void mul_float32(const struct mul_float32_params *params, const float *input_1,
                 const float *input_2, float *output);

#ifdef __cplusplus
}
#endif

#endif
