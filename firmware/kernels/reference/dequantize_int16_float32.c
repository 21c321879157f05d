#include "dequantize.h"

void dequantize_int16_float32(const struct dequantize_params *params, const int16_t *input,
                              float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = params->scale * (float)(input[i] - params->zero_point);
    }
}
