#include "average_pool_2d.h"

#include "requantize.h"

// Nearest, ties away from zero.
static int32_t rounded_quotient(int32_t sum, int32_t count) {
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

static int32_t average_of_window(const struct spatial *s, const int16_t *input, int32_t batch,
                                 int32_t y, int32_t x, int32_t channel) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, 1, s->input_height);
    const struct span columns = visible(left, s->window_width, 1, s->input_width);
    int32_t sum = 0;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            sum += input[pixel(batch, s->input_height, s->input_width, s->input_channels, top + row,
                               left + column) +
                         channel];
        }
    }
    return rounded_quotient(sum, (rows.end - rows.begin) * (columns.end - columns.begin));
}

void average_pool_2d_int16(const struct average_pool_2d_int16_params *params, const int16_t *input,
                           int16_t *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                    const int32_t average = average_of_window(s, input, batch, y, x, channel);
                    *output++ = (int16_t)clamp_int32(average, params->activation_min,
                                                     params->activation_max);
                }
            }
        }
    }
}
