#include "cast.h"

void cast_int8_int16(const struct cast_params *params, const int8_t *input, int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i];
    }
}
