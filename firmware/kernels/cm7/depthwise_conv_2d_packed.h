// Depthwise 2-D convolution of windows up to 3 x 3 with the weights of each channel in words.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_CONV_2D_PACKED_H
#define TINYML_KERNELS_CM7_DEPTHWISE_CONV_2D_PACKED_H

#include "depthwise_axis.h"
#include "depthwise_walk.h"

// Windows are taken for 3 x 3: a shorter one has weights of 0 at its end. The inputs of a tile are
// 32 at most along, 6 across, or 7 if the first and the last are padding.
struct depthwise_conv_2d_packed_int8_params {
    int32_t batches;
    int32_t input_batch, output_batch; // bytes of one image
    int32_t input_channels, depth_multiplier;
    struct depthwise_axis along; // the dimension of the pairs, of stride 1 or 2
    struct depthwise_axis across;
    int32_t input_offset; // minus the zero point
    int32_t output_offset;
    int32_t activation_min, activation_max;
};

// For shifts in [-31, -2]: see WALK_SCALE.
void depthwise_conv_2d_packed_int8(const struct depthwise_conv_2d_packed_int8_params *params,
                                   const int8_t *input, const struct depthwise_channel *channels,
                                   int8_t *output);

// For shifts in [-11, -5] and outputs of at least `output_offset`: see WALK_RECTIFY.
void depthwise_conv_2d_rectified_int8(const struct depthwise_conv_2d_packed_int8_params *params,
                                      const int8_t *input, const struct depthwise_channel *channels,
                                      int8_t *output);

#endif
