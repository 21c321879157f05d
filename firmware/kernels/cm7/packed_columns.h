// The windows of one or four pixels laid out as columns for packed_tile_1() and packed_tile_4().
#ifndef TINYML_KERNELS_CM7_PACKED_COLUMNS_H
#define TINYML_KERNELS_CM7_PACKED_COLUMNS_H

#include <stdbool.h>

#include "clipped.h"
#include "packed_tile.h"
#include "spatial.h"

#define OUT_OF_LINE __attribute__((noinline, unused))
#define SELDOM      __attribute__((cold, noinline, unused)) // compiled for size

enum {
    TILE = 4,    // pixels
    PIECE = 144, // taps at a time: 3 x 3 x 16; four times as many of one pixel
};

// The image, and how windows lie in it.
struct view {
    const struct spatial *spatial;
    const int8_t *input;
    int32_t offset;       // added to every input
    int32_t row_taps;     // of a row of the window: a multiple of four
    int32_t column_bytes; // from column to column of the window, in the image
    int32_t row_bytes;    // from row to row
    int32_t last_left;    // where a window may begin, to have all its columns in the image
    int32_t last_offset;  // and its rows filled up with bytes of the input
    bool by_fours;        // channels come in fours
    int8_t line[PIECE];   // where channels come in fours, all the zero point
};

// Where the windows of one or four pixels begin, which may be outside of their image.
struct tile {
    int32_t pixels; // 1 or TILE
    bool columns_inside, rows_inside;
    struct span rows;    // of the window, that any pixel sees
    struct span columns; // that all pixels see
    int32_t tops[TILE], lefts[TILE];
    int32_t offsets[TILE]; // from the first input
};

