#include "mean.h"

static float sum(const struct reduction_shape *shape, const float *input) {
    float total = 0.0f;
    for (int32_t i = 0; i < shape->reduced[0]; ++i) {
        const float *row = input + i * shape->reduced_strides[0];
        for (int32_t j = 0; j < shape->reduced[1]; ++j) {
            total += row[j * shape->reduced_strides[1]];
        }
    }
    return total;
}

void mean_float32(const struct mean_float32_params *params, const float *input, float *output) {
    const struct reduction_shape *s = &params->shape;
    for (int32_t i = 0; i < s->kept[0]; ++i) {
        for (int32_t j = 0; j < s->kept[1]; ++j) {
            const float *first = input + i * s->kept_strides[0] + j * s->kept_strides[1];
            *output++ = sum(s, first) / (float)params->count;
        }
    }
}
