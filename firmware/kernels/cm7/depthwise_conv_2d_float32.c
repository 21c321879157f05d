// Twelve, four or one channels at a time. Accuracy: that of a sum of n = window + 1 terms, rounded
// once a term: off by at most n * 2^-24 * (sum of |weight * input| + |bias|), in practice a few
// 2^-24 of it.
#include "depthwise_conv_2d.h"

#include "requantize.h"

// The part of a window that lies in the image, and the weights for it.
struct visible_window {
    const float *input, *weights; // its first pixel
    int32_t rows, columns;
    int32_t input_row, input_column; // floats from one row, one column to the next
    int32_t weights_row;
};

// Writes `channels` channels from `channel` on, which see as many input channels or are one; a copy
// is made for each constant.
static inline __attribute__((always_inline)) void
convolve(const struct depthwise_conv_2d_float32_params *params, const struct visible_window *window,
         const float *bias, int32_t channel, int32_t channels, float *output) {
    const int32_t weights_column = params->spatial.output_channels;
    const float low = params->activation_min, high = params->activation_max;
    const float *input_row = window->input + channel / params->depth_multiplier;
    const float *weights_row = window->weights + channel;
    float sums[12];
#pragma GCC unroll 12
    for (int32_t i = 0; i < channels; ++i) {
        sums[i] = bias ? bias[channel + i] : 0.0f;
    }
    for (int32_t y = 0; y < window->rows; ++y) {
        const float *in = input_row, *w = weights_row;
        for (int32_t x = 0; x < window->columns; ++x) {
#pragma GCC unroll 12
            for (int32_t i = 0; i < channels; ++i) {
                sums[i] = __builtin_fmaf(w[i], in[i], sums[i]);
            }
            in += window->input_column;
            w += weights_column;
        }
        input_row += window->input_row;
        weights_row += window->weights_row;
    }
#pragma GCC unroll 12
    for (int32_t i = 0; i < channels; ++i) {
        output[channel + i] = clamp_float32(sums[i], low, high);
    }
}

static void convolve_pixel(const struct depthwise_conv_2d_float32_params *params,
                           const struct visible_window *window, const float *bias, float *output) {
    const int32_t channels = params->spatial.output_channels;
    int32_t channel = 0;
    if (params->depth_multiplier == 1) {
        for (; channel <= channels - 12; channel += 12) {
            convolve(params, window, bias, channel, 12, output);
        }
        for (; channel <= channels - 4; channel += 4) {
            convolve(params, window, bias, channel, 4, output);
        }
    }
    for (; channel < channels; ++channel) {
        convolve(params, window, bias, channel, 1, output);
    }
}

static struct visible_window window_of(const struct spatial *s, const float *image,
                                       const float *weights, int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    return (struct visible_window){
        .input = image + pixel(0, 0, s->input_width, s->input_channels,
                               top + rows.begin * s->dilation_height,
                               left + columns.begin * s->dilation_width),
        .weights =
            weights + pixel(0, 0, s->window_width, s->output_channels, rows.begin, columns.begin),
        .rows = rows.end - rows.begin,
        .columns = columns.end - columns.begin,
        .input_row = s->dilation_height * s->input_width * s->input_channels,
        .input_column = s->dilation_width * s->input_channels,
        .weights_row = s->window_width * s->output_channels,
    };
}

void depthwise_conv_2d_float32(const struct depthwise_conv_2d_float32_params *params,
                               const float *input, const float *weights, const float *bias,
                               float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t image = s->input_height * s->input_width * s->input_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        for (int32_t y = 0; y < s->output_height; ++y) {
            for (int32_t x = 0; x < s->output_width; ++x) {
                const struct visible_window window =
                    window_of(s, input + batch * image, weights, y, x);
                convolve_pixel(params, &window, bias, output);
                output += s->output_channels;
            }
        }
    }
}
