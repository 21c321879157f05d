// ADD and SUB of int8 tensors. Both inputs are brought to one scale, twice the larger of theirs, so
// that one of the factors is a half and needs no multiplication. What the other makes of its 256
// values is looked up in a table, unless there are too few outputs for making one.
#ifndef TINYML_KERNELS_CM7_SUM_INT8_H
#define TINYML_KERNELS_CM7_SUM_INT8_H

#include <stdbool.h>

#include "broadcast.h"
#include "clamp_bytes.h"
#include "scale_elements.h"

enum {
    HEAD_ROOM = 20, // bits that inputs are shifted to the left by, always
    HALF = 1 << 30, // as a multiplier, with a shift of 0
    WORTH_A_TABLE = 160,
};

// How an input is scaled, and the sign it counts with.
struct sum_input {
    const int8_t *first;
    int32_t offset, multiplier, shift, sign;
};

struct sum_int8 {
    const struct broadcast_shape *shape;
    struct sum_input inputs[2];
    int32_t left_shift;
    struct element_scale scale;
};

static inline bool is_halved(const struct sum_input *input) {
    return input->multiplier == HALF && input->shift == 0;
}

static inline int32_t scaled_value(const struct sum_input *input, int32_t left_shift,
                                   int32_t value) {
    const struct requantizer by = make_requantizer(input->multiplier, input->shift);
    return input->sign * requantize_cm7(shift_left(value + input->offset, left_shift), &by);
}

// The scaled input from -128 to 127, and the other one's offset.
static inline void fill_table(const struct sum_input *scaled, const struct sum_input *halved,
                              int32_t table[256]) {
    const int32_t base = halved->sign * halved->offset * (1 << (HEAD_ROOM - 1));
    for (int32_t i = 0; i < 256; ++i) {
        table[i] = base + scaled_value(scaled, HEAD_ROOM, i + INT8_MIN);
    }
}

struct sum_row {
    const int8_t *scaled, *halved;
    int32_t scaled_stride, halved_stride;
    int32_t count;
};

// `zero` is the table's entry of value 0. Copies are made for strides of 1 and for both signs.
static inline __attribute__((always_inline)) void
add_row(const int32_t *zero, const struct sum_row *row, int32_t scaled_stride,
        int32_t halved_stride, bool subtracted, struct quick_scale by, int8_t *output) {
    const int8_t *scaled = row->scaled, *halved = row->halved;
    int8_t *const end = output + row->count;
#pragma GCC unroll 4
    while (output != end) {
        const int32_t part = *halved * (1 << (HEAD_ROOM - 1));
        const int32_t sum = subtracted ? zero[*scaled] - part : zero[*scaled] + part;
        *output++ = scale_quickly(sum, by);
        scaled += scaled_stride;
        halved += halved_stride;
    }
}

static inline struct sum_row row_at(const struct sum_int8 *sum, int32_t which, int32_t row) {
    const struct broadcast_shape *shape = sum->shape;
    const int32_t last = BROADCAST_RANK - 1;
    const struct broadcast_row start = broadcast_row(shape, row);
    const int8_t *const firsts[] = {sum->inputs[0].first + start.start_1,
                                    sum->inputs[1].first + start.start_2};
    const int32_t strides[] = {shape->strides_1[last], shape->strides_2[last]};
    return (struct sum_row){firsts[which], firsts[1 - which], strides[which], strides[1 - which],
                            shape->extents[last]};
}

// By table: `which` is the input that is not halved.
static inline __attribute__((always_inline)) void
add_by_table(const struct sum_int8 *sum, int32_t which, bool subtracted, int8_t *output) {
    int32_t table[256];
    const struct quick_scale by = quick_scale_of(&sum->scale);
    fill_table(&sum->inputs[which], &sum->inputs[1 - which], table);
    for (int32_t i = 0; i < broadcast_rows(sum->shape); ++i) {
        const struct sum_row row = row_at(sum, which, i);
        if (row.scaled_stride == 1 && row.halved_stride == 1) {
            add_row(table - INT8_MIN, &row, 1, 1, subtracted, by, output);
        } else {
            add_row(table - INT8_MIN, &row, row.scaled_stride, row.halved_stride, subtracted, by,
                    output);
        }
        output += row.count;
    }
}

// One after the other, whatever the factors are.
static inline void add_each(const struct sum_int8 *sum, int8_t *output) {
    for (int32_t i = 0; i < broadcast_rows(sum->shape); ++i) {
        const struct sum_row row = row_at(sum, 0, i);
        for (int32_t j = 0; j < row.count; ++j) {
            const int32_t first = row.scaled[j * row.scaled_stride];
            const int32_t second = row.halved[j * row.halved_stride];
            const int32_t total = scaled_value(&sum->inputs[0], sum->left_shift, first) +
                                  scaled_value(&sum->inputs[1], sum->left_shift, second);
            *output++ = scale_element(&sum->scale, total);
        }
    }
}

// `subtracts` the second input, or adds it.
static inline __attribute__((always_inline)) void add_tensors(const struct sum_int8 *sum,
                                                              bool subtracts, int8_t *output) {
    const int32_t count = broadcast_rows(sum->shape) * sum->shape->extents[BROADCAST_RANK - 1];
    const int32_t which = is_halved(&sum->inputs[0]) ? 1 : 0;
    const bool fits =
        is_halved(&sum->inputs[1 - which]) && sum->left_shift == HEAD_ROOM && is_quick(&sum->scale);
    if (!fits || count < WORTH_A_TABLE) {
        add_each(sum, output);
        return;
    }
    if (subtracts && which == 0) {
        add_by_table(sum, which, true, output);
    } else {
        add_by_table(sum, which, false, output);
    }
    clamp_bytes(output, count, sum->scale.minimum, sum->scale.maximum);
}

#endif
