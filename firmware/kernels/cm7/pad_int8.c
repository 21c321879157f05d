// What lies between two rows of the input is filled in one go.
#include "pad.h"

#include "move_bytes.h"

// The elements of the output of one step in each dimension.
struct pad_strides {
    int32_t of[PAD_RANK];
};

static struct pad_strides strides_of(const struct pad_shape *s) {
    struct pad_strides strides = {{0, 0, 0, 1}};
    for (int32_t i = PAD_RANK - 2; i >= 0; --i) {
        strides.of[i] =
            strides.of[i + 1] * (s->before[i + 1] + s->extents[i + 1] + s->after[i + 1]);
    }
    return strides;
}

void pad_int8(const struct pad_int8_params *params, const int8_t *input, int8_t *output) {
    const struct pad_shape *s = &params->shape;
    const struct pad_strides strides = strides_of(s);
    const int32_t row = s->extents[3];
    int32_t filled = 0; // elements of the output so far
    for (int32_t i = 0; i < s->extents[0]; ++i) {
        for (int32_t j = 0; j < s->extents[1]; ++j) {
            for (int32_t k = 0; k < s->extents[2]; ++k) {
                const int32_t start = (i + s->before[0]) * strides.of[0] +
                                      (j + s->before[1]) * strides.of[1] +
                                      (k + s->before[2]) * strides.of[2] + s->before[3];
                set_bytes(output + filled, params->value, start - filled);
                move_bytes(output + start, input, row);
                input += row;
                filled = start + row;
            }
        }
    }
    const int32_t all = strides.of[0] * (s->before[0] + s->extents[0] + s->after[0]);
    set_bytes(output + filled, params->value, all - filled);
}
