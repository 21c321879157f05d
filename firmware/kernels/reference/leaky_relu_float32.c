#include "leaky_relu.h"

void leaky_relu_float32(const struct leaky_relu_float32_params *params, const float *input,
                        float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i] < 0.0f ? params->alpha * input[i] : input[i];
    }
}
