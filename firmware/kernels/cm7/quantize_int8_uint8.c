#include "quantize.h"

#include "byte_table.h"

void quantize_int8_uint8(const struct quantize_int8_params *params, const int8_t *input,
                         uint8_t *output) {
    quantize_bytes(params, INT8_MIN, 0, input, (int8_t *)output);
}
