// Runs the int8 kernels of cm7/ that slide windows or multiply matrices, and their references.
#include "conv_2d.h"
#include "conv_2d_packed.h"
#include "depthwise_conv_2d.h"
#include "depthwise_conv_2d_dilated.h"
#include "drawn.h"
#include "fully_connected.h"
#include "max_pool_2d.h"

void reference_conv_2d_int8(const struct conv_2d_int8_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, int8_t *output);
void reference_depthwise_conv_2d_int8(const struct depthwise_conv_2d_int8_params *params,
                                      const int8_t *input, const int8_t *weights,
                                      const int32_t *bias, int8_t *output);
void reference_fully_connected_int8(const struct fully_connected_int8_params *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    int8_t *output);
void reference_max_pool_2d_int8(const struct max_pool_2d_int8_params *params, const int8_t *input,
                                int8_t *output);

enum { PACKED = 40000, KEPT = 256, GUARD = 0x5a5a5a5a };

static int8_t unpooled[OUTPUTS];
static uint32_t packed[PACKED];
static int32_t kept[KEPT + 1];

static void conv_2d(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    struct conv_2d_int8_params params = {.spatial = draw_spatial(),
                                         .input_offset = draw(-127, 128),
                                         .output_offset = draw(-128, 127),
                                         .multipliers = multipliers,
                                         .shifts = shifts};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, image_bytes(&params.spatial));
    w = at_end(!which, w,
               params.spatial.output_channels * window_elements(&params.spatial) *
                   params.spatial.input_channels);
    reference_conv_2d_int8(&params, input, w, bias, wanted + shift);
    conv_2d_int8(&params, input, w, bias, got + shift);
}

// Weights small enough for sums below 2^23, and none of -128.
static void limit_weights(int8_t *w, int32_t count, int32_t taps) {
    const int32_t most = ((1 << 23) - 20001) / (255 * taps);
    const int32_t limit = most < INT8_MAX ? most : INT8_MAX;
    for (int32_t i = 0; i < count; ++i) {
        w[i] = (int8_t)(w[i] < -limit ? -limit : w[i] > limit ? limit : w[i]);
    }
}

// Factors below 1/2, or 0.
static void limit_quantization(void) {
    for (int32_t i = 0; i < CHANNELS; ++i) {
        multipliers[i] = multipliers[i] < 1 << 30 ? 0 : multipliers[i];
        shifts[i] = shifts[i] < 0 ? shifts[i] : -1;
    }
}

static uint32_t *pack_scale(uint32_t *to, int32_t channel) {
    const uint32_t multiplier = (uint32_t)multipliers[channel];
    *to++ = 2 * multiplier;
    *to++ = multiplier ? (uint32_t)(-shifts[channel] - 1) : 30;
    return to;
}

// The lanes of taps `tap` and `tap` + 2 of a row, as in packed_tile.h.
static uint32_t pack_lanes(const int8_t *a, const int8_t *b, int32_t tap, int32_t row) {
    uint32_t word = 0;
    for (int32_t half = 0; half < 2 && tap < row; ++half, tap += 2) {
        word |= (uint32_t)(uint16_t)(256 * b[tap] + a[tap]) << (16 * half);
    }
    return word;
}

// Packs the weights of channels `a` and `a` + 1.
static uint32_t *pack_pair(uint32_t *to, const struct spatial *s, const int8_t *w,
                           const int32_t *bias, int32_t a) {
    const int32_t row = s->window_width * s->input_channels, size = s->window_height * row;
    const uint32_t bias_a = bias ? (uint32_t)bias[a] : 0, bias_b = bias ? (uint32_t)bias[a + 1] : 0;
    *to++ = 256 * bias_b + bias_a;
    *to++ = bias_a;
    for (int32_t y = 0; y < s->window_height; ++y) {
        const int8_t *of_a = w + a * size + y * row, *of_b = of_a + size;
        for (int32_t tap = 0; tap < row; tap += 4) {
            *to++ = pack_lanes(of_a, of_b, tap, row);
            *to++ = pack_lanes(of_a, of_b, tap + 1, row);
        }
    }
    return pack_scale(pack_scale(to, a), a + 1);
}

static int32_t pack(const struct spatial *s, const int8_t *w, const int32_t *bias) {
    uint32_t *to = packed;
    for (int32_t channel = 0; channel < s->output_channels; channel += 2) {
        const bool overlaps = channel && s->output_channels % 2;
        to = pack_pair(to, s, w, bias, channel - overlaps);
    }
    return (int32_t)(to - packed);
}

static void draw_pool(struct conv_2d_packed_int8_params *p) {
    static const int32_t heights[] = {1, 2, 1, 4}, widths[] = {1, 2, 4, 1};
    const int32_t which = draw(0, 3);
    p->pool_height = heights[which];
    p->pool_width = widths[which];
    p->pool_stride_height = p->pool_height + (which ? draw(0, 1) : 0);
    p->pool_stride_width = p->pool_width + (which ? draw(0, 1) : 0);
    p->spatial.output_height = draw(1, which ? 2 : 4);
    p->spatial.output_width = draw(1, which ? 2 : 7);
    if (which == 0 && draw(0, 1)) { // fewer than four pixels
        p->spatial.batches = p->spatial.output_height = 1;
        p->spatial.output_width = draw(1, 3);
    }
}

