// Sixteen, four or one channels at a time, one VMAXNM a value: what is not a number does not count,
// as in the reference kernel, whose result this equals (of two zeros, it may be the other).
#include "max_pool_2d.h"

#include <float.h>
#include <math.h>

#include "requantize.h"

// The part of a window that lies in the image.
struct visible_window {
    const float *first;
    int32_t rows, columns;
    int32_t channels, row_step; // floats from one column, one row to the next
};

// The highest of each of `channels` channels from `channel` on; a copy is made for each constant.
static inline __attribute__((always_inline)) void
highest_of(const struct max_pool_2d_float32_params *params, const struct visible_window *window,
           int32_t channel, int32_t channels, float *output) {
    const float low = params->activation_min, high = params->activation_max;
    const float *row = window->first + channel;
    float highest[16];
#pragma GCC unroll 16
    for (int32_t i = 0; i < channels; ++i) {
        highest[i] = -FLT_MAX;
    }
    for (int32_t y = 0; y < window->rows; ++y) {
        const float *in = row;
        for (int32_t x = 0; x < window->columns; ++x) {
#pragma GCC unroll 16
            for (int32_t i = 0; i < channels; ++i) {
                highest[i] = fmaxf(highest[i], in[i]);
            }
            in += window->channels;
        }
        row += window->row_step;
    }
#pragma GCC unroll 16
    for (int32_t i = 0; i < channels; ++i) {
        output[channel + i] = fminf(fmaxf(highest[i], low), high);
    }
}

static void pool_pixel(const struct max_pool_2d_float32_params *params,
                       const struct visible_window *window, float *output) {
    int32_t channel = 0;
    for (; channel <= window->channels - 16; channel += 16) {
        highest_of(params, window, channel, 16, output);
    }
    for (; channel <= window->channels - 4; channel += 4) {
        highest_of(params, window, channel, 4, output);
    }
    for (; channel < window->channels; ++channel) {
        highest_of(params, window, channel, 1, output);
    }
}

static struct visible_window window_of(const struct spatial *s, const float *image, int32_t y,
                                       int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, 1, s->input_height);
    const struct span columns = visible(left, s->window_width, 1, s->input_width);
    return (struct visible_window){
        .first = image + pixel(0, 0, s->input_width, s->input_channels, top + rows.begin,
                               left + columns.begin),
        .rows = rows.end - rows.begin,
        .columns = columns.end - columns.begin,
        .channels = s->input_channels,
        .row_step = s->input_width * s->input_channels,
    };
}

void max_pool_2d_float32(const struct max_pool_2d_float32_params *params, const float *input,
                         float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t image = s->input_height * s->input_width * s->input_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct visible_window window = window_of(s, input + batch * image, y, x);
                pool_pixel(params, &window, output);
                output += s->output_channels;
            }
        }
    }
}
