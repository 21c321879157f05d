// Sums of int8 products over the taps of a window.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_SUMS_INT8_H
#define TINYML_KERNELS_CM7_DEPTHWISE_SUMS_INT8_H

#include "arch_armv7em.h"
#include "depthwise_taps.h"

// The sums of four channels, each with one filter: SXTAB16 widens the inputs and adds `offset`,
// SXTB16 the weights, and each product goes to the sum of its own channel.
static inline struct four_sums sum_four(const struct taps *taps, const int8_t *input,
                                        const int8_t *weights, int32_t channel, int32_t offset) {
    const uint32_t offsets = both_halves(offset);
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *in = input + taps->input + row * taps->input_row + channel;
        const int8_t *w = weights + taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            const uint32_t bytes = load_word(in), four = load_word(w);
            const uint32_t even = add_even_bytes(offsets, bytes), even_w = even_bytes(four);
            const uint32_t odd = add_odd_bytes(offsets, bytes), odd_w = odd_bytes(four);
            s0 = multiply_low_halves(even, even_w, s0);
            s1 = multiply_low_halves(odd, odd_w, s1);
            s2 = multiply_high_halves(even, even_w, s2);
            s3 = multiply_high_halves(odd, odd_w, s3);
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return (struct four_sums){{s0, s1, s2, s3}};
}

static inline int32_t sum_one(const struct taps *taps, const int8_t *input, const int8_t *weights,
                              int32_t input_channel, int32_t channel, int32_t offset) {
    int32_t sum = 0;
    for (int32_t row = 0; row < taps->rows; ++row) {
        const int8_t *in = input + taps->input + row * taps->input_row + input_channel;
        const int8_t *w = weights + taps->weights + row * taps->weights_row + channel;
        for (int32_t column = 0; column < taps->columns; ++column) {
            sum += *w * (*in + offset);
            in += taps->input_column;
            w += taps->weights_column;
        }
    }
    return sum;
}

#endif
