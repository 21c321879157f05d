#include "cast.h"

void cast_int16_float32(const struct cast_params *params, const int16_t *input, float *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (float)input[i];
    }
}
