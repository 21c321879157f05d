#include "quantize.h"

#include "byte_table.h"

void quantize_uint8_int8(const struct quantize_int8_params *params, const uint8_t *input,
                         int8_t *output) {
    quantize_bytes(params, 0, INT8_MIN, (const int8_t *)input, output);
}
