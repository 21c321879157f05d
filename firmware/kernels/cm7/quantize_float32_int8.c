#include "quantize.h"

#include "arch_armv7em.h"
#include "quantize_floats.h"

void quantize_float32_int8(const struct quantize_float32_params *params, const float *input,
                           int8_t *output) {
    const float scale = params->scale;
    const int32_t zero_point = params->zero_point;
#pragma GCC unroll 2
    for (int8_t *const end = output + params->count; output != end;) {
        *output++ = (int8_t)saturate_byte(quantized_float(*input++, scale, zero_point));
    }
}
