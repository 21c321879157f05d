// Eight or four channels at a time, their sums side by side in halfwords.
#include "average_pool_2d.h"

#include "requantize.h"
#include "sum_bytes.h"

// The part of a window that lies in the image.
static struct byte_rows window_at(const struct spatial *s, const int8_t *image, int32_t y,
                                  int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, 1, s->input_height);
    const struct span columns = visible(left, s->window_width, 1, s->input_width);
    struct byte_rows window = {
        .first = image + pixel(0, 0, s->input_width, s->input_channels, top + rows.begin,
                               left + columns.begin),
        .rows = rows.end - rows.begin,
        .columns = columns.end - columns.begin,
        .row_step = s->input_width * s->input_channels,
        .column_step = s->input_channels,
    };
    if (window.columns == s->input_width) { // the rows are one
        window.columns *= window.rows;
        window.rows = 1;
    }
    return window;
}

// Nearest, ties away from zero.
static int32_t rounded_quotient(int32_t sum, int32_t count) {
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

static void pool_window(const struct average_pool_2d_int8_params *params,
                        const struct byte_rows *window, int8_t *output) {
    const int32_t count = window->rows * window->columns;
    const int32_t channels = params->spatial.output_channels;
    int32_t sums[8];
    for (int32_t channel = 0; channel < channels;) {
        const int32_t done = sum_channels(window, channel, channels - channel, sums);
        for (int32_t i = 0; i < done; ++i, ++channel) {
            output[channel] = (int8_t)clamp_int32(rounded_quotient(sums[i], count),
                                                  params->activation_min, params->activation_max);
        }
    }
}

void average_pool_2d_int8(const struct average_pool_2d_int8_params *params, const int8_t *input,
                          int8_t *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct byte_rows window = window_at(s, input, y, x);
                pool_window(params, &window, output);
                output += s->output_channels;
            }
        }
        input += s->input_height * s->input_width * s->input_channels;
    }
}
