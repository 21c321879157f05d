#include "relu.h"

#include "requantize.h"

void relu_int16(const struct relu_int16_params *params, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        const int32_t scaled = requantize(input[i], params->multiplier, params->shift);
        output[i] = (int16_t)clamp_int32(scaled, 0, INT16_MAX);
    }
}
