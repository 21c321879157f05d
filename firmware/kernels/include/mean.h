// The average over some of a tensor's dimensions.
#ifndef TINYML_KERNELS_MEAN_H
#define TINYML_KERNELS_MEAN_H

#include "reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mean_int8_params {
    struct reduction_shape shape;
    int32_t sum_offset; // minus the input's zero point, times the number of terms
    int32_t multiplier, shift;
    int32_t output_offset;
};

struct mean_int16_params {
    struct reduction_shape shape;
    int32_t multiplier, shift;
};

struct mean_float32_params {
    struct reduction_shape shape;
    int32_t count; // terms of each sum
};

void mean_int8(const struct mean_int8_params *params, const int8_t *input, int8_t *output);
void mean_int16(const struct mean_int16_params *params, const int16_t *input, int16_t *output);
void mean_float32(const struct mean_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
