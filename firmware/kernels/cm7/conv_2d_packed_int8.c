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
    struct view view;
    int32_t taps, pairs, pair_words;
    const uint32_t *weights;
    uint32_t *columns;
    int32_t *kept;
};

static int32_t divide_up(int32_t a, int32_t b) {
    return (a + b - 1) / b;
}

static struct tile tile_at(const struct layer *layer, int32_t index, int32_t pixels) {
    const struct conv_2d_packed_int8_params *p = layer->params;
    const int32_t height = p->spatial.output_height, width = p->spatial.output_width;
    const bool pooled = p->pool_height * p->pool_width > 1;
    struct tile tile = {.pixels = pixels, .inside = true};
    for (int32_t i = 0; i < pixels; ++i) {
        const int32_t place = pooled ? index : index + i;
        const int32_t down = pooled ? i / p->pool_width : 0;
        const int32_t right = pooled ? i - down * p->pool_width : 0;
        const int32_t line = place / width, batch = line / height;
        const int32_t y = (line - batch * height) * p->pool_stride_height + down;
        const int32_t x = (place - line * width) * p->pool_stride_width + right;
        tile.corners[i] = corner_at(&layer->view, batch, y, x);
        tile.inside &= tile.corners[i].inside;
    }
    return tile;
}

// Takes `count` pairs of channels from `first` on against taps `begin` to `end` - 1.
static void multiply(const struct layer *layer, const struct tile *tile, int32_t first,
                     int32_t count, int32_t begin, int32_t end, int8_t *output) {
    const struct conv_2d_packed_int8_params *p = layer->params;
    const uint32_t *weights = layer->weights + first * layer->pair_words;
    const int32_t quads = (end - begin) / 4;
    const bool pooled = p->pool_height * p->pool_width > 1;
    const struct packed_job job = {
        .columns = layer->columns,
        .columns_end = layer->columns + 2 * quads * tile->pixels,
        .first = tile->pixels == 1 ? packed_first_of_one(quads) : packed_first_of_four(quads),
        .weights_end = weights + count * layer->pair_words,
        .output = output,
        .addend = scale_addend(p->output_offset),
        .channels = p->spatial.output_channels,
        .head = begin == 0 ? PACKED_BIAS : PACKED_CONTINUED,
        .tail = end < layer->taps ? PACKED_KEPT : pooled ? PACKED_POOLED : PACKED_STORED,
        .kept = layer->kept,
        .kept_again = layer->kept,
        .ahead = 8 + 2 * (uint32_t)begin,
        .behind = 4 * (uint32_t)layer->pair_words - 8 - 2 * (uint32_t)end,
        .weights = weights,
    };
    (tile->pixels == 1 ? packed_tile_1 : packed_tile_4)(&job);
}

// Makes all channels of one pixel of the output, or of as many as the tile has.
static void convolve(const struct layer *layer, const struct tile *tile, int8_t *output) {
    const int32_t share = TILE / tile->pixels; // of memory, compared with a full tile
    const int32_t pieces = divide_up(layer->taps, PIECE * share);
    const int32_t piece = divide_up(divide_up(layer->taps, pieces), 4) * 4;
    const bool odd = layer->params->spatial.output_channels % 2;
    int32_t laid_out = -1, count;
    for (int32_t first = 0; first < layer->pairs; first += count) {
        const bool overlapped = odd && first == 0;
        count = overlapped ? 1 : min_int32(layer->pairs - first, GROUP * share);
        for (int32_t begin = 0; begin < layer->taps; begin += piece) {
            const int32_t end = min_int32(begin + piece, layer->taps);
            if (laid_out != begin) {
                lay_out(&layer->view, tile, begin, end, layer->columns);
                laid_out = begin;
            }
            multiply(layer, tile, first, count, begin, end, output + 2 * first - (odd && first));
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
    const int32_t row_taps = divide_up(s->window_width * s->input_channels, 4) * 4;
    const int32_t taps = s->window_height * row_taps;
    const int32_t image = s->input_height * s->input_width * s->input_channels;
    const struct layer layer = {
        .params = params,
        .view = {s, params->input_offset, input, input + s->batches * image, row_taps, line},
        .taps = taps,
        .pairs = divide_up(s->output_channels, 2),
        .pair_words = taps / 2 + 6,
        .weights = weights,
        .columns = columns,
        .kept = scratch,
    };
    const int32_t pixels = s->batches * s->output_height * s->output_width;
    const bool pooled = params->pool_height * params->pool_width > 1;
    fill_bytes(line, -params->input_offset, PIECE);
    int32_t index = 0;
    while (index < pixels) {
        const bool whole = pooled || index + TILE <= pixels;
        const struct tile tile = tile_at(&layer, index, whole ? TILE : 1);
        convolve(&layer, &tile, output + index * s->output_channels);
        index += whole && !pooled ? TILE : 1;
    }
    if (params->activation_min > INT8_MIN || params->activation_max < INT8_MAX) {
        clamp_bytes(output, pixels * s->output_channels, params->activation_min,
                    params->activation_max);
    }
}
