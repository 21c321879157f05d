// The image is quantized, then four channels at a time go where each has one filter, else one.
#include "depthwise_conv_2d.h"
#include "depthwise_sums_int8.h"
#include "requantize.h"

// What is summed, and what turns sums into outputs.
struct target {
    const struct depthwise_conv_2d_hybrid_params *params;
    const int8_t *image, *weights;
    int32_t zero_point; // of the image
    const float *bias;
    float scale; // of the image too
};

static inline float real(const struct target *target, int32_t sum, int32_t channel) {
    const struct depthwise_conv_2d_hybrid_params *p = target->params;
    const float scale = target->scale * weights_scale(&p->hybrid, channel);
    const float value = (float)sum * scale + (target->bias ? target->bias[channel] : 0.0f);
    return clamp_float32(value, p->activation_min, p->activation_max);
}

static void convolve_pixel(const struct target *target, const struct taps *taps, float *output) {
    const struct depthwise_conv_2d_hybrid_params *p = target->params;
    const int32_t channels = p->spatial.output_channels;
    const int32_t fours = p->depth_multiplier == 1 ? channels / 4 * 4 : 0;
    const int8_t *image = target->image, *weights = target->weights;
    const int32_t offset = -target->zero_point;
    int32_t channel = 0;
    while (channel < fours) {
        const struct four_sums sums = sum_four(taps, image, weights, channel, offset);
        for (int32_t i = 0; i < 4; ++i, ++channel) {
            output[channel] = real(target, sums.of[i], channel);
        }
    }
    for (; channel < channels; ++channel) {
        const int32_t sum =
            sum_one(taps, image, weights, channel / p->depth_multiplier, channel, offset);
        output[channel] = real(target, sum, channel);
    }
}

static void convolve_image(const struct target *target, float *output) {
    const struct spatial *s = &target->params->spatial;
    for (int32_t y = 0; y < s->output_height; ++y) {
        for (int32_t x = 0; x < s->output_width; ++x) {
            const struct taps taps = taps_at(s, 0, y, x);
            convolve_pixel(target, &taps, output);
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
        const struct target target = {params, quantized, weights, by.zero_point, bias, by.scale};
        convolve_image(&target, output + batch * outputs);
    }
}
