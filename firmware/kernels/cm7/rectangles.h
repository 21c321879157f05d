// An output image cut into rectangles of pixels that see the same part of the window: its inside
// is one, each side and corner of the padding another few.
#ifndef TINYML_KERNELS_CM7_RECTANGLES_H
#define TINYML_KERNELS_CM7_RECTANGLES_H

#include "spatial.h"

// Output rows (or columns) `begin` to `end` - 1, all of which see the part `seen` of the window.
struct band {
    int32_t begin, end;
    struct span seen;
};

struct rectangle {
    struct band rows, columns;
};

// What rows and columns each have of a struct spatial.
struct axis {
    int32_t outputs, inputs, window, stride, dilation, padding;
};

static inline struct axis vertical(const struct spatial *s) {
    return (struct axis){s->output_height, s->input_height,    s->window_height,
                         s->stride_height, s->dilation_height, s->padding_top};
}

static inline struct axis horizontal(const struct spatial *s) {
    return (struct axis){s->output_width, s->input_width,    s->window_width,
                         s->stride_width, s->dilation_width, s->padding_left};
}

static inline struct span seen_from(const struct axis *axis, int32_t output) {
    return visible(output * axis->stride - axis->padding, axis->window, axis->dilation,
                   axis->inputs);
}

// Returns the longest band that starts at `begin`.
static inline struct band band_from(const struct axis *axis, int32_t begin) {
    struct band band = {begin, begin + 1, seen_from(axis, begin)};
    for (; band.end < axis->outputs; ++band.end) {
        const struct span next = seen_from(axis, band.end);
        if (next.begin != band.seen.begin || next.end != band.seen.end) {
            break;
        }
    }
    return band;
}

// A walk over the pixels of a rectangle, row by row.
struct walk {
    int32_t width, left;                 // pixels of a row, and those of this one from here on
    int32_t input_step, output_step;     // to the next pixel
    int32_t input_return, output_return; // and from past the end of a row to the next row
    const float *input;                  // the visible part of the window
    float *output;
};

// Starts at the first pixel of `area`; `output` is the channel to write of pixel (0, 0).
static inline struct walk start_walk(const struct spatial *s, const struct rectangle *area,
                                     const float *input, float *output) {
    const struct band *rows = &area->rows, *columns = &area->columns;
    const int32_t width = columns->end - columns->begin;
    const int32_t y =
        rows->begin * s->stride_height - s->padding_top + rows->seen.begin * s->dilation_height;
    const int32_t x = columns->begin * s->stride_width - s->padding_left +
                      columns->seen.begin * s->dilation_width;
    const int32_t input_step = s->stride_width * s->input_channels;
    return (struct walk){
        .width = width,
        .left = width,
        .input_step = input_step,
        .output_step = s->output_channels,
        .input_return = s->stride_height * s->input_width * s->input_channels - width * input_step,
        .output_return = (s->output_width - width) * s->output_channels,
        .input = input + pixel(0, 0, s->input_width, s->input_channels, y, x),
        .output =
            output + pixel(0, 0, s->output_width, s->output_channels, rows->begin, columns->begin),
    };
}

static inline void next_pixel(struct walk *walk) {
    walk->input += walk->input_step;
    walk->output += walk->output_step;
    if (--walk->left == 0) {
        walk->left = walk->width;
        walk->input += walk->input_return;
        walk->output += walk->output_return;
    }
}

#endif
