#include "split_v.h"

void split_v_int16(const struct part *part, const int16_t *input, int16_t *output) {
    part_take(part, sizeof *input, input, output);
}
