#include "add.h"

#include "requantize.h"

// Both inputs are brought to one scale with `left_shift` bits of head room, then added.
static int8_t sum(const struct add_int8_params *params, int8_t a, int8_t b) {
    const int32_t shifted_a = shift_left(a + params->offset_1, params->left_shift);
    const int32_t shifted_b = shift_left(b + params->offset_2, params->left_shift);
    const int32_t total = requantize(shifted_a, params->multiplier_1, params->shift_1) +
                          requantize(shifted_b, params->multiplier_2, params->shift_2);
    const int32_t scaled = requantize(total, params->output_multiplier, params->output_shift);
    return (int8_t)clamp_int32(scaled + params->output_offset, params->activation_min,
                               params->activation_max);
}

void add_int8(const struct add_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output) {
    const struct add_shape *s = &params->shape;
    for (int32_t i = 0; i < s->extents[0]; ++i) {
        for (int32_t j = 0; j < s->extents[1]; ++j) {
            for (int32_t k = 0; k < s->extents[2]; ++k) {
                const int8_t *a =
                    input_1 + i * s->strides_1[0] + j * s->strides_1[1] + k * s->strides_1[2];
                const int8_t *b =
                    input_2 + i * s->strides_2[0] + j * s->strides_2[1] + k * s->strides_2[2];
                for (int32_t l = 0; l < s->extents[3]; ++l) {
                    *output++ = sum(params, a[l * s->strides_1[3]], b[l * s->strides_2[3]]);
                }
            }
        }
    }
}
