// Where the innermost dimension is kept, four of its elements at a time.
#include "reduce_max.h"

#include "arch_armv7em.h"

static uint32_t largest_four(const struct reduction_shape *s, const int8_t *input) {
    uint32_t largest = load_word(input);
    for (int32_t i = 0; i < s->reduced[0]; ++i) {
        const int8_t *from = input + i * s->reduced_strides[0];
        for (int32_t j = 0; j < s->reduced[1]; ++j, from += s->reduced_strides[1]) {
            largest = max_bytes(largest, load_word(from));
        }
    }
    return largest;
}

static int8_t largest_one(const struct reduction_shape *s, const int8_t *input) {
    int8_t largest = *input;
    for (int32_t i = 0; i < s->reduced[0]; ++i) {
        const int8_t *from = input + i * s->reduced_strides[0];
        for (int32_t j = 0; j < s->reduced[1]; ++j, from += s->reduced_strides[1]) {
            largest = *from > largest ? *from : largest;
        }
    }
    return largest;
}

void reduce_max_int8(const struct reduction_shape *shape, const int8_t *input, int8_t *output) {
    const int32_t count = shape->kept[1], stride = shape->kept_strides[1];
    const int32_t whole = stride == 1 ? count & ~3 : 0;
    for (int32_t i = 0; i < shape->kept[0]; ++i) {
        const int8_t *const row = input + i * shape->kept_strides[0];
        for (int32_t j = 0; j < whole; j += 4, output += 4) {
            store_word(output, largest_four(shape, row + j));
        }
        for (int32_t j = whole; j < count; ++j) {
            *output++ = largest_one(shape, row + j * stride);
        }
    }
}
