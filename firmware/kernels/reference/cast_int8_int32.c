#include "cast.h"

void cast_int8_int32(const struct cast_params *params, const int8_t *input, int32_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = input[i];
    }
}