static inline int32_t min_int32(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static inline int32_t max_int32(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static inline int32_t divide_up(int32_t a, int32_t b) {
    return (a + b - 1) / b;
}

static inline void make_view(struct view *view, const struct spatial *s, const int8_t *input,
                             int32_t offset) {
    const int32_t channels = s->input_channels, row = s->window_width * channels;
    const int32_t reach = (s->window_width - 1) * s->dilation_width + 1;
    const int32_t all = s->batches * s->input_height * s->input_width * channels;
    view->spatial = s;
    view->input = input;
    view->offset = offset;
    view->row_taps = divide_up(row, 4) * 4;
    view->column_bytes = s->dilation_width * channels;
    view->row_bytes = s->dilation_height * s->input_width * channels;
    view->last_left = reach == s->window_width ? s->input_width - reach : -1;
    const int32_t last = all - view->row_taps - (s->window_height - 1) * view->row_bytes;
    view->last_offset = view->row_taps == row ? INT32_MAX : last;
    view->by_fours = channels % 4 == 0;
    fill_bytes(view->line, -offset, PIECE);
}

// Empties the tile.
static inline void clear_tile(const struct view *view, struct tile *tile) {
    tile->pixels = 0;
    tile->columns_inside = tile->rows_inside = true;
    tile->rows = (struct span){view->spatial->window_height, 0};
    tile->columns = (struct span){0, view->spatial->window_width};
}

// Takes note of what a block of pixels sees: `first` is its first, `last` its last.
static inline void note_spans(const struct view *view, struct tile *tile, int32_t first,
                              int32_t last) {
    const struct spatial *s = view->spatial;
    const int32_t height = s->window_height, width = s->window_width;
    const int32_t bottom = tile->tops[last] + (height - 1) * s->dilation_height;
    struct span rows = {0, height};
    if (tile->tops[first] < 0 || bottom >= s->input_height) {
        tile->rows_inside = false;
        rows.begin = visible(tile->tops[last], height, s->dilation_height, s->input_height).begin;
        rows.end = visible(tile->tops[first], height, s->dilation_height, s->input_height).end;
    }
    tile->rows.begin = min_int32(tile->rows.begin, rows.begin);
    tile->rows.end = max_int32(tile->rows.end, rows.end);
    if (tile->lefts[first] < 0 || tile->lefts[last] > view->last_left ||
        tile->offsets[last] > view->last_offset) {
        const int32_t begin =
            visible(tile->lefts[first], width, s->dilation_width, s->input_width).begin;
        const int32_t end =
            visible(tile->lefts[last], width, s->dilation_width, s->input_width).end;
        tile->columns_inside = false;
        tile->columns.begin = max_int32(tile->columns.begin, begin);
        tile->columns.end = min_int32(tile->columns.end, end);
    }
}

// Adds `height` x `width` pixels of the convolution's output, from row `y` and column `x` on.
static OUT_OF_LINE void add_block(const struct view *view, struct tile *tile, int32_t batch,
                                  int32_t y, int32_t x, int32_t height, int32_t width) {
    const struct spatial *s = view->spatial;
    const int32_t first = tile->pixels;
    int32_t count = first, top = y * s->stride_height - s->padding_top;
    for (int32_t down = 0; down < height; ++down, top += s->stride_height) {
        int32_t left = x * s->stride_width - s->padding_left;
        const int32_t line = batch * s->input_height + top;
        int32_t offset = (line * s->input_width + left) * s->input_channels;
        for (int32_t right = 0; right < width; ++right, ++count) {
            tile->tops[count] = top;
            tile->lefts[count] = left;
            tile->offsets[count] = offset;
            left += s->stride_width;
            offset += s->stride_width * s->input_channels;
        }
    }
    tile->pixels = count;
    note_spans(view, tile, first, count - 1);
}

static inline bool has_row(const struct view *view, const struct tile *tile, int32_t which,
                           int32_t row) {
    const int32_t y = tile->tops[which] + row * view->spatial->dilation_height;
    return (uint32_t)y < (uint32_t)view->spatial->input_height;
}

// Whether a row of a window is in the input, with the bytes that fill it up.
static inline bool has_whole_row(const struct view *view, const struct tile *tile, int32_t which,
                                 int32_t row) {
    return tile->lefts[which] >= 0 && tile->lefts[which] <= view->last_left &&
           tile->offsets[which] <= view->last_offset && has_row(view, tile, which, row);
}

// Copies taps `from` to `from` + `count` - 1 of a row of a window that reaches over an edge.
static SELDOM void copy_row(struct view *view, const struct tile *tile, int32_t which, int32_t row,
                            int32_t from, int32_t count, int8_t *to) {
    const struct spatial *s = view->spatial;
    const int32_t channels = s->input_channels;
    const int32_t runs = s->dilation_width == 1 ? 1 : s->window_width;
    const int32_t length = s->window_width / runs * channels;
    const int32_t extent = has_row(view, tile, which, row) ? s->input_width * channels : 0;
    const int32_t left = tile->lefts[which] * channels;
    const int32_t start = extent ? tile->offsets[which] - left + row * view->row_bytes : 0;
    for (int32_t run = from / length; run < runs && count > 0; ++run) {
        const int32_t skipped = from - run * length;
        const int32_t part = min_int32(length - skipped, count);
        const int32_t x = left + run * view->column_bytes + skipped;
        copy_clipped(to, view->input + start, x, part, extent, -view->offset);
        to += part, from += part, count -= part;
    }
    fill_bytes(to, 0, count); // their weights are 0
}

// Widens `quads` groups of four bytes into every `pixels`-th word of `columns`.
static inline void widen_1(const int8_t *bytes, uint32_t offsets, uint32_t *columns, int32_t pixels,
                           int32_t quads) {
    for (; quads > 0; --quads, bytes += 4, columns += 2 * pixels) {
        const uint32_t word = load_word(bytes);
        columns[0] = add_even_bytes(offsets, word);
        columns[pixels] = add_odd_bytes(offsets, word);
    }
}

// Lays out a part of a row of the window for one pixel, into every `pixels`-th word.
static OUT_OF_LINE void lay_row_1(struct view *view, const struct tile *tile, int32_t which,
                                  int32_t row, int32_t from, int32_t count, uint32_t *to) {
    const uint32_t offsets = both_halves(view->offset);
    const int32_t pixels = tile->pixels;
    if (has_whole_row(view, tile, which, row)) {
        const int8_t *source = view->input + tile->offsets[which] + row * view->row_bytes + from;
        widen_1(source, offsets, to + which, pixels, count / 4);
        return;
    }
    while (count > 0) {
        const int32_t part = min_int32(count, PIECE);
        copy_row(view, tile, which, row, from, part, view->line);
        widen_1(view->line, offsets, to + which, pixels, part / 4);
        to += part / 2 * pixels, from += part, count -= part;
    }
}

// Bytes between two objects.
static inline int32_t distance(const int8_t *from, const int8_t *to) {
    return (int32_t)((uintptr_t)to - (uintptr_t)from);
}

// Lays out taps `from` to `from` + `count` - 1 of a row for four pixels, from `column` on, where
// each pixel sees all columns or none. Where it sees none there are zeros, which takes channels
// that come in fours.
static inline void lay_run_4(struct view *view, const struct tile *tile, int32_t row,
                             int32_t column, int32_t from, int32_t count, uint32_t *to) {
    const struct spatial *s = view->spatial;
    const int8_t *input = view->input + row * view->row_bytes + column * view->column_bytes + from;
    int32_t offsets[TILE];
    for (int32_t i = 0; i < TILE; ++i) {
        const int32_t x = tile->lefts[i] + column * s->dilation_width;
        const bool seen = has_row(view, tile, i, row) && (uint32_t)x < (uint32_t)s->input_width;
        offsets[i] = seen ? tile->offsets[i] : distance(input, view->line);
    }
    packed_widen_4(offsets, input, both_halves(view->offset), to, count / 4);
}

// Lays out a part of a row for four pixels, of channels that come in fours: at once the columns
// that all pixels see, if they are neighbours in the image too, else column by column.
static OUT_OF_LINE void lay_by_columns_4(struct view *view, const struct tile *tile, int32_t row,
                                         int32_t from, int32_t count, uint32_t *to) {
    const int32_t channels = view->spatial->input_channels;
    const bool neighbours = view->column_bytes == channels;
    int32_t column = from / channels;
    from -= column * channels;
    while (count > 0) {
        const bool all = column >= tile->columns.begin && column < tile->columns.end;
        const int32_t columns = all && neighbours ? tile->columns.end - column : 1;
        const int32_t part = min_int32(columns * channels - from, count);
        lay_run_4(view, tile, row, column, from, part, to);
        to += part / 2 * TILE, count -= part, column += columns, from = 0;
    }
}

// The same for any number of channels: what is not whole in the input is copied first.
static SELDOM void lay_copied_4(struct view *view, const struct tile *tile, int32_t row,
                                int32_t from, int32_t count, uint32_t *to) {
    if (count > PIECE / TILE) {
        for (int32_t i = 0; i < TILE; ++i) {
            lay_row_1(view, tile, i, row, from, count, to);
        }
        return;
    }
    const int8_t *input = view->input + row * view->row_bytes + from;
    int32_t offsets[TILE];
    for (int32_t i = 0; i < TILE; ++i) {
        int8_t *copy = view->line + i * count;
        offsets[i] = tile->offsets[i];
        if (!has_whole_row(view, tile, i, row)) {
            copy_row(view, tile, i, row, from, count, copy);
            offsets[i] = distance(input, copy);
        }
    }
    packed_widen_4(offsets, input, both_halves(view->offset), to, count / 4);
}

static inline void lay_row(struct view *view, const struct tile *tile, int32_t row, int32_t from,
                           int32_t count, uint32_t *to) {
    if (tile->pixels == 1) {
        lay_row_1(view, tile, 0, row, from, count, to);
    } else if (tile->rows_inside && tile->columns_inside) {
        const int8_t *input = view->input + row * view->row_bytes + from;
        packed_widen_4(tile->offsets, input, both_halves(view->offset), to, count / 4);
    } else if (view->by_fours) {
        lay_by_columns_4(view, tile, row, from, count, to);
    } else {
        lay_copied_4(view, tile, row, from, count, to);
    }
}

// Lays out taps `begin` to `end` - 1 of the windows.
static OUT_OF_LINE void lay_out(struct view *view, const struct tile *tile, int32_t begin,
                                int32_t end, uint32_t *columns) {
    int32_t row = begin / view->row_taps, from = begin - row * view->row_taps;
    while (begin < end) {
        const int32_t count = min_int32(view->row_taps - from, end - begin);
        lay_row(view, tile, row, from, count, columns);
        columns += count / 2 * tile->pixels, begin += count;
        ++row, from = 0;
    }
}

#endif
