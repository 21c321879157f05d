#include "mean.h"

#include "requantize.h"

static int32_t sum(const struct reduction_shape *shape, const int16_t *input) {
    int32_t total = 0;
    for (int32_t i = 0; i < shape->reduced[0]; ++i) {
        const int16_t *row = input + i * shape->reduced_strides[0];
        for (int32_t j = 0; j < shape->reduced[1]; ++j) {
            total += row[j * shape->reduced_strides[1]];
        }
    }
    return total;
}

void mean_int16(const struct mean_int16_params *params, const int16_t *input, int16_t *output) {
    const struct reduction_shape *s = &params->shape;
    for (int32_t i = 0; i < s->kept[0]; ++i) {
        for (int32_t j = 0; j < s->kept[1]; ++j) {
            const int16_t *first = input + i * s->kept_strides[0] + j * s->kept_strides[1];
            const int32_t scaled = requantize(sum(s, first), params->multiplier, params->shift);
            *output++ = (int16_t)clamp_int32(scaled, INT16_MIN, INT16_MAX);
        }
    }
}
