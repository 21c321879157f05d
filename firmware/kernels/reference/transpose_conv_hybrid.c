// TensorFlow Lite scales each product and adds in float32. Here the sums are exact: the difference
// is that of a sum of n products rounded once a term, at most n * 2^-24 * sum of |weight * input|.
#include "transpose_conv.h"

#include "requantize.h"

// Sum over the pixels of one image whose windows hold output pixel (`y`, `x`), for one output
// channel.
static int32_t accumulate(const struct spatial *s, const int8_t *image, int32_t zero_point,
                          const int8_t *weights, int32_t y, int32_t x) {
    const int32_t bottom = y + s->padding_top;
    const int32_t right = x + s->padding_left;
    const struct span rows = reaching(bottom, s->window_height, s->stride_height, s->input_height);
    const struct span columns = reaching(right, s->window_width, s->stride_width, s->input_width);
    int32_t sum = 0;
    for (int32_t row = rows.begin; row < rows.end; ++row) {
        for (int32_t column = columns.begin; column < columns.end; ++column) {
            const int8_t *in =
                image + pixel(0, s->input_height, s->input_width, s->input_channels, row, column);
            const int8_t *w =
                weights + pixel(0, s->window_height, s->window_width, s->input_channels,
                                bottom - row * s->stride_height, right - column * s->stride_width);
            for (int32_t channel = 0; channel < s->input_channels; ++channel) {
                sum += w[channel] * (in[channel] - zero_point);
            }
        }
    }
    return sum;
}

static void convolve(const struct transpose_conv_hybrid_params *params, const int8_t *image,
                     struct quantized by, const int8_t *weights, const float *bias, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t filter_size = s->window_height * s->window_width * s->input_channels;
    for (int32_t y = 0; y < s->output_height; ++y) {
        for (int32_t x = 0; x < s->output_width; ++x) {
            for (int32_t channel = 0; channel < s->output_channels; ++channel) {
                const int32_t sum =
                    accumulate(s, image, by.zero_point, weights + channel * filter_size, y, x);
                const float scale = by.scale * weights_scale(&params->hybrid, channel);
                const float value = (float)sum * scale + (bias ? bias[channel] : 0.0f);
                *output++ = clamp_float32(value, params->activation_min, params->activation_max);
            }
        }
    }
}

void transpose_conv_hybrid(const struct transpose_conv_hybrid_params *params, const float *input,
                           const int8_t *weights, const float *bias, int8_t *quantized,
                           float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t inputs = s->input_height * s->input_width * s->input_channels;
    const int32_t outputs = s->output_height * s->output_width * s->output_channels;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const struct quantized by =
            quantize_input(&params->hybrid, input + batch * inputs, inputs, quantized);
        convolve(params, quantized, by, weights, bias, output + batch * outputs);
    }
}
