#include "cast.h"

void cast_float32_int8(const struct cast_params *params, const float *input, int8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (int8_t)cast_saturated(input[i], 128.0f);
    }
}
