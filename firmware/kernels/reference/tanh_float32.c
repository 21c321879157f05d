#include "tanh.h"

#include <math.h>

void tanh_float32(const struct tanh_float32_params *params, const float *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = tanhf(input[i]);
    }
}
