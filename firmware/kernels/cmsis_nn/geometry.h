// From CMSIS-NN's dimensions to the geometry that our kernels take.
#ifndef TINYML_KERNELS_CMSIS_NN_GEOMETRY_H
#define TINYML_KERNELS_CMSIS_NN_GEOMETRY_H

#include "arm_nn_types.h"
#include "spatial.h"

static inline struct spatial geometry(const cmsis_nn_dims *input, const cmsis_nn_dims *filter,
                                      const cmsis_nn_dims *output, cmsis_nn_tile stride,
                                      cmsis_nn_tile padding, cmsis_nn_tile dilation) {
    return (struct spatial){
        .batches = input->n,
        .input_height = input->h,
        .input_width = input->w,
        .input_channels = input->c,
        .window_height = filter->h,
        .window_width = filter->w,
        .output_height = output->h,
        .output_width = output->w,
        .output_channels = output->c,
        .stride_height = stride.h,
        .stride_width = stride.w,
        .dilation_height = dilation.h,
        .dilation_width = dilation.w,
        .padding_top = padding.h,
        .padding_left = padding.w,
    };
}

#endif
