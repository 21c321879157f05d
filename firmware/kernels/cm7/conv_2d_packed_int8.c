// The windows of four output pixels are laid out as columns on the stack, and all pairs of output
// channels taken against them; pixels that make no four, one at a time. A long window is done in
// pieces, with the sums of some channels kept in between. The four pixels of a pool's window are
// such a tile: of their sums the largest is scaled.
#include "channel_scale.h"
#include "conv_2d_packed.h"
#include "packed_columns.h"

enum { GROUP = 16 }; // pairs of channels whose sums are kept; four times as many of one pixel

struct layer {
    const struct conv_2d_packed_int8_params *params;
    const uint32_t *weights;
    uint32_t *columns;
    int32_t *kept;
    int32_t taps, pairs, pair_words;
    bool pooled;
    struct view view;
};

// A pixel of the output.
struct place {
    int32_t batch, y, x;
};

static inline void go_on(const struct spatial *s, struct place *place) {
    if (++place->x == s->output_width) {
        place->x = 0;
        if (++place->y == s->output_height) {
            place->y = 0;
            ++place->batch;
        }
    }
}

// The pixels from `place` on, which is moved past them.
static inline struct tile next_tile(const struct layer *layer, int32_t pixels,
                                    struct place *place) {
    struct tile tile = make_tile(pixels);
    for (int32_t i = 0; i < pixels; ++i) {
        set_corner(&layer->view, &tile, i, place->batch, place->y, place->x);
        go_on(layer->view.spatial, place);
    }
    return tile;
}

// The convolution's pixels that make one of the pool.
static inline struct tile next_window(const struct layer *layer, struct place *place) {
    const struct conv_2d_packed_int8_params *p = layer->params;
    const int32_t top = place->y * p->pool_stride_height;
    const int32_t left = place->x * p->pool_stride_width;
    struct tile tile = make_tile(TILE);
    int32_t which = 0;
    for (int32_t y = top; y < top + p->pool_height; ++y) {
        for (int32_t x = left; x < left + p->pool_width; ++x) {
            set_corner(&layer->view, &tile, which++, place->batch, y, x);
        }
    }
    go_on(layer->view.spatial, place);
    return tile;
}

// Takes `count` pairs of channels from `first` on against taps `begin` to `end` - 1.
static inline void multiply(const struct layer *layer, int32_t pixels, int32_t first,
                            int32_t count, int32_t begin, int32_t end, int8_t *output) {
    const uint32_t *weights = layer->weights + first * layer->pair_words;
    const int32_t quads = (end - begin) / 4;
    const enum packed_tail last = layer->pooled ? PACKED_POOLED : PACKED_STORED;
    const struct packed_job job = {
        .columns = layer->columns,
        .columns_end = layer->columns + 2 * quads * pixels,
        .first = pixels == 1 ? packed_first_of_one(quads) : packed_first_of_four(quads),
        .weights_end = weights + count * layer->pair_words,
        .output = output,
        .addend = scale_addend(layer->params->output_offset),
        .channels = layer->params->spatial.output_channels,
        .head = begin == 0 ? PACKED_BIAS : PACKED_CONTINUED,
        .tail = end < layer->taps ? PACKED_KEPT : last,
        .kept = layer->kept,
        .kept_again = layer->kept,
        .ahead = 8 + 2 * (uint32_t)begin,
        .behind = 4 * (uint32_t)layer->pair_words - 8 - 2 * (uint32_t)end,
        .weights = weights,
    };
    (pixels == 1 ? packed_tile_1 : packed_tile_4)(&job);
}

// Makes all channels of one pixel of the output, or of as many as the tile has.
static void convolve(const struct layer *layer, const struct tile *tile, int8_t *output) {
    const int32_t share = TILE / tile->pixels; // of memory, compared with a full tile
    const int32_t pieces = divide_up(layer->taps, PIECE * share);
    const int32_t piece = divide_up(divide_up(layer->taps, pieces), 4) * 4;
    const bool odd = layer->params->spatial.output_channels % 2;
    int32_t laid_out = -1, count;
    for (int32_t first = 0; first < layer->pairs; first += count) {
        const int32_t most = pieces > 1 ? GROUP * share : layer->pairs;
        count = odd && first == 0 ? 1 : min_int32(layer->pairs - first, most);
        for (int32_t begin = 0; begin < layer->taps; begin += piece) {
            const int32_t end = min_int32(begin + piece, layer->taps);
            if (laid_out != begin) {
                lay_out(&layer->view, tile, begin, end, layer->columns);
                laid_out = begin;
            }
            multiply(layer, tile->pixels, first, count, begin, end,
                     output + 2 * first - (odd && first));
        }
    }
}

static void clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high) {
    for (int32_t i = 0; i < count; ++i) {
        bytes[i] = (int8_t)clamp_int32(bytes[i], low, high);
    }
}

void conv_2d_packed_int8(const struct conv_2d_packed_int8_params *params, const int8_t *input,
                         const uint32_t *weights, int32_t *scratch, int8_t *output) {
    uint32_t columns[PIECE / 2 * TILE];
    int8_t line[PIECE];
    const struct spatial *s = &params->spatial;
    const struct view view = make_view(s, input, params->input_offset, line);
    const int32_t taps = s->window_height * view.row_taps;
    const struct layer layer = {
        .params = params,
        .weights = weights,
        .columns = columns,
        .kept = scratch,
        .taps = taps,
        .pairs = divide_up(s->output_channels, 2),
        .pair_words = taps / 2 + 6,
        .pooled = params->pool_height * params->pool_width > 1,
        .view = view,
    };
    const int32_t pixels = s->batches * s->output_height * s->output_width;
    struct place place = {0, 0, 0};
    for (int32_t done = 0, step; done < pixels; done += step) {
        step = layer.pooled || pixels - done < TILE ? 1 : TILE;
        const struct tile tile =
            layer.pooled ? next_window(&layer, &place) : next_tile(&layer, step, &place);
        convolve(&layer, &tile, output + done * s->output_channels);
    }
    if (params->activation_min > INT8_MIN || params->activation_max < INT8_MAX) {
        clamp_bytes(output, pixels * s->output_channels, params->activation_min,
                    params->activation_max);
    }
}
