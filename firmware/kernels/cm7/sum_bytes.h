// Sums of bytes, several channels side by side in halfwords.
#ifndef TINYML_KERNELS_CM7_SUM_BYTES_H
#define TINYML_KERNELS_CM7_SUM_BYTES_H

#include "arch_armv7em.h"

// Bytes whose sum certainly fits a halfword.
enum { HALFWORD_TERMS = 256 };

// Rows of bytes to add up, `channels` of them next to each other.
struct byte_rows {
    const int8_t *first;
    int32_t rows, columns;
    int32_t row_step, column_step;
};

static inline int32_t low_half(uint32_t halves) {
    return (int16_t)halves;
}

static inline int32_t high_half(uint32_t halves) {
    return (int32_t)halves >> 16;
}

// Adds `columns` bytes, HALFWORD_TERMS at most, of `words` * 4 channels to `sums`.
static inline __attribute__((always_inline)) void
add_columns(const int8_t *from, int32_t columns, int32_t step, int32_t words, int32_t *sums) {
    uint32_t even[2] = {0, 0}, odd[2] = {0, 0};
    for (; columns > 0; --columns, from += step) {
        for (int32_t i = 0; i < words; ++i) {
            const uint32_t bytes = load_word(from + 4 * i);
            even[i] = add_even_bytes(even[i], bytes);
            odd[i] = add_odd_bytes(odd[i], bytes);
        }
    }
    for (int32_t i = 0; i < words; ++i) {
        sums[4 * i + 0] += low_half(even[i]);
        sums[4 * i + 1] += low_half(odd[i]);
        sums[4 * i + 2] += high_half(even[i]);
        sums[4 * i + 3] += high_half(odd[i]);
    }
}

// The sums of `words` * 4 channels, 8 at most, from `channel` on.
static inline __attribute__((always_inline)) void
sum_words(const struct byte_rows *bytes, int32_t channel, int32_t words, int32_t *sums) {
    for (int32_t i = 0; i < 4 * words; ++i) {
        sums[i] = 0;
    }
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *from = bytes->first + row * bytes->row_step + channel;
        for (int32_t left = bytes->columns; left > 0; left -= HALFWORD_TERMS) {
            const int32_t columns = left < HALFWORD_TERMS ? left : HALFWORD_TERMS;
            add_columns(from, columns, bytes->column_step, words, sums);
            from += columns * bytes->column_step;
        }
    }
}

static inline int32_t sum_channel(const struct byte_rows *bytes, int32_t channel) {
    int32_t sum = 0;
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *from = bytes->first + row * bytes->row_step + channel;
        for (int32_t column = 0; column < bytes->columns; ++column, from += bytes->column_step) {
            sum += *from;
        }
    }
    return sum;
}

// The sums of up to 8 channels from `channel` on, of the `left` that there are. Returns how many.
static inline int32_t sum_channels(const struct byte_rows *bytes, int32_t channel, int32_t left,
                                   int32_t sums[8]) {
    if (left >= 8) {
        sum_words(bytes, channel, 2, sums);
        return 8;
    }
    if (left >= 4) {
        sum_words(bytes, channel, 1, sums);
        return 4;
    }
    sums[0] = sum_channel(bytes, channel);
    return 1;
}

#endif
