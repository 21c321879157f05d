// Depthwise convolution of windows up to 3 x 3, tile by tile and channel by channel.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_TILE_H
#define TINYML_KERNELS_CM7_DEPTHWISE_TILE_H

#include "clamp_bytes.h"
#include "depthwise_conv_2d_packed.h"
#include "depthwise_layout.h"

enum {
    PLANE_COLUMNS = 6, // of one channel; a seventh is the next plane's first, if both are empty
    PLANE_WORDS = PLANE_COLUMNS * COLUMN_WORDS,
    // With an empty last column, a word after that, and what aligning takes.
    TILE_WORDS = PLANES * PLANE_WORDS + COLUMN_WORDS + 1 + COLUMN_WORDS,
};

// Words from one end of a column of outputs to the other.
static inline int32_t steps_of(const struct tile *tile) {
    const int32_t outputs = tile->along.outputs;
    return tile->along_axis->stride == 1 ? outputs / 2 : outputs;
}

// Columns end where word addresses are a multiple of COLUMN_BYTES: the last word but for the one
// that a single output at the end needs too.
static inline uint32_t *words_in(uint32_t *memory, const struct tile *tile) {
    const uintptr_t before_end = (uintptr_t)memory + COLUMN_BYTES - 1;
    uint32_t *const end = (uint32_t *)(before_end / COLUMN_BYTES * COLUMN_BYTES) + COLUMN_WORDS;
    return end - steps_of(tile);
}

static inline struct depthwise_walk start_walk(const struct depthwise_conv_2d_packed_int8_params *p,
                                               const struct tile *tile, int8_t *output) {
    const int32_t outputs = tile->along.outputs, stride = p->along.stride;
    const int32_t single = stride == 1 ? outputs % 2 : 0;
    return (struct depthwise_walk){
        .column_step =
            p->across.stride * COLUMN_BYTES - (steps_of(tile) + single) * (int32_t)sizeof(uint32_t),
        .output_column = p->across.output_step - (outputs - single) * p->along.output_step,
        .columns = tile->across.outputs,
        .single = single,
        .output_offset = p->output_offset,
        .output_step = p->along.output_step,
        .output = first_output(tile, output),
    };
}

// All channels of a tile, four at a time. Where their number is no multiple of 4, the last four
// overlap those before; where there are fewer, the planes of those that are missing go unused.
static inline void convolve_tile(const struct depthwise_conv_2d_packed_int8_params *params,
                                 const struct tile *tile, uint32_t *words, depthwise_loop *loop,
                                 const int8_t *input, const struct depthwise_channel *channel,
                                 int8_t *output) {
    const int32_t channels = params->input_channels;
    const int32_t group = channels < PLANES ? channels : PLANES;
    struct depthwise_walk walk = start_walk(params, tile, output);
    for (int32_t next = 0; next < channels;) {
        const int32_t first = next + group <= channels ? next : channels - group;
        const struct planes to = {words, COLUMN_WORDS, PLANE_WORDS};
        lay_out_tile(tile, params->input_offset, input + first, group, to);
        for (; next < first + group; ++next) {
            walk.words = words + (next - first) * PLANE_WORDS;
            for (int32_t i = 0; i < params->depth_multiplier; ++i) {
                loop(&walk, channel++);
                ++walk.output;
            }
        }
    }
}

// `loop_1` and `loop_2` are for windows one and two rows apart.
static inline void depthwise_tiles(const struct depthwise_conv_2d_packed_int8_params *params,
                                   depthwise_loop *loop_1, depthwise_loop *loop_2,
                                   const int8_t *input, const struct depthwise_channel *channels,
                                   int8_t *output) {
    const struct depthwise_axis *along = &params->along, *across = &params->across;
    uint32_t memory[TILE_WORDS];
    struct tile tile = {.along_axis = along, .across_axis = across};
    for (int32_t x = 0; x < across->outputs; x += across->tile) {
        tile.across = stretch_at(across, x);
        for (int32_t y = 0; y < along->outputs; y += along->tile) {
            tile.along = stretch_at(along, y);
            clear_words(memory, TILE_WORDS);
            convolve_tile(params, &tile, words_in(memory, &tile),
                          along->stride == 1 ? loop_1 : loop_2, input, channels, output);
        }
    }
    clamp_bytes(output, params->output_batch, params->activation_min, params->activation_max);
}

#endif
