// The dimensions in another order.
#ifndef TINYML_KERNELS_TRANSPOSE_H
#define TINYML_KERNELS_TRANSPOSE_H

#include "strided_copy.h"

#ifdef __cplusplus
extern "C" {
#endif

void transpose_int8(const struct strided_view *view, const int8_t *input, int8_t *output);
void transpose_int16(const struct strided_view *view, const int16_t *input, int16_t *output);
void transpose_float32(const struct strided_view *view, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
