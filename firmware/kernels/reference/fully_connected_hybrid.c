#include "fully_connected.h"

#include "requantize.h"

static int32_t dot(const int8_t *input, int32_t zero_point, const int8_t *weights, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        sum += weights[i] * (input[i] - zero_point);
    }
    return sum;
}

void fully_connected_hybrid(const struct fully_connected_hybrid_params *params, const float *input,
                            const int8_t *weights, const float *bias, int8_t *quantized,
                            float *output) {
    const int32_t depth = params->input_depth;
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        const struct quantized by =
            quantize_input(&params->hybrid, input + batch * depth, depth, quantized);
        for (int32_t channel = 0; channel < params->output_depth; ++channel) {
            const int32_t sum = dot(quantized, by.zero_point, weights + channel * depth, depth);
            const float scale = by.scale * weights_scale(&params->hybrid, channel);
            const float value = (float)sum * scale + (bias ? bias[channel] : 0.0f);
            *output++ = clamp_float32(value, params->activation_min, params->activation_max);
        }
    }
}
