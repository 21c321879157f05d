#include "pack.h"

void pack_int8(const struct part *part, const int8_t *input, int8_t *output) {
    part_put(part, sizeof *input, input, output);
}
