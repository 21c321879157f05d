// Four channels at a time where each has one filter: SXTB16 widens the weights, and each product
// goes to the sum of its own channel. The sums of a window of up to 508 taps have 32 bits, as
// 508 * 128 * 2^15 < 2^31.
#include "depthwise_conv_2d.h"

#include <stdbool.h>

#include "arch_armv7em.h"
#include "requantize.h"
#include "requantize_wide_cm7.h"

enum { MOST_TAPS = 508 };

// The taps of a window that lie inside the image, with the steps from one to the next in elements.
struct taps {
    const int16_t *input;
    const int8_t *weights;
    int32_t rows, columns;
    int32_t input_row, input_column, weights_row, weights_column;
};

struct four_sums {
    int32_t of[4];
};

static struct taps taps_at(const struct spatial *s, const int16_t *input, const int8_t *weights,
                           int32_t batch, int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    const int32_t first =
        pixel(batch, s->input_height, s->input_width, s->input_channels,
              top + rows.begin * s->dilation_height, left + columns.begin * s->dilation_width);
    const int32_t tap = (rows.begin * s->window_width + columns.begin) * s->output_channels;
    return (struct taps){.input = input + first,
                         .weights = weights + tap,
                         .rows = rows.end - rows.begin,
                         .columns = columns.end - columns.begin,
                         .input_row = s->dilation_height * s->input_width * s->input_channels,
                         .input_column = s->dilation_width * s->input_channels,
                         .weights_row = s->window_width * s->output_channels,
                         .weights_column = s->output_channels};
}

static struct four_sums sum_four(const struct taps *taps, int32_t channel) {
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int16_t *in = taps->input + row * taps->input_row + channel;
        const int8_t *w = taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            const uint32_t first = load_halves(in), second = load_halves(in + 2);
            const uint32_t weights = load_word(w);
            const uint32_t even = even_bytes(weights), odd = odd_bytes(weights);
            s0 = multiply_low_halves(first, even, s0);
            s1 = multiply_high_by_low_half(first, odd, s1);
            s2 = multiply_low_by_high_half(second, even, s2);
            s3 = multiply_high_halves(second, odd, s3);
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return (struct four_sums){{s0, s1, s2, s3}};
}

static int64_t sum_one(const struct taps *taps, int32_t input_channel, int32_t channel) {
    int64_t sum = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int16_t *in = taps->input + row * taps->input_row + input_channel;
        const int8_t *w = taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            sum += *w * *in;
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return sum;
}

static int16_t requantized(const struct depthwise_conv_2d_int16_params *params, const int64_t *bias,
                           int64_t sum, int32_t channel) {
    const int32_t scaled = requantize_wide_cm7(
        sum + (bias ? bias[channel] : 0), params->multipliers[channel], params->shifts[channel]);
    return (int16_t)clamp_int32(scaled, params->activation_min, params->activation_max);
}

static void convolve_pixel(const struct depthwise_conv_2d_int16_params *params,
                           const struct taps *taps, const int64_t *bias, int16_t *output) {
    const int32_t channels = params->spatial.output_channels;
    const bool fast = params->depth_multiplier == 1 && taps->rows * taps->columns <= MOST_TAPS;
    const int32_t fours = fast ? channels / 4 * 4 : 0;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums = sum_four(taps, channel);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = requantized(params, bias, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int64_t sum = sum_one(taps, channel / params->depth_multiplier, channel);
        output[channel] = requantized(params, bias, sum, channel);
    }
}

void depthwise_conv_2d_int16(const struct depthwise_conv_2d_int16_params *params,
                             const int16_t *input, const int8_t *weights, const int64_t *bias,
                             int16_t *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct taps taps = taps_at(s, input, weights, batch, y, x);
                convolve_pixel(params, &taps, bias, output);
                output += s->output_channels;
            }
        }
    }
}
