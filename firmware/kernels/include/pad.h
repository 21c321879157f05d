// A tensor with a constant around it.
#ifndef TINYML_KERNELS_PAD_H
#define TINYML_KERNELS_PAD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAD_RANK 4

// The input's extents, and how many elements are added at both ends of each dimension.
struct pad_shape {
    int32_t extents[PAD_RANK];
    int32_t before[PAD_RANK];
    int32_t after[PAD_RANK];
};

struct pad_int8_params {
    struct pad_shape shape;
    int8_t value;
};

struct pad_int16_params {
    struct pad_shape shape;
    int16_t value;
};

struct pad_float32_params {
    struct pad_shape shape;
    float value;
};

// Whether an index, counted from the input's first element, is one of the input's.
static inline bool pad_is_inside(const struct pad_shape *shape, int dimension, int32_t index) {
    return index >= 0 && index < shape->extents[dimension];
}

void pad_int8(const struct pad_int8_params *params, const int8_t *input, int8_t *output);
void pad_int16(const struct pad_int16_params *params, const int16_t *input, int16_t *output);
void pad_float32(const struct pad_float32_params *params, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif
