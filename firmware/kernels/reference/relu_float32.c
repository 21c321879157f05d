#include "relu.h"

void relu_float32(const struct relu_float32_params *params, const float *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i] > 0.0f ? input[i] : 0.0f;
    }
}
