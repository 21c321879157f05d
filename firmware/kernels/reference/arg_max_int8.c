#include "arg_max.h"

static int32_t largest(const struct arg_max_shape *shape, const int8_t *first) {
    int32_t best = 0;
    for (int32_t i = 1; i < shape->extent; ++i) {
        if (first[i * shape->inner] > first[best * shape->inner]) {
            best = i;
        }
    }
    return best;
}

void arg_max_int8(const struct arg_max_shape *shape, const int8_t *input, int32_t *output) {
    for (int32_t outer = 0; outer < shape->outer; ++outer) {
        for (int32_t inner = 0; inner < shape->inner; ++inner) {
            *output++ = largest(shape, input + inner);
        }
        input += shape->extent * shape->inner;
    }
}
