// The image is quantized, then four channels at a time go where each has one filter: SXTAB16 widens
// the inputs and takes off the zero point, SXTB16 the weights, and each product goes to the sum of
// its own channel.
#include "arch_armv7em.h"
#include "depthwise_conv_2d.h"
#include "requantize.h"

// The taps of a window that lie inside the image, with the steps from one to the next in bytes.
struct taps {
    const int8_t *input, *weights;
    int32_t rows, columns;
    int32_t input_row, input_column, weights_row, weights_column;
};

struct four_sums {
    int32_t of[4];
};

static struct taps taps_at(const struct spatial *s, const int8_t *image, const int8_t *weights,
                           int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    const int32_t first =
        pixel(0, s->input_height, s->input_width, s->input_channels,
              top + rows.begin * s->dilation_height, left + columns.begin * s->dilation_width);
    const int32_t tap = (rows.begin * s->window_width + columns.begin) * s->output_channels;
    return (struct taps){.input = image + first,
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

// What turns sums into outputs.
struct target {
    const struct depthwise_conv_2d_hybrid_params *params;
    const float *bias;
    float scale; // of the image
};

static inline float real(const struct target *target, int32_t sum, int32_t channel) {
    const struct depthwise_conv_2d_hybrid_params *p = target->params;
    const float scale = target->scale * weights_scale(&p->hybrid, channel);
    const float value = (float)sum * scale + (target->bias ? target->bias[channel] : 0.0f);
    return clamp_float32(value, p->activation_min, p->activation_max);
}

static void convolve_pixel(const struct target *target, const struct taps *taps, int32_t offset,
                           float *output) {
    const struct depthwise_conv_2d_hybrid_params *p = target->params;
    const int32_t channels = p->spatial.output_channels;
    const int32_t fours = p->depth_multiplier == 1 ? channels / 4 * 4 : 0;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums = sum_four(taps, channel, offset);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = real(target, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int32_t sum = sum_one(taps, channel / p->depth_multiplier, channel, offset);
        output[channel] = real(target, sum, channel);
    }
}

static void convolve_image(const struct target *target, const int8_t *image, int32_t zero_point,
                           const int8_t *weights, float *output) {
    const struct spatial *s = &target->params->spatial;
    for (int32_t y = 0; y < s->output_height; ++y) {
        for (int32_t x = 0; x < s->output_width; ++x) {
            const struct taps taps = taps_at(s, image, weights, y, x);
            convolve_pixel(target, &taps, -zero_point, output);
            output += s->output_channels;
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
        const struct target target = {params, bias, by.scale};
        convolve_image(&target, quantized, by.zero_point, weights, output + batch * outputs);
    }
}
