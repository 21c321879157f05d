// The loops of ADD, SUB and MUL of float32, with the reference's arithmetic: equal results.
#ifndef TINYML_KERNELS_CM7_FLOAT_ELEMENTS_H
#define TINYML_KERNELS_CM7_FLOAT_ELEMENTS_H

#include "broadcast.h"

// x, or `low` where that is greater, or `high` where that is less; what is not a number stays so.
static inline float clamp_quickly(float x, float low, float high) {
    __asm__("vcmpe.f32 %1, %0\n\t"
            "vmrs APSR_nzcv, fpscr\n\t"
            "vselgt.f32 %0, %1, %0\n\t"
            "vcmpe.f32 %0, %2\n\t"
            "vmrs APSR_nzcv, fpscr\n\t"
            "vselgt.f32 %0, %2, %0"
            : "+&t"(x)
            : "t"(low), "t"(high)
            : "cc");
    return x;
}

struct float_row {
    const float *first, *second;
    int32_t first_stride, second_stride; // 1, or 0 for one number of the whole row
    int32_t count;
};

// A copy is made for strides of 1.
static inline __attribute__((always_inline)) void
combine_row(const struct float_row *row, int32_t first_stride, int32_t second_stride,
            float (*combine)(float, float), float low, float high, float *output) {
    const float *first = row->first, *second = row->second;
#pragma GCC unroll 4
    for (float *const end = output + row->count; output != end;) {
        *output++ = clamp_quickly(combine(*first, *second), low, high);
        first += first_stride;
        second += second_stride;
    }
}

static inline __attribute__((always_inline)) void
combine_floats(const struct broadcast_shape *shape, float (*combine)(float, float), float low,
               float high, const float *input_1, const float *input_2, float *output) {
    const int32_t last = BROADCAST_RANK - 1, rows = broadcast_rows(shape);
    struct float_row row = {.first_stride = shape->strides_1[last],
                            .second_stride = shape->strides_2[last],
                            .count = shape->extents[last]};
    for (int32_t i = 0; i < rows; ++i) {
        const struct broadcast_row start = broadcast_row(shape, i);
        row.first = input_1 + start.start_1;
        row.second = input_2 + start.start_2;
        if (row.first_stride == 1 && row.second_stride == 1) {
            combine_row(&row, 1, 1, combine, low, high, output);
        } else {
            combine_row(&row, row.first_stride, row.second_stride, combine, low, high, output);
        }
        output += row.count;
    }
}

#endif
