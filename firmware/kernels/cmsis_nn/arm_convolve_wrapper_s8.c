#include "arm_nnfunctions.h"

#include "conv_2d.h"
#include "geometry.h"

arm_cmsis_nn_status
arm_convolve_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_conv_params *conv_params,
                        const cmsis_nn_per_channel_quant_params *quant_params,
                        const cmsis_nn_dims *input_dims, const int8_t *input_data,
                        const cmsis_nn_dims *filter_dims, const int8_t *filter_data,
                        const cmsis_nn_dims *bias_dims, const int32_t *bias_data,
                        const cmsis_nn_dims *output_dims, int8_t *output_data) {
    (void)ctx;
    (void)bias_dims;
    const struct conv_2d_int8_params params = {
        .spatial = geometry(input_dims, filter_dims, output_dims, conv_params->stride,
                            conv_params->padding, conv_params->dilation),
        .input_offset = conv_params->input_offset,
        .output_offset = conv_params->output_offset,
        .activation_min = conv_params->activation.min,
        .activation_max = conv_params->activation.max,
        .multipliers = quant_params->multiplier,
        .shifts = quant_params->shift,
    };
    conv_2d_int8(&params, input_data, filter_data, bias_data, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}
