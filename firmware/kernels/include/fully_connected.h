// Matrix times vector, for each of `batches` vectors; weights [output][input].
#ifndef TINYML_KERNELS_FULLY_CONNECTED_H
#define TINYML_KERNELS_FULLY_CONNECTED_H

#include "hybrid.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fully_connected_int8_params {
    int32_t batches, input_depth, output_depth;
    int32_t input_offset; // minus the zero point
    int32_t weights_offset;
    int32_t output_offset;
    int32_t activation_min, activation_max;
    int32_t per_channel; // 1: one multiplier per output, 0: one for all
    const int32_t *multipliers;
    const int32_t *shifts;
};

struct fully_connected_int16_params {
    int32_t batches, input_depth, output_depth;
    int32_t activation_min, activation_max;
    const int16_t *multipliers; // one per output channel, of 15 bits
    const uint8_t *shifts;      // to the right
};

// Sums have 32 bits, as the bias has.
struct fully_connected_int16_bias32_params {
    int32_t batches, input_depth, output_depth;
    int32_t activation_min, activation_max;
    const int32_t *multipliers; // one per output channel
    const int32_t *shifts;
};

struct fully_connected_float32_params {
    int32_t batches, input_depth, output_depth;
    float activation_min, activation_max;
};

struct fully_connected_hybrid_params {
    int32_t batches, input_depth, output_depth;
    struct hybrid hybrid;
    float activation_min, activation_max;
};

struct fully_connected_float16_params {
    int32_t batches, input_depth, output_depth;
    float activation_min, activation_max;
};

// `bias` holds one value per output, or is NULL.
void fully_connected_int8(const struct fully_connected_int8_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *bias, int8_t *output);
void fully_connected_int16(const struct fully_connected_int16_params *params, const int16_t *input,
                           const int8_t *weights, const int64_t *bias, int16_t *output);
void fully_connected_int16_bias32(const struct fully_connected_int16_bias32_params *params,
                                  const int16_t *input, const int8_t *weights, const int32_t *bias,
                                  int16_t *output);
void fully_connected_float32(const struct fully_connected_float32_params *params,
                             const float *input, const float *weights, const float *bias,
                             float *output);
// `quantized` has room for one vector of inputs.
void fully_connected_hybrid(const struct fully_connected_hybrid_params *params, const float *input,
                            const int8_t *weights, const float *bias, int8_t *quantized,
                            float *output);
void fully_connected_float16(const struct fully_connected_float16_params *params,
                             const float *input, const uint16_t *weights, const float *bias,
                             float *output);

#ifdef __cplusplus
}
#endif

#endif
