// The windows of one or four pixels laid out as columns for packed_tile_1() and packed_tile_4().
#ifndef TINYML_KERNELS_CM7_PACKED_COLUMNS_H
#define TINYML_KERNELS_CM7_PACKED_COLUMNS_H

#include <stdbool.h>

#include "clipped.h"
#include "packed_tile.h"
#include "spatial.h"

enum {
    TILE = 4,    // pixels
    PIECE = 144, // taps at a time: 3 x 3 x 16; four times as many of one pixel
};

// The image, and how windows lie in it.
struct view {
    const struct spatial *spatial;
    int32_t offset; // added to every input
    const int8_t *input, *end;
    int32_t row_taps; // of a row of the window: a multiple of four
    int8_t *line;     // PIECE bytes; where channels come in fours, all the zero point
};

// Where the window of a pixel begins, which may be outside of its image.
struct corner {
    const int8_t *image;
    int32_t top, left;
    bool inside; // all columns are in the image, and so are the bytes that fill up a row
};

struct tile {
    int32_t pixels; // 1 or TILE
    bool inside;    // all of them
    struct corner corners[TILE];
};

static inline int32_t min_int32(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static inline bool by_fours(const struct spatial *s) {
    return s->input_channels % 4 == 0;
}

// The corner of row `y` and column `x` of the convolution's output.
static inline struct corner corner_at(const struct view *view, int32_t batch, int32_t y,
                                      int32_t x) {
    const struct spatial *s = view->spatial;
    const int32_t channels = s->input_channels, width = s->input_width;
    struct corner corner = {view->input + batch * s->input_height * width * channels,
                            y * s->stride_height - s->padding_top,
                            x * s->stride_width - s->padding_left, false};
    if (s->dilation_width == 1 && corner.left >= 0 && corner.left + s->window_width <= width) {
        const int32_t last = corner.top + (s->window_height - 1) * s->dilation_height;
        const int32_t row = min_int32(last, s->input_height - 1) * width + corner.left;
        corner.inside = view->row_taps <= view->end - (corner.image + row * channels);
    }
    return corner;
}

// Widens `quads` groups of four bytes into every `pixels`-th word of `columns`.
static inline void widen_1(const int8_t *bytes, uint32_t offsets, uint32_t *columns,
                           int32_t pixels, int32_t quads) {
    for (; quads > 0; --quads, bytes += 4, columns += 2 * pixels) {
        const uint32_t word = load_word(bytes);
        columns[0] = add_even_bytes(offsets, word);
        columns[pixels] = add_odd_bytes(offsets, word);
    }
}

// Copies taps `from` to `from` + `count` - 1 of a row of the window to the line. `y` is the row of
// the image, which may be outside.
static inline void copy_row(const struct view *view, const struct corner *corner, int32_t y,
                            int32_t from, int32_t count) {
    const struct spatial *s = view->spatial;
    const int32_t channels = s->input_channels;
    const int32_t runs = s->dilation_width == 1 ? 1 : s->window_width;
    const int32_t length = s->window_width / runs * channels;
    const bool visible = y >= 0 && y < s->input_height;
    const int32_t extent = visible ? s->input_width * channels : 0;
    const int8_t *row = corner->image + y * extent;
    int8_t *to = view->line;
    for (int32_t run = from / length; run < runs && count > 0; ++run) {
        const int32_t skipped = from - run * length;
        const int32_t part = min_int32(length - skipped, count);
        const int32_t x = corner->left + run * s->dilation_width;
        copy_clipped(to, row, x * channels + skipped, part, extent, -view->offset);
        to += part, from += part, count -= part;
    }
    fill_bytes(to, 0, count); // their weights are 0
}

// Lays out a part of a row of the window for one pixel, into every `pixels`-th word.
static inline void lay_row_1(const struct view *view, const struct corner *corner, int32_t row,
                             int32_t from, int32_t count, int32_t pixels, uint32_t *to) {
    const struct spatial *s = view->spatial;
    const uint32_t offsets = both_halves(view->offset);
    const int32_t y = corner->top + row * s->dilation_height;
    if (corner->inside && y >= 0 && y < s->input_height) {
        const int32_t pixel = y * s->input_width + corner->left;
        const int8_t *source = corner->image + pixel * s->input_channels + from;
        widen_1(source, offsets, to, pixels, count / 4);
        return;
    }
    while (count > 0) {
        const int32_t part = min_int32(count, PIECE);
        copy_row(view, corner, y, from, part);
        widen_1(view->line, offsets, to, pixels, part / 4);
        to += part / 2 * pixels, from += part, count -= part;
    }
}

// The same for four pixels, whose columns `first` and all that follow in this run are each inside
// of the image or outside.
static inline void lay_run_4(const struct view *view, const struct tile *tile, int32_t row,
                             int32_t column, int32_t from, int32_t count, uint32_t *to) {
    const struct spatial *s = view->spatial;
    const int8_t *sources[TILE];
    for (int32_t i = 0; i < TILE; ++i) {
        const struct corner *corner = &tile->corners[i];
        const int32_t y = corner->top + row * s->dilation_height;
        const int32_t x = corner->left + column * s->dilation_width;
        const bool visible = (uint32_t)y < (uint32_t)s->input_height &&
                             (uint32_t)x < (uint32_t)s->input_width;
        const int32_t pixel = y * s->input_width + x;
        sources[i] = visible ? corner->image + pixel * s->input_channels + from : view->line;
    }
    packed_widen_4(sources, both_halves(view->offset), to, count / 4);
}

// Lays out a part of a row of the window for four pixels.
static inline void lay_row_4(const struct view *view, const struct tile *tile, int32_t row,
                             int32_t from, int32_t count, uint32_t *to) {
    const int32_t channels = view->spatial->input_channels;
    if (tile->inside) {
        if (!by_fours(view->spatial)) {
            fill_bytes(view->line, -view->offset, count);
        }
        lay_run_4(view, tile, row, 0, from, count, to);
    } else if (by_fours(view->spatial)) {
        while (count > 0) {
            const int32_t column = from / channels, skipped = from - column * channels;
            const int32_t part = min_int32(channels - skipped, count);
            lay_run_4(view, tile, row, column, skipped, part, to);
            to += part / 2 * TILE, from += part, count -= part;
        }
    } else {
        for (int32_t i = 0; i < TILE; ++i) {
            lay_row_1(view, &tile->corners[i], row, from, count, TILE, to + i);
        }
    }
}

// Lays out taps `begin` to `end` - 1 of the windows.
static inline void lay_out(const struct view *view, const struct tile *tile, int32_t begin,
                           int32_t end, uint32_t *columns) {
    int32_t row = begin / view->row_taps, from = begin - row * view->row_taps;
    while (begin < end) {
        const int32_t count = min_int32(view->row_taps - from, end - begin);
        if (tile->pixels == 1) {
            lay_row_1(view, &tile->corners[0], row, from, count, 1, columns);
        } else {
            lay_row_4(view, tile, row, from, count, columns);
        }
        columns += count / 2 * tile->pixels, begin += count;
        ++row, from = 0;
    }
}

#endif
