#include "arm_nnfunctions.h"

#include "average_pool_2d.h"
#include "geometry.h"

arm_cmsis_nn_status arm_avgpool_s8(const cmsis_nn_context *ctx,
                                   const cmsis_nn_pool_params *pool_params,
                                   const cmsis_nn_dims *input_dims, const int8_t *input_data,
                                   const cmsis_nn_dims *filter_dims,
                                   const cmsis_nn_dims *output_dims, int8_t *output_data) {
    (void)ctx;
    const struct average_pool_2d_int8_params params = {
        .spatial = geometry(input_dims, filter_dims, output_dims, pool_params->stride,
                            pool_params->padding, (cmsis_nn_tile){1, 1}),
        .activation_min = pool_params->activation.min,
        .activation_max = pool_params->activation.max,
    };
    average_pool_2d_int8(&params, input_data, output_data);
    return ARM_CMSIS_NN_SUCCESS;
}
