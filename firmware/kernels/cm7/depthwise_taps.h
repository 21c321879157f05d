// Where the taps of a window lie, for depthwise kernels that take one window after the other.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_TAPS_H
#define TINYML_KERNELS_CM7_DEPTHWISE_TAPS_H

#include "spatial.h"

// The taps of a window that lie inside the image, in elements from the start of input and weights:
// the first one's first channel, and the steps from one to the next.
struct taps {
    int32_t input, weights;
    int32_t rows, columns;
    int32_t input_row, input_column, weights_row, weights_column;
};

static inline struct taps taps_at(const struct spatial *s, int32_t batch, int32_t y, int32_t x) {
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const struct span rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    const struct span columns = visible(left, s->window_width, s->dilation_width, s->input_width);
    return (struct taps){.input = pixel(batch, s->input_height, s->input_width, s->input_channels,
                                        top + rows.begin * s->dilation_height,
                                        left + columns.begin * s->dilation_width),
                         .weights =
                             (rows.begin * s->window_width + columns.begin) * s->output_channels,
                         .rows = rows.end - rows.begin,
                         .columns = columns.end - columns.begin,
                         .input_row = s->dilation_height * s->input_width * s->input_channels,
                         .input_column = s->dilation_width * s->input_channels,
                         .weights_row = s->window_width * s->output_channels,
                         .weights_column = s->output_channels};
}

struct four_sums {
    int32_t of[4];
};

#endif
