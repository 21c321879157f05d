#include "leaky_relu.h"

#include "requantize.h"

static int32_t scaled(const struct leaky_relu_int16_params *params, int32_t x) {
    if (x >= 0) {
        return requantize(x, params->multiplier, params->shift);
    }
    return params->negative_sign *
           requantize(x, params->negative_multiplier, params->negative_shift);
}

void leaky_relu_int16(const struct leaky_relu_int16_params *params, const int16_t *input,
                      int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (int16_t)clamp_int32(scaled(params, input[i]), INT16_MIN, INT16_MAX);
    }
}
