// The windows of two int16 output pixels laid out as the columns of columns.h.
#ifndef TINYML_KERNELS_CM7_COLUMNS_INT16_H
#define TINYML_KERNELS_CM7_COLUMNS_INT16_H

#include "columns.h"

enum { GATHERED = 96 }; // elements at a time, a multiple of 4

// An image of int16 is one of bytes with twice the channels.
static inline struct spatial in_bytes(const struct spatial *s) {
    struct spatial bytes = *s;
    bytes.input_channels *= 2;
    return bytes;
}

// Puts four elements of one pixel into its two words of a group.
static inline void put_group(uint32_t *to, const int16_t *halves) {
    const uint32_t first = load_halves(halves), second = load_halves(halves + 2);
    to[0] = pack_low_halves(first, second);
    to[2] = pack_high_halves(first, second);
}

// Puts `count` elements of one pixel into its words from group `to` on.
static inline void interleave(uint32_t *to, const int16_t *halves, int32_t count) {
    for (; count >= 4; count -= 4, to += 4, halves += 4) {
        put_group(to, halves);
    }
    if (count > 0) {
        int16_t last[4] = {0};
        memcpy(last + 4 - count, halves, (size_t)count * sizeof *halves);
        put_group(to, last);
    }
}

// Lays out elements `begin` to `end` - 1 of the windows of both pixels; `bytes` is `in_bytes`.
static inline void lay_out_int16(const struct spatial *bytes, const int16_t *input,
                                 const int32_t pixels[2], int32_t begin, int32_t end,
                                 struct columns *columns) {
    columns->begin = begin;
    columns->count = end - begin;
    for (int32_t which = 0; which < 2; ++which) {
        for (int32_t from = begin; from < end; from += GATHERED) {
            const int32_t to = from + GATHERED < end ? from + GATHERED : end;
            int16_t halves[GATHERED];
            gather(bytes, 0, (const int8_t *)input, pixels[which], 2 * from, 2 * to,
                   (int8_t *)halves);
            interleave(&columns->words[(from - begin) / 4][which], halves, to - from);
        }
    }
}

#endif
