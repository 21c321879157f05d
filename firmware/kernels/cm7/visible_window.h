// The part of a window that lies inside the image, for kernels that take one window after the
// other.
#ifndef TINYML_KERNELS_CM7_VISIBLE_WINDOW_H
#define TINYML_KERNELS_CM7_VISIBLE_WINDOW_H

#include "spatial.h"

// In elements from the start of the input: the first pixel's first channel, and the steps from one
// pixel to the next.
struct visible_window {
    int32_t first;
    int32_t rows, columns;
    int32_t row_step, column_step;
    int32_t skipped_rows, skipped_columns; // of the whole window, before the first
};

// Rows and columns of the window of output pixel (`y`, `x`) lie `down` and `right` apart.
static inline struct visible_window window_spread(const struct spatial *s, int32_t down,
                                                  int32_t right, int32_t batch, int32_t y,
                                                  int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, down, s->input_height);
    const struct span columns = visible(left, s->window_width, right, s->input_width);
    return (struct visible_window){
        .first = pixel(batch, s->input_height, s->input_width, s->input_channels,
                       top + rows.begin * down, left + columns.begin * right),
        .rows = rows.end - rows.begin,
        .columns = columns.end - columns.begin,
        .row_step = down * s->input_width * s->input_channels,
        .column_step = right * s->input_channels,
        .skipped_rows = rows.begin,
        .skipped_columns = columns.begin,
    };
}

// A convolution's, as far apart as its dilation says.
static inline struct visible_window dilated_window(const struct spatial *s, int32_t batch,
                                                   int32_t y, int32_t x) {
    return window_spread(s, s->dilation_height, s->dilation_width, batch, y, x);
}

// A pool's, which knows no dilation.
static inline struct visible_window pool_window(const struct spatial *s, int32_t batch, int32_t y,
                                                int32_t x) {
    return window_spread(s, 1, 1, batch, y, x);
}

#endif
