// 8 or 16 bits to real numbers: scale * (q - zero_point).
#ifndef TINYML_KERNELS_DEQUANTIZE_H
#define TINYML_KERNELS_DEQUANTIZE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dequantize_params {
    int32_t count;
    float scale;
    int32_t zero_point;
};

void dequantize_int8_float32(const struct dequantize_params *params, const int8_t *input,
                             float *output);
void dequantize_uint8_float32(const struct dequantize_params *params, const uint8_t *input,
                              float *output);
void dequantize_int16_float32(const struct dequantize_params *params, const int16_t *input,
                              float *output);

#ifdef __cplusplus
}
#endif

#endif
