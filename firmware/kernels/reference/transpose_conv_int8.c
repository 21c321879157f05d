#include "transpose_conv.h"

#include "requantize.h"

// Sum over the input pixels whose windows hold output pixel (`y`, `x`), for one output channel.
static int32_t accumulate(const struct transpose_conv_int8_params *params, const int8_t *input,
                          const int8_t *weights, int32_t batch, int32_t y, int32_t x) {
    const struct spatial *s = &params->spatial;
    const int32_t bottom = y + s->padding_top;
    const int32_t right = x + s->padding_left;
    const struct span rows = reaching(bottom, s->window_height, s->stride_height, s->input_height);
    const struct span columns = reaching(right, s->window_width, s->stride_width, s->input_width);
    int32_t sum = 0;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const int8_t *in = input + pixel(batch, s->input_height, s->input_width,
                                             s->input_channels, row, column);
            const int8_t *w =
                weights + pixel(0, s->window_height, s->window_width, s->input_channels,
                                bottom - row * s->stride_height, right - column * s->stride_width);
            for (int32_t channel = 0; channel < s->input_channels; ++channel) {
                sum += w[channel] * (in[channel] + params->input_offset);
            }
        }
    }
    return sum;
}

static int8_t requantized(const struct transpose_conv_int8_params *params, int32_t sum,
                          int32_t channel) {
    const int32_t scaled = requantize(sum, params->multipliers[channel], params->shifts[channel]);
    return (int8_t)clamp_int32(scaled + params->output_offset, params->activation_min,
                               params->activation_max);
}

void transpose_conv_int8(const struct transpose_conv_int8_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, int8_t *output) {
    const struct spatial *s = &params->spatial;
    const int32_t filter_size = s->window_height * s->window_width * s->input_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                    const int32_t sum =
                        accumulate(params, input, weights + channel * filter_size, batch, y, x) +
                        (bias ? bias[channel] : 0);
                    *output++ = requantized(params, sum, channel);
                }
            }
        }
    }
}
