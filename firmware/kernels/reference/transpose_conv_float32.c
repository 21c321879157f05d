#include "transpose_conv.h"

#include "requantize.h"

// Sum over the input pixels whose windows hold output pixel (`y`, `x`), for one output channel, in
// the order row, column, channel of the input: the last bits of a float depend on it.
static float accumulate(const struct transpose_conv_float32_params *params, const float *input,
                        const float *weights, int32_t batch, int32_t y, int32_t x) {
    const struct spatial *s = &params->spatial;
    const int32_t bottom = y + s->padding_top;
    const int32_t right = x + s->padding_left;
    const struct span rows = reaching(bottom, s->window_height, s->stride_height, s->input_height);
    const struct span columns = reaching(right, s->window_width, s->stride_width, s->input_width);
    float sum = 0.0f;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const float *in = input + pixel(batch, s->input_height, s->input_width,
                                            s->input_channels, row, column);
            const float *w =
                weights + pixel(0, s->window_height, s->window_width, s->input_channels,
                                bottom - row * s->stride_height, right - column * s->stride_width);
            for (int32_t channel = 0; channel < s->input_channels; ++channel) {
                sum += in[channel] * w[channel];
            }
        }
    }
    return sum;
}

void transpose_conv_float32(const struct transpose_conv_float32_params *params, const float *input,
                            const float *weights, const float *bias, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t filter_size = s->window_height * s->window_width * s->input_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                    const float sum =
                        accumulate(params, input, weights + channel * filter_size, batch, y, x) +
                        (bias ? bias[channel] : 0.0f);
                    *output++ = clamp_float32(sum, params->activation_min, params->activation_max);
                }
            }
        }
    }
}
