#include "conv_2d.h"

#include "requantize.h"

// Sum over the window of output pixel (`y`, `x`) for one output channel.
static int64_t accumulate(const struct conv_2d_int16_params *params, const int16_t *input,
                          const int8_t *weights, int32_t batch, int32_t y, int32_t x) {
    const struct spatial *s = &params->spatial;
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    int64_t sum = 0;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const int16_t *in =
                input + pixel(batch, s->input_height, s->input_width, s->input_channels,
                              top + row * s->dilation_height, left + column * s->dilation_width);
            const int8_t *w = weights + (row * s->window_width + column) * s->input_channels;
            for (int32_t channel = 0; channel < s->input_channels; ++channel) {
                sum += w[channel] * in[channel];
            }
        }
    }
    return sum;
}

static int16_t requantized(const struct conv_2d_int16_params *params, int64_t sum,
                           int32_t channel) {
    const int32_t scaled =
        requantize_wide(sum, params->multipliers[channel], params->shifts[channel]);
    return (int16_t)clamp_int32(scaled, params->activation_min, params->activation_max);
}

void conv_2d_int16(const struct conv_2d_int16_params *params, const int16_t *input,
                   const int8_t *weights, const int64_t *bias, int16_t *output) {
    const struct spatial *s = &params->spatial;
    const int32_t filter_size = s->window_height * s->window_width * s->input_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                    const int64_t sum =
                        accumulate(params, input, weights + channel * filter_size, batch, y, x) +
                        (bias ? bias[channel] : 0);
                    *output++ = requantized(params, sum, channel);
                }
            }
        }
    }
}
