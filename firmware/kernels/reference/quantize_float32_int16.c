#include "quantize.h"

#include <math.h>

#include "requantize.h"

static int16_t quantized(float value, float scale, int32_t zero_point) {
    // Bounded before the conversion, which is undefined outside of int32.
    const float steps = clamp_float32(roundf(value / scale), -65536.0f, 65536.0f);
    const int32_t rounded = steps == steps ? (int32_t)steps : 0;
    return (int16_t)clamp_int32(rounded + zero_point, INT16_MIN, INT16_MAX);
}

void quantize_float32_int16(const struct quantize_float32_params *params, const float *input,
                            int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = quantized(input[i], params->scale, params->zero_point);
    }
}
