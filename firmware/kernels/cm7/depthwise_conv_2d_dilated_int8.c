// Four channels at a time where each has one filter: SXTAB16 widens the inputs and adds the
// offset, SXTB16 the weights, and each product goes to the sum of its own channel.
#include "depthwise_conv_2d_dilated.h"

#include "requantize_cm7.h"

// The taps of a window that lie inside the image, with the steps from one to the next in bytes.
struct taps {
    const int8_t *input, *weights;
    int32_t rows, columns;
    int32_t input_row, input_column, weights_row, weights_column;
};

struct four_sums {
    int32_t of[4];
};

static struct taps taps_at(const struct spatial *s, const int8_t *input, const int8_t *weights,
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

static struct four_sums sum_four(const struct taps *taps, int32_t channel, int32_t offset) {
    const uint32_t offsets = both_halves(offset);
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *in = taps->input + row * taps->input_row + channel;
        const int8_t *w = taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            const uint32_t bytes = load_word(in), weights = load_word(w);
            const uint32_t even = add_even_bytes(offsets, bytes), even_w = even_bytes(weights);
            const uint32_t odd = add_odd_bytes(offsets, bytes), odd_w = odd_bytes(weights);
            s0 = multiply_low_halves(even, even_w, s0);
            s1 = multiply_low_halves(odd, odd_w, s1);
            s2 = multiply_high_halves(even, even_w, s2);
            s3 = multiply_high_halves(odd, odd_w, s3);
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return (struct four_sums){{s0, s1, s2, s3}};
}

static int32_t sum_one(const struct taps *taps, int32_t input_channel, int32_t channel,
                       int32_t offset) {
    int32_t sum = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *in = taps->input + row * taps->input_row + input_channel;
        const int8_t *w = taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            sum += *w * (*in + offset);
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return sum;
}

static int8_t requantized(const struct depthwise_conv_2d_int8_params *params, const int32_t *bias,
                          int32_t sum, int32_t channel) {
    const struct requantizer by =
        make_requantizer(params->multipliers[channel], params->shifts[channel]);
    const int32_t scaled = requantize_cm7(sum + (bias ? bias[channel] : 0), &by);
    return (int8_t)clamp_int32(scaled + params->output_offset, params->activation_min,
                               params->activation_max);
}

static void convolve_pixel(const struct depthwise_conv_2d_int8_params *params,
                           const struct taps *taps, const int32_t *bias, int8_t *output) {
    const int32_t channels = params->spatial.output_channels;
    const int32_t fours = params->depth_multiplier == 1 ? channels / 4 * 4 : 0;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums = sum_four(taps, channel, params->input_offset);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = requantized(params, bias, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int32_t sum =
            sum_one(taps, channel / params->depth_multiplier, channel, params->input_offset);
        output[channel] = requantized(params, bias, sum, channel);
    }
}

void depthwise_conv_2d_dilated_int8(const struct depthwise_conv_2d_int8_params *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    int8_t *output) {
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
