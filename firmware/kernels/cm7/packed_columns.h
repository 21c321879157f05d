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
    const int8_t *input;
    int32_t offset;       // added to every input
    int32_t row_taps;     // of a row of the window: a multiple of four
    int32_t column_bytes; // from column to column of the window, in the image
    int32_t row_bytes;    // from row to row
    int32_t last_left;    // where a window may begin, to have all its columns in the image
    int32_t last_offset;  // and its rows filled up with bytes of the input
    bool by_fours;        // channels come in fours
    int8_t *line;         // PIECE bytes; where channels come in fours, all the zero point
};

// Where the window of a pixel begins, which may be outside of its image.
struct corner {
    int32_t top, left;
    int32_t offset; // from the first input
};

// Rows `rows.begin` to `rows.end` - 1 of the window are those that any pixel sees, columns
// `columns.begin` to `columns.end` - 1 those that all pixels see.
struct tile {
    int32_t pixels; // 1 or TILE
    bool columns_inside, rows_inside;
    struct span rows, columns;
    struct corner corners[TILE];
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

static inline struct view make_view(const struct spatial *s, const int8_t *input, int32_t offset,
                                    int8_t *line) {
    const int32_t channels = s->input_channels, row = s->window_width * channels;
    const int32_t reach = (s->window_width - 1) * s->dilation_width + 1;
    const int32_t row_bytes = s->dilation_height * s->input_width * channels;
    const int32_t all = s->batches * s->input_height * s->input_width * channels;
    const int32_t row_taps = divide_up(row, 4) * 4;
    const int32_t last = all - row_taps - (s->window_height - 1) * row_bytes;
    fill_bytes(line, -offset, PIECE);
    return (struct view){
        .spatial = s,
        .input = input,
        .offset = offset,
        .row_taps = row_taps,
        .column_bytes = s->dilation_width * channels,
        .row_bytes = row_bytes,
        .last_left = reach == s->window_width ? s->input_width - reach : -1,
        .last_offset = row_taps == row ? INT32_MAX : last,
        .by_fours = channels % 4 == 0,
        .line = line,
    };
}

static inline struct tile make_tile(const struct view *view, int32_t pixels) {
    struct tile tile;
    tile.pixels = pixels;
    tile.columns_inside = tile.rows_inside = true;
    tile.rows = (struct span){view->spatial->window_height, 0};
    tile.columns = (struct span){0, view->spatial->window_width};
    return tile;
}

// Takes note of the rows that a corner sees.
static inline void note_rows(const struct view *view, struct tile *tile, int32_t top) {
    const struct spatial *s = view->spatial;
    const int32_t bottom = top + (s->window_height - 1) * s->dilation_height;
    struct span rows = {0, s->window_height};
    if (top < 0 || bottom >= s->input_height) {
        tile->rows_inside = false;
        rows = visible(top, s->window_height, s->dilation_height, s->input_height);
    }
    tile->rows.begin = min_int32(tile->rows.begin, rows.begin);
    tile->rows.end = max_int32(tile->rows.end, rows.end);
}

// Where no pixel sees a row, one of zeros is as good as all.
static inline void require_a_row(struct tile *tile) {
    if (tile->rows.begin >= tile->rows.end) {
        tile->rows = (struct span){0, 1};
    }
}

// Takes note of the columns that a corner sees.
static inline void note_columns(const struct view *view, struct tile *tile,
                                const struct corner *corner) {
    const struct spatial *s = view->spatial;
    const int32_t left = corner->left;
    if (left < 0 || left > view->last_left || corner->offset > view->last_offset) {
        const struct span span =
            visible(left, s->window_width, s->dilation_width, s->input_width);
        tile->columns_inside = false;
        tile->columns.begin = max_int32(tile->columns.begin, span.begin);
        tile->columns.end = min_int32(tile->columns.end, span.end);
    }
}

// Sets corner `which` to that of row `y` and column `x` of the convolution's output.
static inline void set_corner(const struct view *view, struct tile *tile, int32_t which,
                              int32_t batch, int32_t y, int32_t x) {
    const struct spatial *s = view->spatial;
    const int32_t top = y * s->stride_height - s->padding_top;
    const int32_t left = x * s->stride_width - s->padding_left;
    const int32_t line = batch * s->input_height + top;
    const int32_t offset = (line * s->input_width + left) * s->input_channels;
    tile->corners[which] = (struct corner){top, left, offset};
    note_rows(view, tile, top);
    note_columns(view, tile, &tile->corners[which]);
}

// Sets the corners after the first to those of the pixels beside it.
static inline void set_neighbours(const struct view *view, struct tile *tile) {
    const int32_t stride = view->spatial->stride_width;
    const int32_t step = stride * view->spatial->input_channels;
    for (int32_t i = 1; i < TILE; ++i) {
        tile->corners[i] = tile->corners[i - 1];
        tile->corners[i].left += stride;
        tile->corners[i].offset += step;
    }
    for (int32_t i = 1; i < TILE; i += tile->columns_inside ? TILE - 2 : 1) {
        note_columns(view, tile, &tile->corners[i]);
    }
}

static inline bool has_row(const struct view *view, const struct corner *corner, int32_t row) {
    const int32_t y = corner->top + row * view->spatial->dilation_height;
    return (uint32_t)y < (uint32_t)view->spatial->input_height;
}

// Whether a row of a window is in the input, with the bytes that fill it up.
static inline bool has_whole_row(const struct view *view, const struct corner *corner,
                                 int32_t row) {
    return corner->left >= 0 && corner->left <= view->last_left &&
           corner->offset <= view->last_offset && has_row(view, corner, row);
}

// Copies taps `from` to `from` + `count` - 1 of a row of a window that reaches over an edge.
static inline void copy_row(const struct view *view, const struct corner *corner, int32_t row,
                            int32_t from, int32_t count, int8_t *to) {
    const struct spatial *s = view->spatial;
    const int32_t channels = s->input_channels;
    const int32_t runs = s->dilation_width == 1 ? 1 : s->window_width;
    const int32_t length = s->window_width / runs * channels;
    const int32_t extent = has_row(view, corner, row) ? s->input_width * channels : 0;
    const int32_t left = corner->left * channels;
    const int8_t *line = view->input + (extent ? corner->offset - left + row * view->row_bytes : 0);
    for (int32_t run = from / length; run < runs && count > 0; ++run) {
        const int32_t skipped = from - run * length;
        const int32_t part = min_int32(length - skipped, count);
        const int32_t start = left + run * view->column_bytes + skipped;
        copy_clipped(to, line, start, part, extent, -view->offset);
        to += part, from += part, count -= part;
    }
    fill_bytes(to, 0, count); // their weights are 0
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

// Lays out a part of a row of the window for one pixel, into every `pixels`-th word.
static inline void lay_row_1(const struct view *view, const struct corner *corner, int32_t row,
                             int32_t from, int32_t count, int32_t pixels, uint32_t *to) {
    const uint32_t offsets = both_halves(view->offset);
    if (has_whole_row(view, corner, row)) {
        const int8_t *source = view->input + corner->offset + row * view->row_bytes + from;
        widen_1(source, offsets, to, pixels, count / 4);
        return;
    }
    while (count > 0) {
        const int32_t part = min_int32(count, PIECE);
        copy_row(view, corner, row, from, part, view->line);
        widen_1(view->line, offsets, to, pixels, part / 4);
        to += part / 2 * pixels, from += part, count -= part;
    }
}

// Lays out taps `from` to `from` + `count` - 1 of a row for four pixels, from `column` on, where
// each pixel sees all columns or none. Where it sees none there are zeros, which takes channels
// that come in fours.
static inline void lay_run_4(const struct view *view, const struct tile *tile, int32_t row,
                             int32_t column, int32_t from, int32_t count, uint32_t *to) {
    const struct spatial *s = view->spatial;
    const int32_t height = tile->rows_inside ? INT32_MAX : s->input_height;
    const int32_t width = tile->columns_inside ? INT32_MAX : s->input_width;
    const int32_t down = row * s->dilation_height, right = column * s->dilation_width;
    const int8_t *source =
        view->input + row * view->row_bytes + column * view->column_bytes + from;
    const int8_t *sources[TILE];
    for (int32_t i = 0; i < TILE; ++i) {
        const struct corner *corner = &tile->corners[i];
        const bool seen = (uint32_t)(corner->top + down) < (uint32_t)height &&
                          (uint32_t)(corner->left + right) < (uint32_t)width;
        sources[i] = seen ? source + corner->offset : view->line;
    }
    packed_widen_4(sources, both_halves(view->offset), to, count / 4);
}

// The same where columns may be outside of the image: those that all see at once, if they are
// neighbours in the image too, else column by column.
static inline void lay_by_columns_4(const struct view *view, const struct tile *tile, int32_t row,
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
static inline void lay_copied_4(const struct view *view, const struct tile *tile, int32_t row,
                                int32_t from, int32_t count, uint32_t *to) {
    if (count > PIECE / TILE) {
        for (int32_t i = 0; i < TILE; ++i) {
            lay_row_1(view, &tile->corners[i], row, from, count, TILE, to + i);
        }
        return;
    }
    const int8_t *sources[TILE];
    for (int32_t i = 0; i < TILE; ++i) {
        const struct corner *corner = &tile->corners[i];
        sources[i] = view->input + corner->offset + row * view->row_bytes + from;
        if (!has_whole_row(view, corner, row)) {
            copy_row(view, corner, row, from, count, view->line + i * count);
            sources[i] = view->line + i * count;
        }
    }
    packed_widen_4(sources, both_halves(view->offset), to, count / 4);
}

static inline void lay_row_4(const struct view *view, const struct tile *tile, int32_t row,
                             int32_t from, int32_t count, uint32_t *to) {
    if (tile->columns_inside && (tile->rows_inside || view->by_fours)) {
        lay_run_4(view, tile, row, 0, from, count, to);
    } else if (view->by_fours) {
        lay_by_columns_4(view, tile, row, from, count, to);
    } else {
        lay_copied_4(view, tile, row, from, count, to);
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
