#include "pack.h"

void pack_int32(const struct part *part, const int32_t *input, int32_t *output) {
    part_put(part, sizeof *input, input, output);
}
