#include "add.h"

#include "requantize.h"

void add_float32(const struct add_float32_params *params, const float *input_1,
                 const float *input_2, float *output) {
    const struct add_shape *s = &params->shape;
    for (int32_t i = 0; i < s->extents[0]; ++i) {
        for (int32_t j = 0; j < s->extents[1]; ++j) {
            for (int32_t k = 0; k < s->extents[2]; ++k) {
                const float *a =
                    input_1 + i * s->strides_1[0] + j * s->strides_1[1] + k * s->strides_1[2];
                const float *b =
                    input_2 + i * s->strides_2[0] + j * s->strides_2[1] + k * s->strides_2[2];
                for (int32_t l = 0; l < s->extents[3]; ++l) {
                    *output++ = clamp_float32(a[l * s->strides_1[3]] + b[l * s->strides_2[3]],
                                              params->activation_min, params->activation_max);
                }
            }
        }
    }
}
