#include "hard_swish.h"

#include "requantize.h"

void hard_swish_float32(const struct hard_swish_float32_params *params, const float *input,
                        float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i] * clamp_float32(input[i] + 3.0f, 0.0f, 6.0f) / 6.0f;
    }
}
