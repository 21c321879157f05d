// A box out of a tensor.
#ifndef TINYML_KERNELS_SLICE_H
#define TINYML_KERNELS_SLICE_H

#include "strided_copy.h"

#ifdef __cplusplus
extern "C" {
#endif

void slice_int8(const struct strided_view *view, const int8_t *input, int8_t *output);
void slice_int16(const struct strided_view *view, const int16_t *input, int16_t *output);
void slice_float32(const struct strided_view *view, const float *input, float *output);
void slice_int32(const struct strided_view *view, const int32_t *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
