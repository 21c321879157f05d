// Elementwise sum of two tensors, the smaller one repeated (broadcast) where a stride is 0.
#ifndef TINYML_KERNELS_ADD_H
#define TINYML_KERNELS_ADD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADD_RANK 4

// The output is dense; an input is read at the sum of index times stride over the dimensions.
struct add_shape {
    int32_t extents[ADD_RANK];
    int32_t strides_1[ADD_RANK];
    int32_t strides_2[ADD_RANK];
};

struct add_int8_params {
    struct add_shape shape;
    int32_t left_shift; // head room given to both inputs before they are scaled
    int32_t offset_1, multiplier_1, shift_1;
    int32_t offset_2, multiplier_2, shift_2;
    int32_t output_offset, output_multiplier, output_shift;
    int32_t activation_min, activation_max;
};

struct add_float32_params {
    struct add_shape shape;
    float activation_min, activation_max;
};

void add_int8(const struct add_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output);
void add_float32(const struct add_float32_params *params, const float *input_1,
                 const float *input_2, float *output);

#ifdef __cplusplus
}
#endif

#endif
