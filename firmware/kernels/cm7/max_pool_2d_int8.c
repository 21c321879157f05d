// Four channels at a time, one window after the other.
#include "max_pool_2d.h"

#include "arch_armv7em.h"
#include "requantize.h"
#include "visible_window.h"

// A window, and what it looks at.
struct view {
    const int8_t *input;
    int32_t channels;
    struct visible_window window;
};

static uint32_t highest_four(const struct view *view, int32_t channel) {
    uint32_t highest = all_bytes(INT8_MIN);
    const struct visible_window *window = &view->window;
    const int8_t *line = view->input + window->first + channel;
    for (int32_t row = 0; row < window->rows; ++row, line += window->row_step) {
        const int8_t *from = line;
        for (int32_t column = 0; column < window->columns; ++column, from += window->column_step) {
            highest = max_bytes(highest, load_word(from));
        }
    }
    return highest;
}

static int8_t highest_one(const struct view *view, int32_t channel) {
    const struct visible_window *window = &view->window;
    const int8_t *first = view->input + window->first + channel;
    int8_t highest = INT8_MIN;
    for (int32_t row = 0; row < window->rows; ++row) {
        for (int32_t column = 0; column < window->columns; ++column) {
            const int8_t value = first[row * window->row_step + column * window->column_step];
            highest = value > highest ? value : highest;
        }
    }
    return highest;
}

static void pool_pixel(const struct max_pool_2d_int8_params *params, const struct view *view,
                       int8_t *output) {
    const uint32_t lowest = all_bytes(params->activation_min);
    const uint32_t largest = all_bytes(params->activation_max);
    int32_t channel = 0;
    for (; channel + 4 <= view->channels; channel += 4) {
        const uint32_t highest = highest_four(view, channel);
        store_word(output + channel, min_bytes(max_bytes(highest, lowest), largest));
    }
    for (; channel < view->channels; ++channel) {
        output[channel] = (int8_t)clamp_int32(highest_one(view, channel), params->activation_min,
                                              params->activation_max);
    }
}

void max_pool_2d_int8(const struct max_pool_2d_int8_params *params, const int8_t *input,
                      int8_t *output) {
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
