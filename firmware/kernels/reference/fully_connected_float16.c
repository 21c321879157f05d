#include "fully_connected.h"

#include "float16.h"
#include "requantize.h"

static float dot(const float *a, const uint16_t *b, int32_t count) {
    float sum = 0.0f;
    for (int32_t i = 0; i < count; ++i) {
        sum += a[i] * widen_float16(b[i]);
    }
    return sum;
}

void fully_connected_float16(const struct fully_connected_float16_params *params,
                             const float *input, const uint16_t *weights, const float *bias,
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
