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

// Sums of 4 or 8 channels in halfwords, and how many more terms certainly fit.
struct half_sums {
    uint32_t even[2], odd[2];
    int32_t room;
};

static inline __attribute__((always_inline)) void flush(struct half_sums *halves, int32_t words,
                                                        int32_t *sums) {
    for (int32_t i = 0; i < words; ++i) {
        sums[4 * i + 0] += low_half(halves->even[i]);
        sums[4 * i + 1] += low_half(halves->odd[i]);
        sums[4 * i + 2] += high_half(halves->even[i]);
        sums[4 * i + 3] += high_half(halves->odd[i]);
    }
    *halves = (struct half_sums){{0, 0}, {0, 0}, HALFWORD_TERMS};
}

// Adds a row of `words` * 4 channels.
static inline __attribute__((always_inline)) void add_row_of_bytes(struct half_sums *halves,
                                                                   const int8_t *from, int32_t step,
                                                                   int32_t columns, int32_t words,
                                                                   int32_t *sums) {
    while (columns > 0) {
        const int32_t count = columns < halves->room ? columns : halves->room;
        for (int32_t left = count; left > 0; --left, from += step) {
            for (int32_t i = 0; i < words; ++i) {
                const uint32_t bytes = load_word(from + 4 * i);
                halves->even[i] = add_even_bytes(halves->even[i], bytes);
                halves->odd[i] = add_odd_bytes(halves->odd[i], bytes);
            }
        }
        columns -= count;
        halves->room -= count;
        if (halves->room == 0) {
            flush(halves, words, sums);
        }
    }
}

// The sums of `words` * 4 channels, 8 at most, from `channel` on.
static inline __attribute__((always_inline)) void
sum_words(const struct byte_rows *bytes, int32_t channel, int32_t words, int32_t *sums) {
    struct half_sums halves = {{0, 0}, {0, 0}, HALFWORD_TERMS};
    const int8_t *from = bytes->first + channel;
    for (int32_t i = 0; i < 4 * words; ++i) {
        sums[i] = 0;
    }
    for (int32_t row = 0; row < bytes->rows; ++row, from += bytes->row_step) {
        add_row_of_bytes(&halves, from, bytes->column_step, bytes->columns, words, sums);
    }
    flush(&halves, words, sums);
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
