#include "arm_nnfunctions.h"

#include "softmax.h"

void arm_softmax_s8(const int8_t *input, const int32_t num_rows, const int32_t row_size,
                    const int32_t mult, const int32_t shift, const int32_t diff_min,
                    int8_t *output) {
    const struct softmax_int8_params params = {
        .rows = num_rows,
        .depth = row_size,
        .multiplier = mult,
        .shift = shift,
        .difference_min = diff_min,
    };
    softmax_int8(&params, input, output);
}
