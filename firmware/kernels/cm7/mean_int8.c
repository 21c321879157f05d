// Where the innermost dimension is kept, eight or four of its elements at a time.
#include "mean.h"

#include "requantize_cm7.h"
#include "sum_bytes.h"

// What is reduced to the outputs `kept[0]` = i.
static struct byte_rows terms_of(const struct reduction_shape *s, const int8_t *input, int32_t i) {
    return (struct byte_rows){
        .first = input + i * s->kept_strides[0],
        .rows = s->reduced[0],
        .columns = s->reduced[1],
        .row_step = s->reduced_strides[0],
        .column_step = s->reduced_strides[1],
    };
}

static int8_t mean_of(const struct mean_int8_params *params, int32_t sum) {
    const struct requantizer by = make_requantizer(params->multiplier, params->shift);
    const int32_t scaled = requantize_cm7(sum + params->sum_offset, &by);
    return (int8_t)clamp_int32(scaled + params->output_offset, INT8_MIN, INT8_MAX);
}

void mean_int8(const struct mean_int8_params *params, const int8_t *input, int8_t *output) {
    const struct reduction_shape *s = &params->shape;
    const int32_t stride = s->kept_strides[1];
    int32_t sums[8];
    for (int32_t i = 0; i < s->kept[0]; ++i) {
        const struct byte_rows terms = terms_of(s, input, i);
        for (int32_t j = 0; j < s->kept[1];) {
            const int32_t side_by_side = stride == 1 ? s->kept[1] - j : 1;
            const int32_t done = sum_channels(&terms, j * stride, side_by_side, sums);
            for (int32_t k = 0; k < done; ++k, ++j) {
                *output++ = mean_of(params, sums[k]);
            }
        }
    }
}
