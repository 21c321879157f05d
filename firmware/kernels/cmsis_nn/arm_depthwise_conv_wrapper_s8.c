#include "arm_nnfunctions.h"

#include "depthwise_conv_2d.h"
#include "geometry.h"

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(
    const cmsis_nn_context *ctx, const cmsis_nn_dw_conv_params *dw_conv_params,
    const cmsis_nn_per_channel_quant_params *quant_params, const cmsis_nn_dims *input_dims,
    const int8_t *input_data, const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
    const cmsis_nn_dims *bias_dims, const int32_t *bias_data, const cmsis_nn_dims *output_dims,
    int8_t *output_data) {
    (void)ctx;
    (void)bias_dims;
    const struct depthwise_conv_2d_int8_params params = {
        .spatial = geometry(input_dims, filter_dims, output_dims, dw_conv_params->stride,
                            dw_conv_params->padding, dw_conv_params->dilation),
        .depth_multiplier = dw_conv_params->ch_mult,
        .input_offset = dw_conv_params->input_offset,
        .output_offset = dw_conv_params->output_offset,
        .activation_min = dw_conv_params->activation.min,
        .activation_max = dw_conv_params->activation.max,
        .multipliers = quant_params->multiplier,
        .shifts = quant_params->shift,
    };
    depthwise_conv_2d_int8(&params, input_data, filter_data, bias_data, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}
