// Depthwise convolution of windows of any size up to WEIGHT_WORDS, undilated, with weights as they
// are in the file: the words of one channel's are made when its turn comes in a tile.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_WINDOWS_H
#define TINYML_KERNELS_CM7_DEPTHWISE_WINDOWS_H

#include "clamp_bytes.h"
#include "depthwise_conv_2d.h"
#include "depthwise_layout.h"
#include "scale_elements.h"

enum {
    COLUMN_WORDS = 8, // pairs of rows
    PLANE_COLUMNS = 9,
    PLANE_WORDS = PLANE_COLUMNS * COLUMN_WORDS,
    BLOCK = 4, // outputs below each other
    // The last block may reach over the end, for outputs that are then left out.
    TILE_WORDS = PLANES * PLANE_WORDS + BLOCK + COLUMN_WORDS,
    WEIGHT_WORDS = 56, // of 7 x 7
};

// The taps of a window; steps are those of the weights, in bytes, along and across.
struct taps {
    int32_t along, across;
    int32_t along_step, across_step;
};

// Words of a column that two outputs below each other see.
static inline int32_t pairs_of(int32_t window) {
    return (window + 2) / 2;
}

// Two words for each word of a column: what it is multiplied by for an output that starts with its
// first row, and for one that starts with its second.
static inline void widen_weights(const struct taps *taps, const int8_t *weights, uint32_t *to) {
    const int32_t step = taps->along_step;
    for (int32_t column = 0; column < taps->across; ++column, weights += taps->across_step) {
        const int8_t *from = weights;
        uint32_t before = 0;
        for (int32_t left = taps->along / 2; left > 0; --left, to += 2) {
            const uint32_t first = (uint32_t)from[0], second = (uint32_t)from[step];
            to[0] = pack_low_halves(first, second);
            to[1] = pack_low_halves(before, first);
            before = second;
            from += 2 * step;
        }
        const uint32_t last = taps->along % 2 ? (uint32_t)from[0] : 0;
        to[0] = pack_low_halves(last, 0);
        to[1] = pack_low_halves(before, last);
        to += 2;
    }
}

struct block {
    int32_t sums[BLOCK];
};

// Four outputs below each other. Copies are made for the usual numbers of pairs.
static inline __attribute__((always_inline)) struct block sum_block(const uint32_t *words,
                                                                    const uint32_t *weights,
                                                                    int32_t columns, int32_t pairs,
                                                                    int32_t stride, int32_t bias) {
    int32_t s0 = bias, s1 = bias, s2 = bias, s3 = bias;
    for (; columns > 0; --columns, words += COLUMN_WORDS) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < pairs; ++i, weights += 2) {
            const uint32_t even = weights[0], odd = weights[1];
            s0 = dot_halves(words[i], even, s0);
            s1 = stride == 1 ? dot_halves(words[i], odd, s1) : dot_halves(words[i + 1], even, s1);
            s2 = dot_halves(words[i + (stride == 1 ? 1 : 2)], even, s2);
            s3 = stride == 1 ? dot_halves(words[i + 1], odd, s3)
                             : dot_halves(words[i + 3], even, s3);
        }
    }
    return (struct block){{s0, s1, s2, s3}};
}

// One output channel of a layer.
struct filter {
    uint32_t weights[WEIGHT_WORDS];
    int32_t bias;
    struct element_scale scale;
    struct quick_scale quick; // where `is_quick`
    bool is_quick;
};

static inline __attribute__((always_inline)) void write_block(const struct filter *filter,
                                                              struct block block, int32_t count,
                                                              int8_t *output, int32_t step) {
    const struct quick_scale by = filter->quick;
    if (filter->is_quick && count >= BLOCK) {
        output[0] = scale_quickly(block.sums[0], by);
        output[step] = scale_quickly(block.sums[1], by);
        output[2 * step] = scale_quickly(block.sums[2], by);
        output[3 * step] = scale_quickly(block.sums[3], by);
        return;
    }
    for (int32_t i = 0; i < count && i < BLOCK; ++i, output += step) {
        *output = filter->is_quick ? scale_quickly(block.sums[i], by)
                                   : scale_element(&filter->scale, block.sums[i]);
    }
}

// Column by column, in copies for the usual numbers of pairs and strides.
static inline __attribute__((always_inline)) void
convolve_columns(const struct tile *tile, const struct filter *filter, const uint32_t *words,
                 int8_t *output, int32_t pairs, int32_t stride) {
    const int32_t step = tile->along_axis->output_step;
    const int32_t window = tile->across_axis->window, bias = filter->bias;
    for (int32_t x = 0; x < tile->across.outputs; ++x) {
        const uint32_t *from = words;
        int8_t *to = output;
        for (int32_t left = tile->along.outputs; left > 0; left -= BLOCK) {
            const struct block block =
                sum_block(from, filter->weights, window, pairs, stride, bias);
            write_block(filter, block, left, to, step);
            from += BLOCK * stride / 2;
            to += BLOCK * step;
        }
        words += tile->across_axis->stride * COLUMN_WORDS;
        output += tile->across_axis->output_step;
    }
}

