#include "quantize.h"

#include "requantize.h"

void quantize_int8_uint8(const struct quantize_int8_params *params, const int8_t *input,
                         uint8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        const int32_t scaled =
            requantize(input[i] + params->input_offset, params->multiplier, params->shift);
        output[i] = (uint8_t)clamp_int32(scaled + params->output_offset, 0, UINT8_MAX);
    }
}
