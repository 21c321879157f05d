// 2-D convolution with packed weights (see packed_tile.h), and the max pool after it if there is
// one. A row of the window is filled up to a multiple of four taps.
#ifndef TINYML_KERNELS_CM7_CONV_2D_PACKED_H
#define TINYML_KERNELS_CM7_CONV_2D_PACKED_H

#include "spatial.h"

#ifdef __cplusplus
extern "C" {
#endif

struct conv_2d_packed_int8_params {
    struct spatial spatial; // of the convolution, but for its output, which is the pool's
    // The pool's window is four pixels, all of them inside of the convolution's output, or one:
    // no pool.
    int32_t pool_height, pool_width;
    int32_t pool_stride_height, pool_stride_width;
    int32_t input_offset; // minus the zero point
    int32_t output_offset;
    int32_t activation_min, activation_max;
};

// With two output channels or more. Where their number is odd, the second pair begins with the
// channel that the first one ends with.
//
// `scratch` holds sums where a window is longer than what is done at a time: 32 bytes for each of
// up to 32 pairs if it has more than 144 taps and there are four pixels or a pool, else 8 bytes for
// each of up to 128 pairs if it has more than 576. Otherwise it may be NULL.
void conv_2d_packed_int8(const struct conv_2d_packed_int8_params *params, const int8_t *input,
                         const uint32_t *weights, int32_t *scratch, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
