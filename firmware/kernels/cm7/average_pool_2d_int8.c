// Eight or four channels at a time, their sums side by side in halfwords.
#include "average_pool_2d.h"

#include <stdbool.h>

#include "requantize.h"
#include "sum_bytes.h"
#include "visible_window.h"

static struct byte_rows rows_of(const struct spatial *s, const int8_t *input, int32_t batch,
                                int32_t y, int32_t x) {
    const struct visible_window window = pool_window(s, batch, y, x);
    const bool whole = window.columns == s->input_width; // the rows are one
    return (struct byte_rows){
        .first = input + window.first,
        .rows = whole ? 1 : window.rows,
        .columns = whole ? window.rows * window.columns : window.columns,
        .row_step = window.row_step,
        .column_step = window.column_step,
    };
}

// Nearest, ties away from zero.
static int32_t rounded_quotient(int32_t sum, int32_t count) {
    return (sum + (sum > 0 ? count / 2 : -(count / 2))) / count;
}

static void pool_pixel(const struct average_pool_2d_int8_params *params,
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
                const struct byte_rows window = rows_of(s, input, batch, y, x);
                pool_pixel(params, &window, output);
                output += s->output_channels;
            }
        }
    }
}
