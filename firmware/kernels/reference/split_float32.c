#include "split.h"

void split_float32(const struct part *part, const float *input, float *output) {
    part_take(part, sizeof *input, input, output);
}
