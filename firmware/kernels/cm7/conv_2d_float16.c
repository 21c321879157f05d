// Four filters are widened at a time, in the filters' own order, and convolved as conv_2d_float32
// does: with its accuracy.
#include "conv_2d.h"

#include "convolve_float32.h"
#include "float16_cm7.h"

void conv_2d_float16(const struct conv_2d_float16_params *params, const float *input,
                     const uint16_t *weights, const float *bias, float *filters, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t terms = s->window_height * s->window_width * s->input_channels;
    for (int32_t channel = 0; channel < s->output_channels; channel += CONV_2D_FLOAT16_FILTERS) {
        const int32_t left = s->output_channels - channel;
        const struct float_outputs outputs = {
            .weights = filters,
            .bias = bias ? bias + channel : NULL,
            .terms = terms,
            .channels = clamp_int32(left, 0, CONV_2D_FLOAT16_FILTERS),
            .minimum = params->activation_min,
            .maximum = params->activation_max,
        };
        widen(weights + channel * terms, outputs.channels * terms, filters);
        convolve_images(s, &outputs, input, output + channel);
    }
}
