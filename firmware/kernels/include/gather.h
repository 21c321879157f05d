// The slices of one dimension that a tensor of indices asks for.
#ifndef TINYML_KERNELS_GATHER_H
#define TINYML_KERNELS_GATHER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// The input is [batches][outer][extent][inner], the indices are [batches][indices], the output is
// [batches][outer][indices][inner].
struct gather_shape {
    int32_t batches, outer, extent, inner;
    int32_t indices;
};

// Indices come from outside: one that does not exist is taken for the nearest that does.
static inline int32_t gather_index(int32_t index, int32_t extent) {
    return index < 0 ? 0 : index >= extent ? extent - 1 : index;
}

// Copies slices of all types; `item` is the size of an element in bytes.
static inline void gather_copy(const struct gather_shape *shape, size_t item, const void *input,
                               const int32_t *indices, void *output) {
    const size_t bytes = (size_t)shape->inner * item;
    const char *source = (const char *)input;
    char *target = (char *)output;
    for (int32_t batch = 0; batch < shape->batches; ++batch) {
        for (int32_t outer = 0; outer < shape->outer; ++outer) {
            for (int32_t i = 0; i < shape->indices; ++i) {
                memcpy(target, source + (size_t)gather_index(indices[i], shape->extent) * bytes,
                       bytes);
                target += bytes;
            }
            source += (size_t)shape->extent * bytes;
        }
        indices += shape->indices;
    }
}

void gather_int8(const struct gather_shape *shape, const int8_t *input, const int32_t *indices,
                 int8_t *output);
void gather_float32(const struct gather_shape *shape, const float *input, const int32_t *indices,
                    float *output);

#ifdef __cplusplus
}
#endif

#endif
