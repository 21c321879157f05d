// A tensor for each index of a dimension: each call copies one of them.
#ifndef TINYML_KERNELS_UNPACK_H
#define TINYML_KERNELS_UNPACK_H

#include "parts.h"

#ifdef __cplusplus
extern "C" {
#endif

void unpack_int8(const struct part *part, const int8_t *input, int8_t *output);
void unpack_int16(const struct part *part, const int16_t *input, int16_t *output);
void unpack_float32(const struct part *part, const float *input, float *output);
void unpack_int32(const struct part *part, const int32_t *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
