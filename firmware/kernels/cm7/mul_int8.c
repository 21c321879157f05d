// Four products at a time: SXTAB16 widens bytes 0 and 2, then 1 and 3, and adds the offsets.
#include "mul.h"

#include "arch_armv7em.h"
#include "clamp_bytes.h"
#include "scale_elements.h"

struct factors {
    const int8_t *first, *second;
    int32_t first_stride, second_stride; // 1, or 0 for one factor of the whole row
    int32_t count;
};

static struct factors row_at(const struct mul_int8_params *params, const int8_t *input_1,
                             const int8_t *input_2, int32_t row) {
    const struct broadcast_shape *shape = &params->shape;
    const struct broadcast_row start = broadcast_row(shape, row);
    const int32_t last = BROADCAST_RANK - 1;
    return (struct factors){input_1 + start.start_1, input_2 + start.start_2,
                            shape->strides_1[last], shape->strides_2[last], shape->extents[last]};
}

static int32_t product(const struct mul_int8_params *params, const struct factors *row, int32_t i) {
    return (row->first[i * row->first_stride] + params->offset_1) *
           (row->second[i * row->second_stride] + params->offset_2);
}

static inline uint32_t four_factors(const int8_t *first, int32_t stride) {
    return stride ? load_word(first) : all_bytes(*first);
}

static void multiply_quickly(const struct mul_int8_params *params, const struct factors *row,
                             struct quick_scale by, int8_t *output) {
    const uint32_t offsets_1 = both_halves(params->offset_1);
    const uint32_t offsets_2 = both_halves(params->offset_2);
    const int8_t *first = row->first, *second = row->second;
    const int32_t whole = row->count & ~3;
    for (int8_t *const end = output + whole; output != end; output += 4) {
        const uint32_t bytes_1 = four_factors(first, row->first_stride);
        const uint32_t bytes_2 = four_factors(second, row->second_stride);
        const uint32_t even_1 = add_even_bytes(offsets_1, bytes_1);
        const uint32_t even_2 = add_even_bytes(offsets_2, bytes_2);
        const uint32_t odd_1 = add_odd_bytes(offsets_1, bytes_1);
        const uint32_t odd_2 = add_odd_bytes(offsets_2, bytes_2);
        output[0] = scale_quickly(product_of_low_halves(even_1, even_2), by);
        output[1] = scale_quickly(product_of_low_halves(odd_1, odd_2), by);
        output[2] = scale_quickly(product_of_high_halves(even_1, even_2), by);
        output[3] = scale_quickly(product_of_high_halves(odd_1, odd_2), by);
        first += 4 * row->first_stride;
        second += 4 * row->second_stride;
    }
    for (int32_t i = whole; i < row->count; ++i) {
        *output++ = scale_quickly(product(params, row, i), by);
    }
}

void mul_int8(const struct mul_int8_params *params, const int8_t *input_1, const int8_t *input_2,
              int8_t *output) {
    const struct element_scale scale = {params->output_multiplier, params->output_shift,
                                        params->output_offset, params->activation_min,
                                        params->activation_max};
    const bool quick = is_quick(&scale);
    const struct quick_scale by = quick ? quick_scale_of(&scale) : (struct quick_scale){0, 0, 0};
    const int32_t rows = broadcast_rows(&params->shape);
    const int32_t count = params->shape.extents[BROADCAST_RANK - 1];
    for (int32_t i = 0; i < rows; ++i) {
        const struct factors row = row_at(params, input_1, input_2, i);
        int8_t *const to = output + i * count;
        if (quick) {
            multiply_quickly(params, &row, by, to);
            continue;
        }
        for (int32_t j = 0; j < count; ++j) {
            to[j] = scale_element(&scale, product(params, &row, j));
        }
    }
    clamp_bytes(output, rows * count, scale.minimum, scale.maximum);
}
