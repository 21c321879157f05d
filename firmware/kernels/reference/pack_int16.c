#include "pack.h"

void pack_int16(const struct part *part, const int16_t *input, int16_t *output) {
    part_put(part, sizeof *input, input, output);
}
