// Where the taps of a window lie, for depthwise kernels that take one window after the other.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_TAPS_H
#define TINYML_KERNELS_CM7_DEPTHWISE_TAPS_H

#include "visible_window.h"

// The taps of a window that lie inside the image, in elements from the start of input and weights:
// the first one's first channel, and the steps from one to the next.
struct taps {
    int32_t input, weights;
    int32_t rows, columns;
    int32_t input_row, input_column, weights_row, weights_column;
};

static inline struct taps taps_at(const struct spatial *s, int32_t batch, int32_t y, int32_t x) {
    const struct visible_window window = dilated_window(s, batch, y, x);
    const int32_t skipped = window.skipped_rows * s->window_width + window.skipped_columns;
    return (struct taps){.input = window.first,
                         .weights = skipped * s->output_channels,
                         .rows = window.rows,
                         .columns = window.columns,
                         .input_row = window.row_step,
                         .input_column = window.column_step,
                         .weights_row = s->window_width * s->output_channels,
                         .weights_column = s->output_channels};
}

struct four_sums {
    int32_t of[4];
};

#endif
