#include "fully_connected.h"

#include "requantize.h"

static int64_t dot(const struct fully_connected_int16_params *params, const int16_t *input,
                   const int8_t *weights) {
    int64_t sum = 0;
    for (int32_t i = 0; i < params->input_depth; ++i) {
        sum += weights[i] * input[i];
    }
    return sum;
}

void fully_connected_int16(const struct fully_connected_int16_params *params, const int16_t *input,
                           const int8_t *weights, const int64_t *bias, int16_t *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < params->output_depth; ++channel) {
            const int64_t sum = dot(params, input + batch * params->input_depth,
                                    weights + channel * params->input_depth) +
                                (bias ? bias[channel] : 0);
            const int32_t scaled =
                requantize_wide(sum, params->multipliers[channel], params->shifts[channel]);
            *output++ =
                (int16_t)clamp_int32(scaled, params->activation_min, params->activation_max);
        }
    }
}
