#include "gather.h"

void gather_float32(const struct gather_shape *shape, const float *input, const int32_t *indices,
                    float *output) {
    gather_copy(shape, sizeof *input, input, indices, output);
}
