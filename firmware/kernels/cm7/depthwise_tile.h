// Depthwise convolution of windows up to 3 x 3, tile by tile: the input of four channels is laid
// out as depthwise_walk.h wants it, then each of their outputs takes it channel by channel.
//
// Border, stride and the order of dimensions are matters of laying out alone. Either dimension of
// the image may be the one along which the loops walk.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_TILE_H
#define TINYML_KERNELS_CM7_DEPTHWISE_TILE_H

#include <stdbool.h>

#include "arch_armv7em.h"
#include "clamp_bytes.h"
#include "depthwise_conv_2d_packed.h"
#include "requantize.h"

enum {
    WINDOW = 3,
    PLANES = 4,
    PLANE_COLUMNS = 6, // of one channel; a seventh is the next plane's first, if both are empty
    PLANE_WORDS = PLANE_COLUMNS * COLUMN_WORDS,
    // With an empty last column, a word after that, and what aligning takes.
    TILE_WORDS = PLANES * PLANE_WORDS + COLUMN_WORDS + 1 + COLUMN_WORDS,
};

// A stretch of outputs of one dimension, and the inputs under its windows.
struct stretch {
    int32_t first, outputs;
    int32_t origin; // the input under the first window's first tap; negative in the padding
    int32_t inputs;
};

struct tile {
    struct stretch along, across;
    uint32_t *words; // see `words_of`
    int32_t steps;   // of words, from one end of a column of outputs to the other
};

// Columns end where word addresses are a multiple of COLUMN_BYTES: the last word but for the one
// that a single output at the end needs too.
static inline uint32_t *words_of(const struct tile *tile, int32_t plane, int32_t column) {
    return tile->words + plane * PLANE_WORDS + column * COLUMN_WORDS - tile->steps;
}

static inline struct stretch stretch_at(const struct depthwise_axis *axis, int32_t first) {
    const int32_t left = axis->outputs - first;
    const int32_t outputs = left < axis->tile ? left : axis->tile;
    return (struct stretch){first, outputs, first * axis->stride - axis->padding,
                            (outputs - 1) * axis->stride + WINDOW};
}

// The inputs of a stretch that lie inside the image, counted from its first.
static inline struct span inside(const struct depthwise_axis *axis, const struct stretch *stretch) {
    const int32_t begin = clamp_int32(-stretch->origin, 0, stretch->inputs);
    return (struct span){begin,
                         clamp_int32(axis->inputs - stretch->origin, begin, stretch->inputs)};
}

// `channels` neighbouring bytes, 4 at most.
static inline __attribute__((always_inline)) uint32_t load_channels(const int8_t *from,
                                                                    int32_t channels) {
    if (channels == PLANES) {
        return load_word(from);
    }
    uint32_t word = 0;
    for (int32_t i = 0; i < channels; ++i) {
        word |= (uint32_t)(uint8_t)from[i] << (8 * i);
    }
    return word;
}

// Two rows of four channels become a word of each of their planes.
static inline void store_pair(uint32_t *to, uint32_t upper, uint32_t lower, uint32_t offsets) {
    const uint32_t even_0 = add_even_bytes(offsets, upper), odd_0 = add_odd_bytes(offsets, upper);
    const uint32_t even_1 = add_even_bytes(offsets, lower), odd_1 = add_odd_bytes(offsets, lower);
    to[0 * PLANE_WORDS] = pack_low_halves(even_0, even_1);
    to[1 * PLANE_WORDS] = pack_low_halves(odd_0, odd_1);
    to[2 * PLANE_WORDS] = pack_high_halves(even_0, even_1);
    to[3 * PLANE_WORDS] = pack_high_halves(odd_0, odd_1);
}

// Lays out the rows `rows` of a column, of which `from` is the first. A row that lies outside of
// the image holds the zero point, which the offset makes 0.
static inline __attribute__((always_inline)) void lay_out_column(const int8_t *from, int32_t step,
                                                                 struct span rows, int32_t offset,
                                                                 int32_t channels, uint32_t *to) {
    const uint32_t offsets = both_halves(offset), outside = all_bytes(-offset);
    int32_t row = rows.begin;
    to += row / 2;
    if (row % 2 && row < rows.end) {
        store_pair(to++, outside, load_channels(from, channels), offsets);
        from += step;
        ++row;
    }
    for (uint32_t *const end = to + (rows.end - row) / 2; to != end; ++to) {
        const uint32_t upper = load_channels(from, channels);
        const uint32_t lower = load_channels(from + step, channels);
        store_pair(to, upper, lower, offsets);
        from += 2 * step;
    }
    if (row < rows.end && rows.end % 2) {
        store_pair(to, load_channels(from, channels), outside, offsets);
    }
}

