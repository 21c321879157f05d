// Copies of a strided view, with a row's start found by counting on, not by dividing.
#ifndef TINYML_KERNELS_CM7_COPY_VIEW_H
#define TINYML_KERNELS_CM7_COPY_VIEW_H

#include "move_bytes.h"
#include "strided_copy.h"

// Moves on to the next row: `indices` are counted up from the innermost but one.
static inline const int8_t *next_row(const struct strided_view *view, const int8_t *row,
                                     int32_t indices[STRIDED_RANK]) {
    for (int32_t i = STRIDED_RANK - 2; i >= 0; --i) {
        row += view->strides[i];
        if (++indices[i] < view->extents[i]) {
            break;
        }
        row -= view->extents[i] * view->strides[i];
        indices[i] = 0;
    }
    return row;
}

static inline int8_t *copy_row(const int8_t *from, int32_t stride, int8_t *to, int32_t count) {
    if (stride == 1) {
        move_bytes(to, from, count);
        return to + count;
    }
#pragma GCC unroll 4
    for (int8_t *const end = to + count; to != end; from += stride) {
        *to++ = *from;
    }
    return to;
}

static inline void copy_view(const struct strided_view *view, const int8_t *input, int8_t *output) {
    const int32_t last = STRIDED_RANK - 1;
    const int8_t *row = input + view->start;
    int32_t indices[STRIDED_RANK] = {0};
    for (int32_t left = strided_rows(view); left > 0; --left) {
        output = copy_row(row, view->strides[last], output, view->extents[last]);
        row = next_row(view, row, indices);
    }
}

#endif
