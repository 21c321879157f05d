#include "add.h"

#include "sum_int8.h"

void add_int8(const struct add_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output) {
    const struct sum_int8 sum = {
        .shape = &params->shape,
        .inputs = {{input_1, params->offset_1, params->multiplier_1, params->shift_1, 1},
                   {input_2, params->offset_2, params->multiplier_2, params->shift_2, 1}},
        .left_shift = params->left_shift,
        .scale = {params->output_multiplier, params->output_shift, params->output_offset,
                  params->activation_min, params->activation_max},
    };
    add_tensors(&sum, false, output);
}
