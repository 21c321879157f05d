// Tensors behind each other along one dimension: each call copies one of them.
#ifndef TINYML_KERNELS_CONCATENATION_H
#define TINYML_KERNELS_CONCATENATION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Rows of `input_row` elements go `output_row` elements apart, the first to `output_start`.
struct concatenation_part {
    int32_t rows, input_row;
    int32_t output_row, output_start;
};

void concatenation_int8(const struct concatenation_part *part, const int8_t *input, int8_t *output);
void concatenation_int16(const struct concatenation_part *part, const int16_t *input,
                         int16_t *output);
void concatenation_float32(const struct concatenation_part *part, const float *input,
                           float *output);
void concatenation_int32(const struct concatenation_part *part, const int32_t *input,
                         int32_t *output);

#ifdef __cplusplus
}
#endif

#endif
