#include "cast.h"

void cast_int32_int8(const struct cast_params *params, const int32_t *input, int8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = (int8_t)input[i];
    }
}
