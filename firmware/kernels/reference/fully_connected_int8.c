#include "fully_connected.h"

#include "requantize.h"

static int32_t dot(const struct fully_connected_int8_params *params, const int8_t *input,
                   const int8_t *weights) {
    int32_t sum = 0;
    for (int32_t i = 0; i < params->input_depth; ++i) {
        sum += (weights[i] + params->weights_offset) * (input[i] + params->input_offset);
    }
    return sum;
}

void fully_connected_int8(const struct fully_connected_int8_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *bias, int8_t *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < params->output_depth; ++channel) {
            const int32_t sum = dot(params, input + batch * params->input_depth,
                                    weights + channel * params->input_depth) +
                                (bias ? bias[channel] : 0);
            const int32_t quantizer = channel * params->per_channel;
            const int32_t scaled =
                requantize(sum, params->multipliers[quantizer], params->shifts[quantizer]);
            *output++ = (int8_t)clamp_int32(scaled + params->output_offset, params->activation_min,
                                            params->activation_max);
        }
    }
}