// Lays out what is inside the image of `channels` channels; `input` is the first one's image.
static inline void lay_out_tile(const struct depthwise_conv_2d_packed_int8_params *params,
                                const struct tile *tile, const int8_t *input, int32_t channels) {
    const struct depthwise_axis *along = &params->along, *across = &params->across;
    const struct span rows = inside(along, &tile->along);
    const struct span columns = inside(across, &tile->across);
    const int8_t *from = input + (tile->along.origin + rows.begin) * along->input_step +
                         (tile->across.origin + columns.begin) * across->input_step;
    for (int32_t column = columns.begin; column < columns.end; ++column) {
        uint32_t *const to = words_of(tile, 0, column);
        if (channels == PLANES) {
            lay_out_column(from, along->input_step, rows, params->input_offset, PLANES, to);
        } else {
            lay_out_column(from, along->input_step, rows, params->input_offset, channels, to);
        }
        from += across->input_step;
    }
}

static inline struct depthwise_walk start_walk(const struct depthwise_conv_2d_packed_int8_params *p,
                                               const struct tile *tile) {
    const int32_t outputs = tile->along.outputs, stride = p->along.stride;
    const int32_t single = stride == 1 ? outputs % 2 : 0;
    return (struct depthwise_walk){
        .column_step =
            p->across.stride * COLUMN_BYTES - (tile->steps + single) * (int32_t)sizeof(uint32_t),
        .output_column = p->across.output_step - (outputs - single) * p->along.output_step,
        .columns = tile->across.outputs,
        .single = single,
        .output_offset = p->output_offset,
        .output_step = p->along.output_step,
    };
}

// All channels of a tile, four at a time. Where their number is no multiple of 4, the last four
// overlap those before; where there are fewer, the planes of those that are missing go unused.
static inline void convolve_tile(const struct depthwise_conv_2d_packed_int8_params *params,
                                 const struct tile *tile, depthwise_loop *loop, const int8_t *input,
                                 const struct depthwise_channel *channel, int8_t *output) {
    const int32_t channels = params->input_channels;
    const int32_t group = channels < PLANES ? channels : PLANES;
    struct depthwise_walk walk = start_walk(params, tile);
    walk.output = output + tile->along.first * params->along.output_step +
                  tile->across.first * params->across.output_step;
    for (int32_t next = 0; next < channels;) {
        const int32_t first = next + group <= channels ? next : channels - group;
        lay_out_tile(params, tile, input + first, group);
        for (; next < first + group; ++next) {
            walk.words = words_of(tile, next - first, 0);
            for (int32_t i = 0; i < params->depth_multiplier; ++i) {
                loop(&walk, channel++);
                ++walk.output;
            }
        }
    }
}

static inline void clear_words(uint32_t *words, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        words[i] = 0;
    }
}

// `loop_1` and `loop_2` are for windows one and two rows apart.
static inline void depthwise_tiles(const struct depthwise_conv_2d_packed_int8_params *params,
                                   depthwise_loop *loop_1, depthwise_loop *loop_2,
                                   const int8_t *input, const struct depthwise_channel *channels,
                                   int8_t *output) {
    const struct depthwise_axis *along = &params->along, *across = &params->across;
    uint32_t memory[TILE_WORDS];
    const uintptr_t before_end = (uintptr_t)memory + COLUMN_BYTES - 1;
    struct tile tile = {.words =
                            (uint32_t *)(before_end / COLUMN_BYTES * COLUMN_BYTES) + COLUMN_WORDS};
    for (int32_t x = 0; x < across->outputs; x += across->tile) {
        tile.across = stretch_at(across, x);
        for (int32_t y = 0; y < along->outputs; y += along->tile) {
            tile.along = stretch_at(along, y);
            tile.steps = along->stride == 1 ? tile.along.outputs / 2 : tile.along.outputs;
            clear_words(memory, TILE_WORDS);
            convolve_tile(params, &tile, along->stride == 1 ? loop_1 : loop_2, input, channels,
                          output);
        }
    }
    clamp_bytes(output, params->output_batch, params->activation_min, params->activation_max);
}

#endif
