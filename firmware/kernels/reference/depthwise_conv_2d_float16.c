// The weights are widened, once for all pixels, and left to depthwise_conv_2d_float32.
#include "depthwise_conv_2d.h"

#include "float16.h"

void depthwise_conv_2d_float16(const struct depthwise_conv_2d_float16_params *params,
                               const float *input, const uint16_t *weights, const float *bias,
                               float *filter, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t count = s->window_height * s->window_width * s->output_channels;
    const struct depthwise_conv_2d_float32_params widened = {
        .spatial = *s,
        .depth_multiplier = params->depth_multiplier,
        .activation_min = params->activation_min,
        .activation_max = params->activation_max,
    };
    for (int32_t i = 0; i < count; ++i) {
        filter[i] = widen_float16(weights[i]);
    }
    depthwise_conv_2d_float32(&widened, input, filter, bias, output);
}
