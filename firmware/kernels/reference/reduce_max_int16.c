#include "reduce_max.h"

static int16_t largest(const struct reduction_shape *shape, const int16_t *input) {
    int16_t result = *input;
    for (int32_t i = 0; i < shape->reduced[0]; ++i) {
        const int16_t *row = input + i * shape->reduced_strides[0];
        for (int32_t j = 0; j < shape->reduced[1]; ++j) {
            const int16_t value = row[j * shape->reduced_strides[1]];
            result = value > result ? value : result;
        }
    }
    return result;
}

void reduce_max_int16(const struct reduction_shape *shape, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < shape->kept[0]; ++i) {
        for (int32_t j = 0; j < shape->kept[1]; ++j) {
            *output++ =
                largest(shape, input + i * shape->kept_strides[0] + j * shape->kept_strides[1]);
        }
    }
}
