#include "quantize.h"

#include "requantize.h"

void quantize_int16_int8(const struct quantize_int8_params *params, const int16_t *input,
                         int8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        const int32_t scaled =
            requantize(input[i] + params->input_offset, params->multiplier, params->shift);
        output[i] = (int8_t)clamp_int32(scaled + params->output_offset, INT8_MIN, INT8_MAX);
    }
}
