// The sums are those of conv_2d_float32, in the same order. Each filter is widened once, for all
// pixels.
#include "conv_2d.h"

#include "float16.h"
#include "requantize.h"

static float accumulate(const struct spatial *s, const float *input, const float *filter,
                        int32_t batch, int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    float sum = 0.0f;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const float *in =
                input + pixel(batch, s->input_height, s->input_width, s->input_channels,
                              top + row * s->dilation_height, left + column * s->dilation_width);
            const float *w = filter + (row * s->window_width + column) * s->input_channels;
            for (int32_t channel = 0; channel < s->input_channels; ++channel) {
                sum += w[channel] * in[channel];
            }
        }
    }
    return sum;
}

// Writes one channel, which starts at `output`, of all pixels.
static void convolve(const struct conv_2d_float16_params *params, const float *input,
                     const float *filter, float bias, float *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const float sum = accumulate(s, input, filter, batch, y, x) + bias;
                *output = clamp_float32(sum, params->activation_min, params->activation_max);
                output += s->output_channels;
            }
        }
    }
}

void conv_2d_float16(const struct conv_2d_float16_params *params, const float *input,
                     const uint16_t *weights, const float *bias, float *filters, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t filter_size = s->window_height * s->window_width * s->input_channels;
    for (int32_t channel = 0; channel < s->output_channels; ++channel) {
        for (int32_t i = 0; i < filter_size; ++i) {
            filters[i] = widen_float16(weights[channel * filter_size + i]);
        }
        convolve(params, input, filters, bias ? bias[channel] : 0.0f, output + channel);
    }
}
