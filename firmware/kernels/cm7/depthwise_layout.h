// The input of a tile of depthwise outputs: four channels laid out for SMLAD, which multiplies
// two rows at a time. Word r of a column holds rows 2r and 2r + 1 of one channel as 16-bit numbers,
// input offset added, so that padding is 0.
//
// Border, stride and the order of dimensions are matters of laying out alone. Either dimension of
// the image may be the one of the pairs, which is called `along`.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_LAYOUT_H
#define TINYML_KERNELS_CM7_DEPTHWISE_LAYOUT_H

#include <stdbool.h>

#include "arch_armv7em.h"
#include "depthwise_axis.h"
#include "requantize.h"
#include "spatial.h"

enum { PLANES = 4 };

// A stretch of outputs of one dimension, and the inputs under its windows.
struct stretch {
    int32_t first, outputs;
    int32_t origin; // the input under the first window's first tap; negative in the padding
    int32_t inputs;
};

// `words` is the first of the first column of the first plane, each plane being one channel.
// Constants where speed matters.
struct planes {
    uint32_t *words;
    int32_t column, plane; // words from one to the next
};

static inline struct stretch stretch_at(const struct depthwise_axis *axis, int32_t first) {
    const int32_t left = axis->outputs - first;
    const int32_t outputs = left < axis->tile ? left : axis->tile;
    return (struct stretch){first, outputs, first * axis->stride - axis->padding,
                            (outputs - 1) * axis->stride + axis->window};
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
static inline __attribute__((always_inline)) void
store_pair(uint32_t *to, int32_t plane, uint32_t upper, uint32_t lower, uint32_t offsets) {
    const uint32_t even_0 = add_even_bytes(offsets, upper), odd_0 = add_odd_bytes(offsets, upper);
    const uint32_t even_1 = add_even_bytes(offsets, lower), odd_1 = add_odd_bytes(offsets, lower);
    to[0 * plane] = pack_low_halves(even_0, even_1);
    to[1 * plane] = pack_low_halves(odd_0, odd_1);
    to[2 * plane] = pack_high_halves(even_0, even_1);
    to[3 * plane] = pack_high_halves(odd_0, odd_1);
}

// Lays out the rows `rows` of a column, of which `from` is the first. A row that lies outside of
// the image holds the zero point, which the offset makes 0.
static inline __attribute__((always_inline)) void lay_out_column(const int8_t *from, int32_t step,
                                                                 struct span rows, int32_t offset,
                                                                 int32_t channels, uint32_t *to,
                                                                 int32_t plane) {
    const uint32_t offsets = both_halves(offset), outside = all_bytes(-offset);
    int32_t row = rows.begin;
    to += row / 2;
    if (row % 2 && row < rows.end) {
        store_pair(to++, plane, outside, load_channels(from, channels), offsets);
        from += step;
        ++row;
    }
    for (uint32_t *const end = to + (rows.end - row) / 2; to != end; ++to) {
        const uint32_t upper = load_channels(from, channels);
        const uint32_t lower = load_channels(from + step, channels);
        store_pair(to, plane, upper, lower, offsets);
        from += 2 * step;
    }
    if (row < rows.end && rows.end % 2) {
        store_pair(to, plane, load_channels(from, channels), outside, offsets);
    }
}

// A tile of both dimensions.
struct tile {
    const struct depthwise_axis *along_axis, *across_axis;
    struct stretch along, across;
};

// Lays out what is inside the image of `channels` channels; `input` is the first one's image.
static inline __attribute__((always_inline)) void lay_out_tile(const struct tile *tile,
                                                               int32_t offset, const int8_t *input,
                                                               int32_t channels, struct planes to) {
    const struct depthwise_axis *along = tile->along_axis, *across = tile->across_axis;
    const struct span rows = inside(along, &tile->along);
    const struct span columns = inside(across, &tile->across);
    const int8_t *from = input + (tile->along.origin + rows.begin) * along->input_step +
                         (tile->across.origin + columns.begin) * across->input_step;
    for (int32_t column = columns.begin; column < columns.end; ++column) {
        uint32_t *const words = to.words + column * to.column;
        if (channels == PLANES) {
            lay_out_column(from, along->input_step, rows, offset, PLANES, words, to.plane);
        } else {
            lay_out_column(from, along->input_step, rows, offset, channels, words, to.plane);
        }
        from += across->input_step;
    }
}

static inline int8_t *first_output(const struct tile *tile, int8_t *output) {
    return output + tile->along.first * tile->along_axis->output_step +
           tile->across.first * tile->across_axis->output_step;
}

static inline void clear_words(uint32_t *words, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        words[i] = 0;
    }
}

#endif
