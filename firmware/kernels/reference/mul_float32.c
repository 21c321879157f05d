#include "mul.h"

#include "requantize.h"

void mul_float32(const struct mul_float32_params *params, const float *input_1,
                 const float *input_2, float *output) {
    const struct broadcast_shape *shape = &params->shape;
    for (int32_t row = 0; row < broadcast_rows(shape); ++row) {
        const struct broadcast_row start = broadcast_row(shape, row);
        const float *a = input_1 + start.start_1;
        const float *b = input_2 + start.start_2;
        for (int32_t i = 0; i < shape->extents[BROADCAST_RANK - 1]; ++i) {
            *output++ = clamp_float32(*a * *b, params->activation_min, params->activation_max);
            a += shape->strides_1[BROADCAST_RANK - 1];
            b += shape->strides_2[BROADCAST_RANK - 1];
        }
    }
}
