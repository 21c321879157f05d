#include "logistic.h"

#include <math.h>

void logistic_float32(const struct logistic_float32_params *params, const float *input,
                      float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = 1.0f / (1.0f + expf(-input[i]));
    }
}
