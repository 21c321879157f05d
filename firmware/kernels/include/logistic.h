// 1 / (1 + exp(-x)).
#ifndef TINYML_KERNELS_LOGISTIC_H
#define TINYML_KERNELS_LOGISTIC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct logistic_float32_params {
    int32_t count;
};

void logistic_float32(const struct logistic_float32_params *params, const float *input,
                      float *output);

#ifdef __cplusplus
}
#endif

#endif
