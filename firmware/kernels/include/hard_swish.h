// x times (x + 3) limited to 0 and 6, over 6.
#ifndef TINYML_KERNELS_HARD_SWISH_H
#define TINYML_KERNELS_HARD_SWISH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hard_swish_float32_params {
    int32_t count;
};

void hard_swish_float32(const struct hard_swish_float32_params *params, const float *input,
                        float *output);

#ifdef __cplusplus
}
#endif

#endif
