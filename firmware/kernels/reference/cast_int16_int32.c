#include "cast.h"

void cast_int16_int32(const struct cast_params *params, const int16_t *input, int32_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i];
    }
}
