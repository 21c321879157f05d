#include "pack.h"

void pack_float32(const struct part *part, const float *input, float *output) {
    part_put(part, sizeof *input, input, output);
}
