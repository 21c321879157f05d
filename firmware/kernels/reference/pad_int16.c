#include "pad.h"

#include <string.h>

static int16_t *fill(int16_t *output, int16_t value, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        *output++ = value;
    }
    return output;
}

void pad_int16(const struct pad_int16_params *params, const int16_t *input, int16_t *output) {
    const struct pad_shape *s = &params->shape;
    const int32_t row = s->extents[3];
    for (int32_t i = -s->before[0]; i < s->extents[0] + s->after[0]; ++i) {
        for (int32_t j = -s->before[1]; j < s->extents[1] + s->after[1]; ++j) {
            for (int32_t k = -s->before[2]; k < s->extents[2] + s->after[2]; ++k) {
                if (!pad_is_inside(s, 0, i) || !pad_is_inside(s, 1, j) || !pad_is_inside(s, 2, k)) {
                    output = fill(output, params->value, s->before[3] + row + s->after[3]);
                    continue;
                }
                output = fill(output, params->value, s->before[3]);
                memcpy(output, input, (size_t)row * sizeof *input);
                output = fill(output + row, params->value, s->after[3]);
                input += row;
            }
        }
    }
}
