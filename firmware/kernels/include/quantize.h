// Real numbers to 8 or 16 bits, and these to another scale, signedness or width.
#ifndef TINYML_KERNELS_QUANTIZE_H
#define TINYML_KERNELS_QUANTIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct quantize_float32_params {
    int32_t count;
    float scale;
    int32_t zero_point;
};

struct quantize_int8_params {
    int32_t count;
    int32_t input_offset; // minus the zero point
    int32_t multiplier, shift;
    int32_t output_offset;
};

// Nearest, ties away from zero, saturating; not-a-number becomes the zero point.
void quantize_float32_int8(const struct quantize_float32_params *params, const float *input,
                           int8_t *output);
void quantize_float32_uint8(const struct quantize_float32_params *params, const float *input,
                            uint8_t *output);
void quantize_float32_int16(const struct quantize_float32_params *params, const float *input,
                            int16_t *output);

void quantize_int8_int8(const struct quantize_int8_params *params, const int8_t *input,
                        int8_t *output);
void quantize_int8_uint8(const struct quantize_int8_params *params, const int8_t *input,
                         uint8_t *output);
void quantize_uint8_int8(const struct quantize_int8_params *params, const uint8_t *input,
                         int8_t *output);
void quantize_int8_int16(const struct quantize_int8_params *params, const int8_t *input,
                         int16_t *output);
void quantize_int16_int8(const struct quantize_int8_params *params, const int16_t *input,
                         int8_t *output);
void quantize_int16_int16(const struct quantize_int8_params *params, const int16_t *input,
                          int16_t *output);

#ifdef __cplusplus
}
#endif

#endif
