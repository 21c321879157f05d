#include "minimum.h"

void minimum_int16(const struct broadcast_shape *shape, const int16_t *input_1,
                   const int16_t *input_2, int16_t *output) {
    for (int32_t row = 0; row < broadcast_rows(shape); ++row) {
        const struct broadcast_row start = broadcast_row(shape, row);
        const int16_t *a = input_1 + start.start_1;
        const int16_t *b = input_2 + start.start_2;
        for (int32_t i = 0; i < shape->extents[BROADCAST_RANK - 1]; ++i) {
            *output++ = *a < *b ? *a : *b;
            a += shape->strides_1[BROADCAST_RANK - 1];
            b += shape->strides_2[BROADCAST_RANK - 1];
        }
    }
}
