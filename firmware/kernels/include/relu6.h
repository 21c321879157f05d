// x limited to 0 and 6.
#ifndef TINYML_KERNELS_RELU6_H
#define TINYML_KERNELS_RELU6_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct relu6_float32_params {
    int32_t count;
};

void relu6_float32(const struct relu6_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
