// x limited to 0 and 6.
#ifndef TINYML_KERNELS_RELU6_H
#define TINYML_KERNELS_RELU6_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct relu6_int16_params {
    int32_t count;
    int32_t minimum, maximum; // 0 and 6, in the scale of both tensors
};

struct relu6_float32_params {
    int32_t count;
};

void relu6_int16(const struct relu6_int16_params *params, const int16_t *input, int16_t *output);
void relu6_float32(const struct relu6_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
