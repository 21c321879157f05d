// One dimension of the image of a depthwise convolution.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_AXIS_H
#define TINYML_KERNELS_CM7_DEPTHWISE_AXIS_H

#include <stdint.h>

struct depthwise_axis {
    int32_t inputs, outputs;
    int32_t stride, padding, window;
    int32_t input_step, output_step; // in bytes, from one pixel to the next
    int32_t tile;                    // outputs of a tile
};

#endif
