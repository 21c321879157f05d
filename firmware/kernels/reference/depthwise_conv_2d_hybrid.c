#include "depthwise_conv_2d.h"

#include "requantize.h"

// Sum over the window of output pixel (`y`, `x`) of one image for one output channel.
static int32_t accumulate(const struct depthwise_conv_2d_hybrid_params *params, const int8_t *image,
                          int32_t zero_point, const int8_t *weights, int32_t y, int32_t x,
                          int32_t channel) {
    const struct spatial *s = &params->spatial;
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    int32_t sum = 0;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const int32_t in =
                pixel(0, s->input_height, s->input_width, s->input_channels,
                      top + row * s->dilation_height, left + column * s->dilation_width) +
                channel / params->depth_multiplier;
            const int32_t w = (row * s->window_width + column) * s->output_channels + channel;
            sum += weights[w] * (image[in] - zero_point);
        }
    }
    return sum;
}

static void convolve(const struct depthwise_conv_2d_hybrid_params *params, const int8_t *image,
                     struct quantized by, const int8_t *weights, const float *bias, float *output) {
    const struct spatial *s = &params->spatial;
    for (int32_t y = 0; y < s->output_height; ++y) {
        for (int32_t x = 0; x < s->output_width; ++x) {
            for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                const int32_t sum =
                    accumulate(params, image, by.zero_point, weights, y, x, channel);
                const float scale = by.scale * weights_scale(&params->hybrid, channel);
                const float value = (float)sum * scale + (bias ? bias[channel] : 0.0f);
                *output++ = clamp_float32(value, params->activation_min, params->activation_max);
            }
        }
    }
}

void depthwise_conv_2d_hybrid(const struct depthwise_conv_2d_hybrid_params *params,
                              const float *input, const int8_t *weights, const float *bias,
                              int8_t *quantized, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t inputs = s->input_height * s->input_width * s->input_channels;
    const int32_t outputs = s->output_height * s->output_width * s->output_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const struct quantized by =
            quantize_input(&params->hybrid, input + batch * inputs, inputs, quantized);
        convolve(params, quantized, by, weights, bias, output + batch * outputs);
    }
}
