// Sixteen, four or one channels at a time, one VMAXNM a value: what is not a number does not count,
// as in the reference kernel, whose result this equals (of two zeros, it may be the other).
#include "max_pool_2d.h"

#include <float.h>
#include <math.h>

#include "requantize.h"
#include "visible_window.h"

// A window, and what it looks at.
struct view {
    const float *input;
    int32_t channels;
    struct visible_window window;
};

// The highest of each of `channels` channels from `channel` on; a copy is made for each constant.
static inline __attribute__((always_inline)) void
highest_of(const struct max_pool_2d_float32_params *params, const struct view *view,
           int32_t channel, int32_t channels, float *output) {
    const float low = params->activation_min, high = params->activation_max;
    const struct visible_window *window = &view->window;
    const float *row = view->input + window->first + channel;
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
            in += window->column_step;
        }
        row += window->row_step;
    }
#pragma GCC unroll 16
    for (int32_t i = 0; i < channels; ++i) {
        output[channel + i] = fminf(fmaxf(highest[i], low), high);
    }
}

static void pool_pixel(const struct max_pool_2d_float32_params *params, const struct view *view,
                       float *output) {
    int32_t channel = 0;
    for (; channel <= view->channels - 16; channel += 16) {
        highest_of(params, view, channel, 16, output);
    }
    for (; channel <= view->channels - 4; channel += 4) {
        highest_of(params, view, channel, 4, output);
    }
    for (; channel < view->channels; ++channel) {
        highest_of(params, view, channel, 1, output);
    }
}

void max_pool_2d_float32(const struct max_pool_2d_float32_params *params, const float *input,
                         float *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct view view = {input, s->input_channels, pool_window(s, batch, y, x)};
                pool_pixel(params, &view, output);
                output += s->output_channels;
            }
        }
    }
}
