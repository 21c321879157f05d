#include "cast.h"

void cast_float32_int32(const struct cast_params *params, const float *input, int32_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = cast_saturated(input[i], 2147483648.0f);
    }
}
