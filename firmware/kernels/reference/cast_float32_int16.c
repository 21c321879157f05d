#include "cast.h"

void cast_float32_int16(const struct cast_params *params, const float *input, int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (int16_t)cast_saturated(input[i], 32768.0f);
    }
}
