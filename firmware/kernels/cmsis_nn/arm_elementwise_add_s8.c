#include "arm_nnfunctions.h"

#include "add.h"

arm_cmsis_nn_status arm_elementwise_add_s8(
    const int8_t *input_1_vect, const int8_t *input_2_vect, const int32_t input_1_offset,
    const int32_t input_1_mult, const int32_t input_1_shift, const int32_t input_2_offset,
    const int32_t input_2_mult, const int32_t input_2_shift, const int32_t left_shift,
    int8_t *output, const int32_t out_offset, const int32_t out_mult, const int32_t out_shift,
    const int32_t out_activation_min, const int32_t out_activation_max, const int32_t block_size) {
    const struct add_int8_params params = {
        .shape = {{1, 1, 1, block_size}, {0, 0, 0, 1}, {0, 0, 0, 1}},
        .left_shift = left_shift,
        .offset_1 = input_1_offset,
        .multiplier_1 = input_1_mult,
        .shift_1 = input_1_shift,
        .offset_2 = input_2_offset,
        .multiplier_2 = input_2_mult,
        .shift_2 = input_2_shift,
        .output_offset = out_offset,
        .output_multiplier = out_mult,
        .output_shift = out_shift,
        .activation_min = out_activation_min,
        .activation_max = out_activation_max,
    };
    add_int8(&params, input_1_vect, input_2_vect, output);
    return ARM_CMSIS_NN_SUCCESS;
}