// The reference's convolution, and its pool of the whole image.
static void convolve_and_pool(const struct conv_2d_packed_int8_params *p, const int8_t *input,
                              const int8_t *w, const int32_t *bias, int8_t *output) {
    struct conv_2d_int8_params conv = {
        p->spatial, p->input_offset, p->output_offset, INT8_MIN, INT8_MAX, multipliers, shifts};
    struct max_pool_2d_int8_params pool = {p->spatial, p->activation_min, p->activation_max};
    struct spatial *of_conv = &conv.spatial, *of_pool = &pool.spatial;
    of_conv->output_height = (of_conv->output_height - 1) * p->pool_stride_height + p->pool_height;
    of_conv->output_width = (of_conv->output_width - 1) * p->pool_stride_width + p->pool_width;
    reference_conv_2d_int8(&conv, input, w, bias, unpooled);
    of_pool->input_height = of_conv->output_height;
    of_pool->input_width = of_conv->output_width;
    of_pool->input_channels = of_conv->output_channels;
    of_pool->window_height = p->pool_height, of_pool->window_width = p->pool_width;
    of_pool->stride_height = p->pool_stride_height, of_pool->stride_width = p->pool_stride_width;
    of_pool->dilation_height = of_pool->dilation_width = 1;
    of_pool->padding_top = of_pool->padding_left = 0;
    reference_max_pool_2d_int8(&pool, unpooled, output);
}

static void conv_2d_packed(const int8_t *input, const int8_t *w, const int32_t *bias,
                           int32_t shift) {
    struct conv_2d_packed_int8_params p = {.spatial = draw_spatial(),
                                           .input_offset = draw(-127, 128),
                                           .output_offset = draw(-128, 127)};
    struct spatial *s = &p.spatial;
    draw_pool(&p);
    draw_range(&p.activation_min, &p.activation_max);
    s->output_channels = draw(2, s->input_channels > 13 ? 10 : CHANNELS);
    const int32_t row = s->window_width * s->input_channels, taps = s->window_height * row;
    const bool tiles =
        p.pool_height * p.pool_width > 1 || s->batches * s->output_height * s->output_width >= 4;
    // Of pixels that are no four only a piece's sum is limited.
    limit_weights(weights, sizeof(weights), tiles || taps < 576 ? taps : 576);
    limit_quantization();
    const int32_t words = pack(s, w, bias);
    const bool which = draw(0, 1);
    input = at_end(which, input, image_bytes(s));
    const void *at = at_end(!which, (const int8_t *)packed, 4 * words);
    const int32_t filled = s->window_height * ((row + 3) / 4 * 4);
    const int32_t pairs = (s->output_channels + 1) / 2;
    const int32_t sums = filled > 144 && tiles ? 8 * pairs : filled > 576 ? 2 * pairs : 0;
    kept[sums] = GUARD;
    convolve_and_pool(&p, input, w, bias, wanted + shift);
    conv_2d_packed_int8(&p, input, at, sums ? kept : NULL, got + shift);
    got[0] += kept[sums] != GUARD;
}

static void depthwise_conv_2d(const int8_t *input, const int8_t *w, const int32_t *bias,
                              int32_t shift) {
    struct depthwise_conv_2d_int8_params params = {.spatial = draw_spatial(),
                                                   .depth_multiplier = draw(0, 1) ? 1 : draw(1, 3),
                                                   .input_offset = draw(-127, 128),
                                                   .output_offset = draw(-128, 127),
                                                   .multipliers = multipliers,
                                                   .shifts = shifts};
    params.spatial.input_channels = draw(1, CHANNELS / params.depth_multiplier);
    params.spatial.output_channels = params.spatial.input_channels * params.depth_multiplier;
    if (draw(0, 1)) {
        params.spatial.window_height = draw(1, 9);
        params.spatial.window_width = draw(1, 9);
        params.spatial.output_height = draw(1, 20);
    }
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, image_bytes(&params.spatial));
    w = at_end(!which, w, params.spatial.output_channels * window_elements(&params.spatial));
    reference_depthwise_conv_2d_int8(&params, input, w, bias, wanted + shift);
    if (draw(0, 2)) {
        depthwise_conv_2d_int8(&params, input, w, bias, got + shift);
    } else {
        depthwise_conv_2d_dilated_int8(&params, input, w, bias, got + shift);
    }
}

static void fully_connected(const int8_t *input, const int8_t *w, const int32_t *bias,
                            int32_t shift) {
    struct fully_connected_int8_params params = {.batches = draw(1, 3),
                                                 .input_depth = draw(1, 150),
                                                 .output_depth = draw(1, CHANNELS),
                                                 .input_offset = draw(-127, 128),
                                                 .weights_offset = draw(0, 1) * draw(-127, 128),
                                                 .output_offset = draw(-128, 127),
                                                 .per_channel = draw(0, 1),
                                                 .multipliers = multipliers,
                                                 .shifts = shifts};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    input = at_end(which, input, params.batches * params.input_depth);
    w = at_end(!which, w, params.output_depth * params.input_depth);
    reference_fully_connected_int8(&params, input, w, bias, wanted + shift);
    fully_connected_int8(&params, input, w, bias, got + shift);
}

static void max_pool_2d(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift) {
    (void)w, (void)bias;
    struct max_pool_2d_int8_params params = {.spatial = draw_spatial()};
    params.spatial.output_channels = params.spatial.input_channels;
    draw_range(&params.activation_min, &params.activation_max);
    input = at_end(draw(0, 1), input, image_bytes(&params.spatial));
    reference_max_pool_2d_int8(&params, input, wanted + shift);
    max_pool_2d_int8(&params, input, got + shift);
}

int main(void) {
    static const struct compared_kernel kernels[] = {{"conv_2d", conv_2d},
                                                     {"conv_2d_packed", conv_2d_packed},
                                                     {"depthwise_conv_2d", depthwise_conv_2d},
                                                     {"fully_connected", fully_connected},
                                                     {"max_pool_2d", max_pool_2d}};
    compare(kernels, sizeof(kernels) / sizeof(*kernels));
}
