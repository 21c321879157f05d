// The largest value over some of a tensor's dimensions.
#ifndef TINYML_KERNELS_REDUCE_MAX_H
#define TINYML_KERNELS_REDUCE_MAX_H

#include "reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

void reduce_max_int8(const struct reduction_shape *shape, const int8_t *input, int8_t *output);
void reduce_max_int16(const struct reduction_shape *shape, const int16_t *input, int16_t *output);
void reduce_max_float32(const struct reduction_shape *shape, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
