// Register tiles of 5 pixels by 4 channels. Accuracy: that of a sum of n = window * input channels
// + 1 terms, rounded once a term: off by at most n * 2^-24 * (sum of |weight * input| + |bias|),
// in practice a few 2^-24 of it; 1e-5 after the whole MNIST network.
#include "conv_2d.h"

#include "convolve_float32.h"

void conv_2d_float32(const struct conv_2d_float32_params *params, const float *input,
                     const float *weights, const float *bias, float *output) {
    const struct spatial *s = &params->spatial;
    const struct float_outputs outputs = {
        .weights = weights,
        .bias = bias,
        .terms = s->window_height * s->window_width * s->input_channels,
        .channels = s->output_channels,
        .minimum = params->activation_min,
        .maximum = params->activation_max,
    };
    convolve_images(s, &outputs, input, output);
}
