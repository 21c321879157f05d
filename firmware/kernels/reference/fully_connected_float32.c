#include "fully_connected.h"

#include "requantize.h"

static float dot(const float *a, const float *b, int32_t count) {
    float sum = 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

void fully_connected_float32(const struct fully_connected_float32_params *params,
                             const float *input, const float *weights, const float *bias,
                             float *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < params->output_depth; ++channel) {
            const float sum = dot(input + batch * params->input_depth,
                                  weights + channel * params->input_depth, params->input_depth) +
                              (bias ? bias[channel] : 0.0f);
            *output++ = clamp_float32(sum, params->activation_min, params->activation_max);
        }
    }
}
