// Depthwise 2-D convolution of any window and dilation, pixel by pixel.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_CONV_2D_DILATED_H
#define TINYML_KERNELS_CM7_DEPTHWISE_CONV_2D_DILATED_H

#include "depthwise_conv_2d.h"

void depthwise_conv_2d_dilated_int8(const struct depthwise_conv_2d_int8_params *params,
                                    const int8_t *input, const int8_t *weights, const int32_t *bias,
                                    int8_t *output);

#endif
