#include "concatenation.h"

#include <string.h>

void concatenation_int32(const struct concatenation_part *part, const int32_t *input,
                         int32_t *output) {
    const size_t bytes = (size_t)part->input_row * sizeof *input;
    output += part->output_start;
    for (int32_t row = 0; row < part->rows; ++row) {
        memcpy(output, input, bytes);
        input += part->input_row;
        output += part->output_row;
    }
}
