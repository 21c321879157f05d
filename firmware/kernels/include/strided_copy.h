// Copies of a strided view of a tensor into a dense one: TRANSPOSE, SLICE, STRIDED_SLICE.
#ifndef TINYML_KERNELS_STRIDED_COPY_H
#define TINYML_KERNELS_STRIDED_COPY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STRIDED_RANK 5

// The input is read at `start` plus the sum of index times stride over the dimensions, all in
// elements; a stride may be negative. The last dimension is a row.
struct strided_view {
    int32_t start;
    int32_t extents[STRIDED_RANK];
    int32_t strides[STRIDED_RANK];
};

static inline int32_t strided_rows(const struct strided_view *view) {
    int32_t rows = 1;
    for (int dimension = 0; dimension < STRIDED_RANK - 1; ++dimension) {
        rows *= view->extents[dimension];
    }
    return rows;
}

// Where a row begins in the input.
static inline int32_t strided_row(const struct strided_view *view, int32_t row) {
    int32_t position = view->start;
    for (int dimension = STRIDED_RANK - 2; dimension >= 0; --dimension) {
        position += row % view->extents[dimension] * view->strides[dimension];
        row /= view->extents[dimension];
    }
    return position;
}

static inline void strided_copy_int8(const struct strided_view *view, const int8_t *input,
                                     int8_t *output) {
    const int32_t stride = view->strides[STRIDED_RANK - 1];
    for (int32_t row = 0; row < strided_rows(view); ++row) {
        const int32_t start = strided_row(view, row);
        for (int32_t i = 0; i < view->extents[STRIDED_RANK - 1]; ++i) {
            *output++ = input[start + i * stride];
        }
    }
}

static inline void strided_copy_int16(const struct strided_view *view, const int16_t *input,
                                      int16_t *output) {
    const int32_t stride = view->strides[STRIDED_RANK - 1];
    for (int32_t row = 0; row < strided_rows(view); ++row) {
        const int32_t start = strided_row(view, row);
        for (int32_t i = 0; i < view->extents[STRIDED_RANK - 1]; ++i) {
            *output++ = input[start + i * stride];
        }
    }
}

static inline void strided_copy_float32(const struct strided_view *view, const float *input,
                                        float *output) {
    const int32_t stride = view->strides[STRIDED_RANK - 1];
    for (int32_t row = 0; row < strided_rows(view); ++row) {
        const int32_t start = strided_row(view, row);
        for (int32_t i = 0; i < view->extents[STRIDED_RANK - 1]; ++i) {
            *output++ = input[start + i * stride];
        }
    }
}

static inline void strided_copy_int32(const struct strided_view *view, const int32_t *input,
                                      int32_t *output) {
    const int32_t stride = view->strides[STRIDED_RANK - 1];
    for (int32_t row = 0; row < strided_rows(view); ++row) {
        const int32_t start = strided_row(view, row);
        for (int32_t i = 0; i < view->extents[STRIDED_RANK - 1]; ++i) {
            *output++ = input[start + i * stride];
        }
    }
}

#ifdef __cplusplus
}
#endif

#endif
