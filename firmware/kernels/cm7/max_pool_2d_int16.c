// Two channels at a time, one window after the other.
#include "max_pool_2d.h"

#include "arch_armv7em.h"
#include "requantize.h"
#include "visible_window.h"

// A window, and what it looks at.
struct view {
    const int16_t *input;
    int32_t channels;
    struct visible_window window;
};

static uint32_t highest_two(const struct view *view, int32_t channel) {
    uint32_t highest = both_halves(INT16_MIN);
    const struct visible_window *window = &view->window;
    const int16_t *line = view->input + window->first + channel;
    for (int32_t row = 0; row < window->rows; ++row, line += window->row_step) {
        const int16_t *from = line;
        for (int32_t column = 0; column < window->columns; ++column, from += window->column_step) {
            highest = max_halves(highest, load_halves(from));
        }
    }
    return highest;
}

static int16_t highest_one(const struct view *view, int32_t channel) {
    const struct visible_window *window = &view->window;
    const int16_t *first = view->input + window->first + channel;
    int16_t highest = INT16_MIN;
    for (int32_t row = 0; row < window->rows; ++row) {
        for (int32_t column = 0; column < window->columns; ++column) {
            const int16_t value = first[row * window->row_step + column * window->column_step];
            highest = value > highest ? value : highest;
        }
    }
    return highest;
}

static void pool_pixel(const struct max_pool_2d_int16_params *params, const struct view *view,
                       int16_t *output) {
    const uint32_t lowest = both_halves(params->activation_min);
    const uint32_t largest = both_halves(params->activation_max);
    int32_t channel = 0;
    for (; channel + 2 <= view->channels; channel += 2) {
        const uint32_t highest = highest_two(view, channel);
        store_halves(output + channel, min_halves(max_halves(highest, lowest), largest));
    }
    if (channel < view->channels) {
        output[channel] = (int16_t)clamp_int32(highest_one(view, channel), params->activation_min,
                                               params->activation_max);
    }
}

void max_pool_2d_int16(const struct max_pool_2d_int16_params *params, const int16_t *input,
                       int16_t *output) {
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
