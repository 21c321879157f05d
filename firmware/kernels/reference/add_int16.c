#include "add.h"

#include "requantize.h"

// Both inputs are brought to one scale with `left_shift` bits of head room, then added.
static int16_t sum(const struct add_int16_params *params, int16_t a, int16_t b) {
    const int32_t shifted_a = shift_left(a, params->left_shift);
    const int32_t shifted_b = shift_left(b, params->left_shift);
    const int32_t total = requantize(shifted_a, params->multiplier_1, params->shift_1) +
                          requantize(shifted_b, params->multiplier_2, params->shift_2);
    const int32_t scaled = requantize(total, params->output_multiplier, params->output_shift);
    return (int16_t)clamp_int32(scaled, params->activation_min, params->activation_max);
}

void add_int16(const struct add_int16_params *params, const int16_t *input_1,
               const int16_t *input_2, int16_t *output) {
    const struct broadcast_shape *shape = &params->shape;
    for (int32_t row = 0; row < broadcast_rows(shape); ++row) {
        const struct broadcast_row start = broadcast_row(shape, row);
        const int16_t *a = input_1 + start.start_1;
        const int16_t *b = input_2 + start.start_2;
        for (int32_t i = 0; i < shape->extents[BROADCAST_RANK - 1]; ++i) {
            *output++ = sum(params, *a, *b);
            a += shape->strides_1[BROADCAST_RANK - 1];
            b += shape->strides_2[BROADCAST_RANK - 1];
        }
    }
}
