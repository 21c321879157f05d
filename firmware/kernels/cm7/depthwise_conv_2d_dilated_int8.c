// Four channels at a time where each has one filter, else one.
#include "depthwise_conv_2d_dilated.h"

#include "depthwise_sums_int8.h"
#include "requantize_cm7.h"

// Image and weights, and the taps of one window.
struct window {
    const int8_t *input, *weights;
    struct taps taps;
};

static int8_t requantized(const struct depthwise_conv_2d_int8_params *params, const int32_t *bias,
                          int32_t sum, int32_t channel) {
    const struct requantizer by =
        make_requantizer(params->multipliers[channel], params->shifts[channel]);
    const int32_t scaled = requantize_cm7(sum + (bias ? bias[channel] : 0), &by);
    return (int8_t)clamp_int32(scaled + params->output_offset, params->activation_min,
                               params->activation_max);
}

static void convolve_pixel(const struct depthwise_conv_2d_int8_params *params,
                           const struct window *window, const int32_t *bias, int8_t *output) {
    const int8_t *input = window->input, *weights = window->weights;
    const int32_t channels = params->spatial.output_channels;
    const int32_t fours = params->depth_multiplier == 1 ? channels / 4 * 4 : 0;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums =
            sum_four(&window->taps, input, weights, channel, params->input_offset);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = requantized(params, bias, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int32_t sum =
            sum_one(&window->taps, input, weights, channel / params->depth_multiplier, channel,
                    params->input_offset);
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
                const struct window window = {input, weights, taps_at(s, batch, y, x)};
                convolve_pixel(params, &window, bias, output);
                output += s->output_channels;
            }
        }
    }
}
