#include "reduce_max.h"

static float largest(const struct reduction_shape *shape, const float *input) {
    float result = *input;
    for (int32_t i = 0; i < shape->reduced[0]; ++i) {
        const float *row = input + i * shape->reduced_strides[0];
        for (int32_t j = 0; j < shape->reduced[1]; ++j) {
            const float value = row[j * shape->reduced_strides[1]];
            result = value > result ? value : result;
        }
    }
    return result;
}

void reduce_max_float32(const struct reduction_shape *shape, const float *input, float *output) {
    for (int32_t i = 0; i < shape->kept[0]; ++i) {
        for (int32_t j = 0; j < shape->kept[1]; ++j) {
            *output++ =
                largest(shape, input + i * shape->kept_strides[0] + j * shape->kept_strides[1]);
        }
    }
}
