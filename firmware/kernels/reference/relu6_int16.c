#include "relu6.h"

#include "requantize.h"

void relu6_int16(const struct relu6_int16_params *params, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (int16_t)clamp_int32(input[i], params->minimum, params->maximum);
    }
}
