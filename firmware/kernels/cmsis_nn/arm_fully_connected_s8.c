#include "arm_nnfunctions.h"

#include "fully_connected.h"

arm_cmsis_nn_status
arm_fully_connected_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *fc_params,
                       const cmsis_nn_per_tensor_quant_params *quant_params,
                       const cmsis_nn_dims *input_dims, const int8_t *input_data,
                       const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                       const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                       const cmsis_nn_dims *output_dims, int8_t *output_data) {
    (void)ctx;
    (void)bias_dims;
    const struct fully_connected_int8_params params = {
        .batches = input_dims->n,
        .input_depth = filter_dims->n,
        .output_depth = output_dims->c,
        .input_offset = fc_params->input_offset,
        .weights_offset = fc_params->filter_offset,
        .output_offset = fc_params->output_offset,
        .activation_min = fc_params->activation.min,
        .activation_max = fc_params->activation.max,
        .per_channel = 0,
        .multipliers = &quant_params->multiplier,
        .shifts = &quant_params->shift,
    };
    fully_connected_int8(&params, input_data, filter_data, bias_data, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}
