// The smaller of two elements; all int8 tensors have one scale and zero point.
#ifndef TINYML_KERNELS_MINIMUM_H
#define TINYML_KERNELS_MINIMUM_H

#include "broadcast.h"

#ifdef __cplusplus
extern "C" {
#endif

void minimum_int8(const struct broadcast_shape *shape, const int8_t *input_1, const int8_t *input_2,
                  int8_t *output);
void minimum_int16(const struct broadcast_shape *shape, const int16_t *input_1,
                   const int16_t *input_2, int16_t *output);
void minimum_float32(const struct broadcast_shape *shape, const float *input_1,
                     const float *input_2, float *output);

#ifdef __cplusplus
}
#endif

#endif
