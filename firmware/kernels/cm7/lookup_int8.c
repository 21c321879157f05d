#include "lookup.h"

#include "byte_table.h"

void lookup_int8(const struct lookup_int8_params *params, const int8_t *input, int8_t *output) {
    look_up_bytes(params->table - INT8_MIN, input, output, params->count);
}
