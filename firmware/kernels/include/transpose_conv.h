// Transposed 2-D convolution, NHWC images, weights [output channel][row][column][input channel]:
// each input pixel adds its multiple of the weights to a window of the output.
#ifndef TINYML_KERNELS_TRANSPOSE_CONV_H
#define TINYML_KERNELS_TRANSPOSE_CONV_H

#include "hybrid.h"
#include "spatial.h"

#ifdef __cplusplus
extern "C" {
#endif

// In `spatial`, strides and padding are those of the windows in the output.
struct transpose_conv_int8_params {
    struct spatial spatial;
    int32_t input_offset; // minus the zero point
    int32_t output_offset;
    int32_t activation_min, activation_max;
    const int32_t *multipliers; // one per output channel
    const int32_t *shifts;
};

struct transpose_conv_float32_params {
    struct spatial spatial;
    float activation_min, activation_max;
};

struct transpose_conv_hybrid_params {
    struct spatial spatial;
    struct hybrid hybrid;
    float activation_min, activation_max;
};

// The input rows (or columns) whose windows reach a place in the output, `position` from the
// first window's start.
static inline struct span reaching(int32_t position, int32_t window, int32_t stride,
                                   int32_t extent) {
    struct span span = {0, position / stride + 1};
    if (position >= window) {
        span.begin = (position - window) / stride + 1;
    }
    if (span.end > extent) {
        span.end = extent;
    }
    return span;
}

// `bias` holds one value per output channel, or is NULL.
void transpose_conv_int8(const struct transpose_conv_int8_params *params, const int8_t *input,
                         const int8_t *weights, const int32_t *bias, int8_t *output);
void transpose_conv_float32(const struct transpose_conv_float32_params *params, const float *input,
                            const float *weights, const float *bias, float *output);
// `quantized` has room for one image.
void transpose_conv_hybrid(const struct transpose_conv_hybrid_params *params, const float *input,
                           const int8_t *weights, const float *bias, int8_t *quantized,
                           float *output);

#ifdef __cplusplus
}
#endif

#endif
