#include "maximum.h"

#include "pick_bytes.h"

static inline uint32_t pick(uint32_t a, uint32_t b) {
    return max_bytes(a, b);
}

void maximum_int8(const struct broadcast_shape *shape, const int8_t *input_1, const int8_t *input_2,
                  int8_t *output) {
    pick_elements(shape, pick, input_1, input_2, output);
}
