// Depthwise 2-D convolution: output channel c * depth_multiplier + m sees input channel c alone.
// NHWC images, weights [row][column][output channel].
#ifndef TINYML_KERNELS_DEPTHWISE_CONV_2D_H
#define TINYML_KERNELS_DEPTHWISE_CONV_2D_H

#include "hybrid.h"
#include "spatial.h"

#ifdef __cplusplus
extern "C" {
#endif

struct depthwise_conv_2d_int8_params {
    struct spatial spatial;
    int32_t depth_multiplier;
    int32_t input_offset; // minus the zero point
    int32_t output_offset;
    int32_t activation_min, activation_max;
    const int32_t *multipliers; // one per output channel
    const int32_t *shifts;
};

struct depthwise_conv_2d_int16_params {
    struct spatial spatial;
    int32_t depth_multiplier;
    int32_t activation_min, activation_max;
    const int16_t *multipliers; // one per output channel, of 15 bits
    const uint8_t *shifts;      // to the right
};

struct depthwise_conv_2d_float32_params {
    struct spatial spatial;
    int32_t depth_multiplier;
    float activation_min, activation_max;
};

struct depthwise_conv_2d_hybrid_params {
    struct spatial spatial;
    int32_t depth_multiplier;
    struct hybrid hybrid;
    float activation_min, activation_max;
};

struct depthwise_conv_2d_float16_params {
    struct spatial spatial;
    int32_t depth_multiplier;
    float activation_min, activation_max;
};

// `bias` holds one value per output channel, or is NULL.
void depthwise_conv_2d_int8(const struct depthwise_conv_2d_int8_params *params, const int8_t *input,
                            const int8_t *weights, const int32_t *bias, int8_t *output);
void depthwise_conv_2d_int16(const struct depthwise_conv_2d_int16_params *params,
                             const int16_t *input, const int8_t *weights, const int64_t *bias,
                             int16_t *output);
void depthwise_conv_2d_float32(const struct depthwise_conv_2d_float32_params *params,
                               const float *input, const float *weights, const float *bias,
                               float *output);
// `quantized` has room for one image.
void depthwise_conv_2d_hybrid(const struct depthwise_conv_2d_hybrid_params *params,
                              const float *input, const int8_t *weights, const float *bias,
                              int8_t *quantized, float *output);
// `filter` has room for all weights.
void depthwise_conv_2d_float16(const struct depthwise_conv_2d_float16_params *params,
                               const float *input, const uint16_t *weights, const float *bias,
                               float *filter, float *output);

#ifdef __cplusplus
}
#endif

#endif
