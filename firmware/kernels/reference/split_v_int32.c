#include "split_v.h"

void split_v_int32(const struct part *part, const int32_t *input, int32_t *output) {
    part_take(part, sizeof *input, input, output);
}
