// The index of the largest value along one dimension, the first of equals; a NaN is larger than
// nothing, and as the first value than nothing smaller.
#ifndef TINYML_KERNELS_ARG_MAX_H
#define TINYML_KERNELS_ARG_MAX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// `outer` and `inner` are the elements before and behind the dimension of `extent`.
struct arg_max_shape {
    int32_t outer, extent, inner;
};

void arg_max_int8(const struct arg_max_shape *shape, const int8_t *input, int32_t *output);
void arg_max_float32(const struct arg_max_shape *shape, const float *input, int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
