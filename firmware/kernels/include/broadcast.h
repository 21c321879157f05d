// The loop nest of two tensors element by element, the smaller one repeated (broadcast).
#ifndef TINYML_KERNELS_BROADCAST_H
#define TINYML_KERNELS_BROADCAST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BROADCAST_RANK 4

// The output is dense; an input is read at the sum of index times stride over the dimensions,
// so that a stride of 0 repeats it. The last dimension is a row.
struct broadcast_shape {
    int32_t extents[BROADCAST_RANK];
    int32_t strides_1[BROADCAST_RANK];
    int32_t strides_2[BROADCAST_RANK];
};

// Where a row begins in each input, in elements.
struct broadcast_row {
    int32_t start_1, start_2;
};

static inline int32_t broadcast_rows(const struct broadcast_shape *shape) {
    int32_t rows = 1;
    for (int dimension = 0; dimension < BROADCAST_RANK - 1; ++dimension) {
        rows *= shape->extents[dimension];
    }
    return rows;
}

static inline struct broadcast_row broadcast_row(const struct broadcast_shape *shape, int32_t row) {
    struct broadcast_row result = {0, 0};
    for (int dimension = BROADCAST_RANK - 2; dimension >= 0; --dimension) {
        const int32_t index = row % shape->extents[dimension];
        result.start_1 += index * shape->strides_1[dimension];
        result.start_2 += index * shape->strides_2[dimension];
        row /= shape->extents[dimension];
    }
    return result;
}

#ifdef __cplusplus
}
#endif

#endif
