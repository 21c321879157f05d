#include "softmax.h"

#include <math.h>

static float largest(const float *input, int32_t count) {
    float largest = input[0];
    for (int32_t i = 1; i < count; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

void softmax_float32(const struct softmax_float32_params *params, const float *input,
                     float *output) {
    for (int32_t row = 0; row < params->rows; ++row) {
        const float maximum = largest(input, params->depth);
        float sum = 0.0f;
        for (int32_t i = 0; i < params->depth; ++i) {
            output[i] = expf((input[i] - maximum) * params->beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < params->depth; ++i) {
            output[i] /= sum;
        }
        input += params->depth;
        output += params->depth;
    }
}
