// The hyperbolic tangent.
#ifndef TINYML_KERNELS_TANH_H
#define TINYML_KERNELS_TANH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tanh_float32_params {
    int32_t count;
};

void tanh_float32(const struct tanh_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
