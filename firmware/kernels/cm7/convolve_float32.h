// Convolution of float32 images in register tiles of 5 pixels by 4 channels.
//
// The pixels of a rectangle (rectangles.h) are taken five at a time, across the ends of its rows,
// and what is left one by one. Channels are the outer loop, so that four filters stay in the cache.
#ifndef TINYML_KERNELS_CM7_CONVOLVE_FLOAT32_H
#define TINYML_KERNELS_CM7_CONVOLVE_FLOAT32_H

#include <math.h>

#include "float_outputs.h"
#include "float_tile.h"
#include "rectangles.h"

// How a tile goes over the visible part of a window. Undilated columns make one run of each row;
// dilated ones are a run each, and then every row is a pass of its own.
struct passes {
    int32_t count;
    int32_t input_step, weights_step; // from one pass to the next
};

static inline int32_t bytes(int32_t floats) {
    return floats * (int32_t)sizeof(float);
}

static inline struct passes start_runs(const struct spatial *s, const struct rectangle *area,
                                       struct float_tile *tile) {
    const int32_t rows = area->rows.seen.end - area->rows.seen.begin;
    const int32_t columns = area->columns.seen.end - area->columns.seen.begin;
    const int32_t input_row = s->dilation_height * s->input_width * s->input_channels;
    const int32_t weights_row = s->window_width * s->input_channels;
    if (rows == 0 || columns == 0) { // nothing but padding is visible
        tile->runs = 1;
        tile->length = 0;
        return (struct passes){.count = 1};
    }
    if (s->dilation_width > 1) {
        tile->runs = columns;
        tile->length = s->input_channels;
        tile->input_step = bytes((s->dilation_width - 1) * s->input_channels);
        tile->weights_step = 0;
        return (struct passes){rows, input_row, weights_row};
    }
    tile->runs = rows;
    tile->length = columns * s->input_channels;
    tile->input_step = bytes(input_row - tile->length);
    tile->weights_step = bytes(weights_row - tile->length);
    return (struct passes){.count = 1};
}

static inline void advance(struct float_tile *tile, int32_t input_step, int32_t weights_step) {
    for (int32_t p = 0; p < TILE_PIXELS; ++p) {
        tile->inputs[p] += input_step;
    }
    for (int32_t i = 0; i < TILE_CHANNELS; ++i) {
        tile->weights[i] += weights_step;
    }
}

// One pass after another, of which only the last clamps and writes.
static inline void convolve_passes(const struct passes *passes, const struct float_tile *tile,
                                   int32_t pixels, int32_t channels) {
    float sums[TILE_PIXELS][TILE_CHANNELS];
    struct float_tile part = *tile;
    part.minimum = -INFINITY;
    part.maximum = INFINITY;
    for (int32_t p = 0; p < pixels; ++p) {
        part.outputs[p] = sums[p];
    }
    for (int32_t pass = 1; pass < passes->count; ++pass) {
        write_four(&part, pixels);
        advance(&part, passes->input_step, passes->weights_step);
        part.start = (const float (*)[TILE_CHANNELS])sums;
    }
    part.minimum = tile->minimum;
    part.maximum = tile->maximum;
    for (int32_t p = 0; p < pixels; ++p) {
        part.outputs[p] = tile->outputs[p];
    }
    write_tile(&part, pixels, channels);
}

// Computes and writes the next `pixels` (5 or 1) of the walk.
static inline __attribute__((always_inline)) void
convolve_pixels(const struct passes *passes, struct float_tile *tile, struct walk *walk,
                int32_t channels, int32_t pixels) {
#pragma GCC unroll 5
    for (int32_t p = 0; p < pixels; ++p) {
        tile->inputs[p] = walk->input;
        tile->outputs[p] = walk->output;
        next_pixel(walk);
    }
    if (passes->count > 1) {
        convolve_passes(passes, tile, pixels, channels);
    } else {
        write_tile(tile, pixels, channels);
    }
}

static inline void convolve_rectangle(const struct spatial *s, const struct float_outputs *outputs,
                                      const struct rectangle *area, const float *input,
                                      float *output) {
    const struct band *rows = &area->rows, *columns = &area->columns;
    const int32_t pixels = (rows->end - rows->begin) * (columns->end - columns->begin);
    const int32_t offset =
        (rows->seen.begin * s->window_width + columns->seen.begin) * s->input_channels;
    struct float_tile tile = {.inputs = {input, input, input, input, input}};
    const struct passes passes = start_runs(s, area, &tile);
    for (int32_t channel = 0; channel < outputs->channels; channel += TILE_CHANNELS) {
        const int32_t channels = outputs->channels - channel;
        struct walk walk = start_walk(s, area, input, output + channel);
        int32_t left = pixels;
        start_channels(outputs, &tile, channel, offset);
        for (; left >= TILE_PIXELS; left -= TILE_PIXELS) {
            convolve_pixels(&passes, &tile, &walk, channels, TILE_PIXELS);
        }
        for (; left > 0; --left) {
            convolve_pixels(&passes, &tile, &walk, channels, 1);
        }
    }
}

// Writes the channels of `outputs`, the first of which starts at `output`, of all pixels.
static inline void convolve_images(const struct spatial *s, const struct float_outputs *outputs,
                                   const float *input, float *output) {
    const struct axis rows = vertical(s), columns = horizontal(s);
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        const float *image =
            input + pixel(batch, s->input_height, s->input_width, s->input_channels, 0, 0);
        float *result =
            output + pixel(batch, s->output_height, s->output_width, s->output_channels, 0, 0);
        struct rectangle area;
        for (int32_t y = 0; y < s->output_height; y = area.rows.end) {
            area.rows = band_from(&rows, y);
            for (int32_t x = 0; x < s->output_width; x = area.columns.end) {
                area.columns = band_from(&columns, x);
                convolve_rectangle(s, outputs, &area, image, result);
            }
        }
    }
}

#endif
