#include "max_pool_2d.h"

#include "requantize.h"

static int16_t highest_in_window(const struct spatial *s, const int16_t *input, int32_t batch,
                                 int32_t y, int32_t x, int32_t channel) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, 1, s->input_height);
    const struct span columns = visible(left, s->window_width, 1, s->input_width);
    int16_t highest = INT16_MIN;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const int16_t value = input[pixel(batch, s->input_height, s->input_width,
                                              s->input_channels, top + row, left + column) +
                                        channel];
            highest = value > highest ? value : highest;
        }
    }
    return highest;
}

void max_pool_2d_int16(const struct max_pool_2d_int16_params *params, const int16_t *input,
                       int16_t *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                    const int16_t highest = highest_in_window(s, input, batch, y, x, channel);
                    *output++ = (int16_t)clamp_int32(highest, params->activation_min,
                                                     params->activation_max);
                }
            }
        }
    }
}
