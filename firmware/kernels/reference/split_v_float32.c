#include "split_v.h"

void split_v_float32(const struct part *part, const float *input, float *output) {
    part_take(part, sizeof *input, input, output);
}
