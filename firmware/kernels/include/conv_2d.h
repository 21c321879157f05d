// 2-D convolution, NHWC images, weights [output channel][row][column][input channel].
#ifndef TINYML_KERNELS_CONV_2D_H
#define TINYML_KERNELS_CONV_2D_H

#include "hybrid.h"
#include "spatial.h"

#ifdef __cplusplus
extern "C" {
#endif

struct conv_2d_int8_params {
    struct spatial spatial;
    int32_t input_offset; // minus the zero point
    int32_t output_offset;
    int32_t activation_min, activation_max;
    const int32_t *multipliers; // one per output channel
    const int32_t *shifts;
};

struct conv_2d_int16_params {
    struct spatial spatial;
    int32_t activation_min, activation_max;
    const int16_t *multipliers; // one per output channel, of 15 bits
    const uint8_t *shifts;      // to the right
};

// Sums have 32 bits, as the bias has.
struct conv_2d_int16_bias32_params {
    struct spatial spatial;
    int32_t activation_min, activation_max;
    const int32_t *multipliers; // one per output channel
    const int32_t *shifts;
};

struct conv_2d_float32_params {
    struct spatial spatial;
    float activation_min, activation_max;
};

struct conv_2d_hybrid_params {
    struct spatial spatial;
    struct hybrid hybrid;
    float activation_min, activation_max;
};

struct conv_2d_float16_params {
    struct spatial spatial;
    float activation_min, activation_max;
};

// Output channels whose weights are widened to float32 at a time.
#define CONV_2D_FLOAT16_FILTERS 4

// `bias` holds one value per output channel, or is NULL.
void conv_2d_int8(const struct conv_2d_int8_params *params, const int8_t *input,
                  const int8_t *weights, const int32_t *bias, int8_t *output);
void conv_2d_int16(const struct conv_2d_int16_params *params, const int16_t *input,
                   const int8_t *weights, const int64_t *bias, int16_t *output);
void conv_2d_int16_bias32(const struct conv_2d_int16_bias32_params *params, const int16_t *input,
                          const int8_t *weights, const int32_t *bias, int16_t *output);
void conv_2d_float32(const struct conv_2d_float32_params *params, const float *input,
                     const float *weights, const float *bias, float *output);
// `quantized` has room for one image.
void conv_2d_hybrid(const struct conv_2d_hybrid_params *params, const float *input,
                    const int8_t *weights, const float *bias, int8_t *quantized, float *output);
// `filters` has room for CONV_2D_FLOAT16_FILTERS output channels' weights, or for all.
void conv_2d_float16(const struct conv_2d_float16_params *params, const float *input,
                     const uint16_t *weights, const float *bias, float *filters, float *output);

#ifdef __cplusplus
}
#endif

#endif
