#include "relu6.h"

#include "requantize.h"

void relu6_float32(const struct relu6_float32_params *params, const float *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = clamp_float32(input[i], 0.0f, 6.0f);
    }
}
