#include "split_v.h"

void split_v_int8(const struct part *part, const int8_t *input, int8_t *output) {
    part_take(part, sizeof *input, input, output);
}