// One output channel of a tile.
static __attribute__((noinline)) void convolve_channel(const struct tile *tile,
                                                       const struct filter *filter,
                                                       const uint32_t *words, int8_t *output) {
    const int32_t pairs = pairs_of(tile->along_axis->window);
    if (tile->along_axis->stride == 2 && pairs == 3) {
        convolve_columns(tile, filter, words, output, 3, 2);
    } else if (tile->along_axis->stride == 2) {
        convolve_columns(tile, filter, words, output, pairs, 2);
    } else if (pairs == 3) {
        convolve_columns(tile, filter, words, output, 3, 1);
    } else if (pairs == 4) {
        convolve_columns(tile, filter, words, output, 4, 1);
    } else {
        convolve_columns(tile, filter, words, output, pairs, 1);
    }
}

struct layer {
    const struct depthwise_conv_2d_int8_params *params;
    const int8_t *weights;
    const int32_t *bias;
    struct taps taps;
};

static inline void prepare_filter(const struct layer *layer, int32_t channel,
                                  struct filter *filter) {
    const struct depthwise_conv_2d_int8_params *p = layer->params;
    widen_weights(&layer->taps, layer->weights + channel, filter->weights);
    filter->bias = layer->bias ? layer->bias[channel] : 0;
    filter->scale = (struct element_scale){p->multipliers[channel], p->shifts[channel],
                                           p->output_offset, p->activation_min, p->activation_max};
    filter->is_quick = is_quick(&filter->scale);
    if (filter->is_quick) {
        filter->quick = quick_scale_of(&filter->scale);
    }
}

// All channels of a tile, four at a time; see depthwise_tile.h for numbers that 4 does not divide.
static inline void convolve_tile(const struct layer *layer, const struct tile *tile,
                                 const int8_t *input, uint32_t *words, int8_t *output) {
    const struct depthwise_conv_2d_int8_params *p = layer->params;
    const int32_t channels = p->spatial.input_channels;
    const int32_t group = channels < PLANES ? channels : PLANES;
    const struct planes planes = {words, COLUMN_WORDS, PLANE_WORDS};
    struct filter filter;
    for (int32_t next = 0; next < channels;) {
        const int32_t first = next + group <= channels ? next : channels - group;
        lay_out_tile(tile, p->input_offset, input + first, group, planes);
        for (; next < first + group; ++next) {
            for (int32_t i = 0; i < p->depth_multiplier; ++i) {
                const int32_t channel = next * p->depth_multiplier + i;
                prepare_filter(layer, channel, &filter);
                convolve_channel(tile, &filter, words + (next - first) * PLANE_WORDS,
                                 output + channel);
            }
        }
    }
}

static inline struct depthwise_axis vertical_axis(const struct spatial *s) {
    return (struct depthwise_axis){.inputs = s->input_height,
                                   .outputs = s->output_height,
                                   .stride = s->stride_height,
                                   .padding = s->padding_top,
                                   .window = s->window_height,
                                   .input_step = s->input_width * s->input_channels,
                                   .output_step = s->output_width * s->output_channels};
}

static inline struct depthwise_axis horizontal_axis(const struct spatial *s) {
    return (struct depthwise_axis){.inputs = s->input_width,
                                   .outputs = s->output_width,
                                   .stride = s->stride_width,
                                   .padding = s->padding_left,
                                   .window = s->window_width,
                                   .input_step = s->input_channels,
                                   .output_step = s->output_channels};
}

// Whether windows and strides are small enough for `along` to be the dimension of the pairs.
static inline bool fits(const struct depthwise_axis *along, const struct depthwise_axis *across) {
    return along->stride <= 2 && along->window <= 2 * COLUMN_WORDS &&
           across->window <= PLANE_COLUMNS &&
           2 * pairs_of(along->window) * across->window <= WEIGHT_WORDS;
}

static inline void convolve_image(const struct layer *layer, struct tile *tile, const int8_t *input,
                                  int8_t *output) {
    const struct depthwise_axis *along = tile->along_axis, *across = tile->across_axis;
    uint32_t words[TILE_WORDS];
    for (int32_t x = 0; x < across->outputs; x += across->tile) {
        tile->across = stretch_at(across, x);
        for (int32_t y = 0; y < along->outputs; y += along->tile) {
            tile->along = stretch_at(along, y);
            clear_words(words, TILE_WORDS);
            convolve_tile(layer, tile, input, words, first_output(tile, output));
        }
    }
}

// Returns false, having done nothing, where the window is too large.
static inline bool convolve_windows(const struct depthwise_conv_2d_int8_params *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    int8_t *output) {
    const struct spatial *s = &params->spatial;
    const int32_t row = s->window_width * s->output_channels;
    struct depthwise_axis vertical = vertical_axis(s), horizontal = horizontal_axis(s);
    const bool down = fits(&vertical, &horizontal), right = fits(&horizontal, &vertical);
    const bool turned = right && !(down && s->output_height >= s->output_width);
    struct depthwise_axis *along = turned ? &horizontal : &vertical;
    struct depthwise_axis *across = turned ? &vertical : &horizontal;
    struct layer layer = {
        params, weights, bias, {along->window, across->window, row, s->output_channels}};
    struct tile tile = {.along_axis = along, .across_axis = across};
    if (s->dilation_height > 1 || s->dilation_width > 1 || !(down || right)) {
        return false;
    }
    if (turned) {
        layer.taps.along_step = s->output_channels;
        layer.taps.across_step = row;
    }
    along->tile = (2 * COLUMN_WORDS - along->window) / along->stride + 1;
    across->tile = (PLANE_COLUMNS - across->window) / across->stride + 1;
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        convolve_image(&layer, &tile, input, output);
        input += vertical.inputs * vertical.input_step;
        output += vertical.outputs * vertical.output_step;
    }
    return true;
}

#endif
