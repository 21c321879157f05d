// Elementwise difference of two tensors.
#ifndef TINYML_KERNELS_SUB_H
#define TINYML_KERNELS_SUB_H

#include "broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sub_int8_params {
    struct broadcast_shape shape;
    int32_t left_shift; // head room given to both inputs before they are scaled
    int32_t offset_1, multiplier_1, shift_1;
    int32_t offset_2, multiplier_2, shift_2;
    int32_t output_offset, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

struct sub_int16_params {
    struct broadcast_shape shape;
    int32_t left_shift; // head room given to both inputs before they are scaled
    int32_t multiplier_1, shift_1;
    int32_t multiplier_2, shift_2;
    int32_t output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

struct sub_float32_params {
    struct broadcast_shape shape;
    float activation_min, activation_max;
};

void sub_int8(const struct sub_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output);
void sub_int16(const struct sub_int16_params *params, const int16_t *input_1,
               const int16_t *input_2, int16_t *output);
void sub_float32(const struct sub_float32_params *params, const float *input_1,
                 const float *input_2, float *output);

#ifdef __cplusplus
}
#endif

#endif
