// Elements of a box at regular distances, backwards where a stride is negative.
#ifndef TINYML_KERNELS_STRIDED_SLICE_H
#define TINYML_KERNELS_STRIDED_SLICE_H

#include "strided_copy.h"

#ifdef __cplusplus
extern "C" {
#endif

void strided_slice_int8(const struct strided_view *view, const int8_t *input, int8_t *output);
void strided_slice_int16(const struct strided_view *view, const int16_t *input, int16_t *output);
void strided_slice_float32(const struct strided_view *view, const float *input, float *output);
void strided_slice_int32(const struct strided_view *view, const int32_t *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
