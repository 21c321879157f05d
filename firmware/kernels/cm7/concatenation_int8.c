// Rows copied in line where they are short.
#include "concatenation.h"

#include "move_bytes.h"

void concatenation_int8(const struct concatenation_part *part, const int8_t *input,
                        int8_t *output) {
    output += part->output_start;
    if (part->input_row == part->output_row) { // the rows are one
        move_bytes(output, input, part->rows * part->input_row);
        return;
    }
    for (int32_t row = 0; row < part->rows; ++row) {
        move_bytes(output, input, part->input_row);
        input += part->input_row;
        output += part->output_row;
    }
}
