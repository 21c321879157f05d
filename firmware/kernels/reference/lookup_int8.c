#include "lookup.h"

void lookup_int8(const struct lookup_int8_params *params, const int8_t *input, int8_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = params->table[input[i] - INT8_MIN];
    }
}
