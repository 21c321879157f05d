// Four channels at a time where each has one filter: SXTB16 widens the weights, and each product
// goes to the sum of its own channel. The sums of a window of up to 508 taps have 32 bits, as
// 508 * 128 * 2^15 < 2^31.
#include "depthwise_conv_2d.h"

#include <stdbool.h>

#include "arch_armv7em.h"
#include "depthwise_taps.h"
#include "requantize.h"
#include "requantize_wide_cm7.h"

enum { MOST_TAPS = 508 };

// Image and weights, and the taps of one window.
struct window {
    const int16_t *input;
    const int8_t *weights;
    struct taps taps;
};

static struct four_sums sum_four(const struct window *window, int32_t channel) {
    const struct taps *taps = &window->taps;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int16_t *in = window->input + taps->input + row * taps->input_row + channel;
        const int8_t *w = window->weights + taps->weights + row * taps->weights_row + channel;
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

static int64_t sum_one(const struct window *window, int32_t input_channel, int32_t channel) {
    const struct taps *taps = &window->taps;
    int64_t sum = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int16_t *in = window->input + taps->input + row * taps->input_row + input_channel;
        const int8_t *w = window->weights + taps->weights + row * taps->weights_row + channel;
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
                           const struct window *window, const int64_t *bias, int16_t *output) {
    const struct taps *taps = &window->taps;
    const int32_t channels = params->spatial.output_channels;
    const bool fast = params->depth_multiplier == 1 && taps->rows * taps->columns <= MOST_TAPS;
    const int32_t fours = fast ? channels / 4 * 4 : 0;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums = sum_four(window, channel);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = requantized(params, bias, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int64_t sum = sum_one(window, channel / params->depth_multiplier, channel);
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
                const struct window window = {input, weights, taps_at(s, batch, y, x)};
                convolve_pixel(params, &window, bias, output);
                output += s->output_channels;
            }
        }
    }
}
