// Two channels at a time, one window after the other.
#include "max_pool_2d.h"

#include "arch_armv7em.h"
#include "requantize.h"

// A window inside the image: its first pixel, and the steps to the next pixel and line.
struct window {
    const int16_t *first;
    int32_t rows, columns;
    int32_t channels, line;
};

static struct window window_at(const struct spatial *s, const int16_t *input, int32_t batch,
                               int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, 1, s->input_height);
    const struct span columns = visible(left, s->window_width, 1, s->input_width);
    return (struct window){input + pixel(batch, s->input_height, s->input_width, s->input_channels,
                                         top + rows.begin, left + columns.begin),
                           rows.end - rows.begin, columns.end - columns.begin, s->input_channels,
                           s->input_width * s->input_channels};
}

static uint32_t highest_two(const struct window *window, int32_t channel) {
    uint32_t highest = both_halves(INT16_MIN);
    const int16_t *line = window->first + channel;
    for (int32_t row = 0; row < window->rows; ++row, line += window->line) {
        const int16_t *from = line;
        for (int32_t column = 0; column < window->columns; ++column, from += window->channels) {
            highest = max_halves(highest, load_halves(from));
        }
    }
    return highest;
}

static int16_t highest_one(const struct window *window, int32_t channel) {
    int16_t highest = INT16_MIN;
    for (int32_t row = 0; row < window->rows; ++row) {
        for (int32_t column = 0; column < window->columns; ++column) {
            const int16_t value =
                window->first[row * window->line + column * window->channels + channel];
            highest = value > highest ? value : highest;
        }
    }
    return highest;
}

static void pool_window(const struct max_pool_2d_int16_params *params, const struct window *window,
                        int16_t *output) {
    const uint32_t lowest = both_halves(params->activation_min);
    const uint32_t largest = both_halves(params->activation_max);
    int32_t channel = 0;
    for (; channel + 2 <= window->channels; channel += 2) {
        const uint32_t highest = highest_two(window, channel);
        store_halves(output + channel, min_halves(max_halves(highest, lowest), largest));
    }
    if (channel < window->channels) {
        output[channel] = (int16_t)clamp_int32(highest_one(window, channel), params->activation_min,
                                               params->activation_max);
    }
}

void max_pool_2d_int16(const struct max_pool_2d_int16_params *params, const int16_t *input,
                       int16_t *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct window window = window_at(s, input, batch, y, x);
                pool_window(params, &window, output);
                output += s->output_channels;
            }
        }
    }
}
