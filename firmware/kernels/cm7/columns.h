// The windows of two output pixels laid out as columns of 16-bit numbers (im2col), for `dot_tile`.
#ifndef TINYML_KERNELS_CM7_COLUMNS_H
#define TINYML_KERNELS_CM7_COLUMNS_H

#include <stdbool.h>

#include "arch_armv7em.h"
#include "clipped.h"
#include "spatial.h"

enum { PIECE = 288 }; // window elements at a time: 3 x 3 x 32, a multiple of 4

// Window elements `begin` to `begin` + `count` - 1 of two pixels. Four elements a, b, c, d of both
// pixels are the words (a c) (a' c') (b d) (b' d'): the order in which SXTB16 unpacks weights.
// When `count` is no multiple of 4, the last group holds the last four elements, with 0 for those
// that the group before it has.
struct columns {
    int32_t begin, count;
    uint32_t words[PIECE / 4][4];
};

// Copies elements `begin` to `end` - 1 of the window of output pixel `index`: by lines of the
// window, or by its pixels where dilation sets them apart.
static inline void gather(const struct spatial *s, int32_t offset, const int8_t *input,
                          int32_t index, int32_t begin, int32_t end, int8_t *to) {
    const int32_t channels = s->input_channels;
    const int32_t runs = s->dilation_width == 1 ? 1 : s->window_width;
    const int32_t length = s->window_width / runs * channels;
    const int32_t line = index / s->output_width;
    const int32_t top = line % s->output_height * s->stride_height - s->padding_top;
    const int32_t left = index % s->output_width * s->stride_width - s->padding_left;
    const int8_t *image =
        input + pixel(line / s->output_height, s->input_height, s->input_width, channels, 0, 0);
    const int32_t extent = s->input_width * channels;
    for (int32_t run = begin / length; begin < end; ++run) {
        const int32_t skipped = begin - run * length;
        const int32_t count = length - skipped < end - begin ? length - skipped : end - begin;
        const int32_t y = top + run / runs * s->dilation_height;
        const int32_t x = left + run % runs * s->dilation_width;
        const bool visible = y >= 0 && y < s->input_height;
        copy_clipped(to, image + (visible ? y * extent : 0), x * channels + skipped, count,
                     visible ? extent : 0, -offset);
        to += count;
        begin += count;
    }
}

// The last four of `count` bytes; bytes before the first are 0.
static inline uint32_t last_word(const int8_t *bytes, int32_t count) {
    if (count >= 4) {
        return load_word(bytes + count - 4);
    }
    uint32_t word = 0;
    for (int32_t i = 0; i < count; ++i) {
        word |= (uint32_t)(uint8_t)bytes[i] << (8 * (4 - count + i));
    }
    return word;
}

// Widens the bytes of pixel 0 or 1 into its words of `columns`.
static inline void widen(struct columns *columns, int32_t which, const int8_t *bytes,
                         int32_t offset) {
    const uint32_t offsets = both_halves(offset);
    const int32_t whole = columns->count / 4;
    uint32_t *to = &columns->words[0][which];
    for (int32_t i = 0; i < whole; ++i, to += 4) {
        const uint32_t word = load_word(bytes + 4 * i);
        to[0] = add_even_bytes(offsets, word);
        to[2] = add_odd_bytes(offsets, word);
    }
    const int32_t rest = columns->count % 4;
    if (rest) {
        const uint32_t word = last_word(bytes, columns->count);
        const uint32_t high = UINT32_C(0xffff0000);
        to[0] = add_even_bytes(offsets, word) & (rest < 2 ? 0 : high);
        to[2] = add_odd_bytes(offsets, word) & (rest < 3 ? high : ~UINT32_C(0));
    }
}

// Lays out elements `begin` to `end` - 1 of the windows of both pixels.
static inline void lay_out(const struct spatial *s, int32_t offset, const int8_t *input,
                           const int32_t pixels[2], int32_t begin, int32_t end,
                           struct columns *columns) {
    int8_t bytes[PIECE];
    columns->begin = begin;
    columns->count = end - begin;
    for (int32_t which = 0; which < 2; ++which) {
        gather(s, offset, input, pixels[which], begin, end, bytes);
        widen(columns, which, bytes, offset);
    }
}

#endif
