#include "quantize.h"

#include "requantize.h"

void quantize_int8_int16(const struct quantize_int8_params *params, const int8_t *input,
                         int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        const int32_t scaled =
            requantize(input[i] + params->input_offset, params->multiplier, params->shift);
        output[i] = (int16_t)clamp_int32(scaled + params->output_offset, INT16_MIN, INT16_MAX);
    }
}
