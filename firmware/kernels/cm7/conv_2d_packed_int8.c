// The windows of four output pixels are laid out as columns on the stack, and all pairs of output
// channels taken against them; pixels that make no four, one at a time. A long window is done in
// pieces, with the sums of some channels kept in between. The four pixels of a pool's window are
// such a tile: of their sums the largest is scaled.
#include "channel_scale.h"
#include "conv_2d_packed.h"
#include "packed_columns.h"

enum { GROUP = 32 }; // pairs of channels whose sums are kept; four times as many of one pixel

struct layer {
    const struct conv_2d_packed_int8_params *params;
    const uint32_t *weights;
    int32_t *kept;
    int32_t taps, pairs, pair_words;
    bool pooled;
    bool at_once;  // a full tile takes one job
    bool prepared; // `job` is that one
    struct packed_job job;
    struct view view;
    uint32_t columns[PIECE / 2 * TILE];
};

// A pixel of the output.
struct place {
    int32_t batch, y, x;
};

static inline void go_on(const struct spatial *s, struct place *place) {
    if (place->x == s->output_width) {
        place->x = 0;
        if (++place->y == s->output_height) {
            place->y = 0;
            ++place->batch;
        }
    }
}

// Sets the tile to the pixels from `place` on, which is moved past them.
static inline void next_pixels(const struct view *view, struct tile *tile, int32_t pixels,
                               struct place *place) {
    const bool one_row = place->x + pixels <= view->spatial->output_width;
    const int32_t step = one_row ? pixels : 1;
    clear_tile(view, tile);
    while (tile->pixels < pixels) {
        add_block(view, tile, place->batch, place->y, place->x, 1, step);
        place->x += step;
        go_on(view->spatial, place);
    }
}

// Sets the tile to the convolution's pixels that make one of the pool.
static inline void next_window(const struct conv_2d_packed_int8_params *params,
                               const struct view *view, struct tile *tile, struct place *place) {
    const int32_t y = place->y * params->pool_stride_height;
    const int32_t x = place->x++ * params->pool_stride_width;
    clear_tile(view, tile);
    add_block(view, tile, place->batch, y, x, params->pool_height, params->pool_width);
    go_on(view->spatial, place);
}

// Pairs of channels, and taps; `last` taps are the last ones of this tile.
struct part {
    int32_t first, count;
    int32_t begin, end;
    bool initial, last;
};

static inline uint32_t tail(const struct layer *layer, int32_t pixels, const struct part *part) {
    const bool partial = part->end < layer->taps;
    if (!part->last) {
        return PACKED_KEPT;
    }
    if (pixels == 1 && !part->initial) {
        return PACKED_ADDED;
    }
    if (layer->pooled) {
        return partial ? PACKED_PART_POOLED : PACKED_POOLED;
    }
    return partial ? PACKED_PART_STORED : PACKED_STORED;
}

// Makes the job of `part` but for its output.
static inline void make_job(struct layer *layer, int32_t pixels, const struct part *part) {
    const int32_t words = layer->pair_words, quads = (part->end - part->begin) / 4;
    const uint32_t *weights = layer->weights + part->first * words;
    const uint32_t behind = 2 * (uint32_t)(layer->taps - part->end);
    struct packed_job *job = &layer->job;
    job->columns = layer->columns;
    job->columns_end = layer->columns + 2 * quads * pixels;
    job->first = pixels == 1 ? packed_first_of_one(quads) : packed_first_of_four(quads);
    job->weights_end = weights + part->count * words;
    job->addend = scale_addend(layer->params->output_offset);
    job->channels = layer->params->spatial.output_channels;
    job->head = part->begin ? PACKED_PART_BIAS : PACKED_BIAS;
    if (!part->initial) {
        job->head = PACKED_CONTINUED;
    }
    job->tail = tail(layer, pixels, part);
    job->kept = job->kept_again = layer->kept;
    job->ahead = 2 * (uint32_t)part->begin;
    job->behind = behind + (part->last ? 0 : PACKED_SCALE_BYTES);
    job->weights = weights;
}

// All channels against whole windows of four pixels, which is the same job from tile to tile.
static inline void convolve_at_once(struct layer *layer, const struct tile *tile, int8_t *output) {
    if (!layer->prepared) {
        make_job(layer, TILE, &(struct part){0, layer->pairs, 0, layer->taps, true, true});
        layer->prepared = true;
    }
    lay_out(&layer->view, tile, 0, layer->taps, layer->columns);
    layer->job.output = output;
    packed_tile_4(&layer->job);
}

static inline void clear(int32_t *sums, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        sums[i] = 0;
    }
}

// Part by part. Rows of the window that no pixel sees are left out; if it sees none at all, one row
// of zeros is as good as all.
static OUT_OF_LINE void convolve_by_parts(struct layer *layer, const struct tile *tile,
                                          int8_t *output) {
    const int32_t share = tile->pixels == 1 ? TILE : 1; // of memory, compared with a full tile
    const int32_t row_taps = layer->view.row_taps;
    const bool seen = tile->rows.begin < tile->rows.end;
    const int32_t begin = seen ? tile->rows.begin * row_taps : 0;
    const int32_t end = seen ? tile->rows.end * row_taps : row_taps;
    const bool whole = end - begin <= PIECE * share;
    const int32_t pieces = whole ? 1 : divide_up(end - begin, PIECE * share);
    const int32_t piece = whole ? end - begin : divide_up(divide_up(end - begin, pieces), 4) * 4;
    const int32_t most = whole ? layer->pairs : GROUP * share;
    const bool odd = layer->params->spatial.output_channels % 2;
    int32_t laid_out = -1;
    struct part part = {0};
    layer->prepared = false;
    for (; part.first < layer->pairs; part.first += part.count) {
        part.count = odd && part.first == 0 ? 1 : min_int32(layer->pairs - part.first, most);
        int8_t *to = output + 2 * part.first - (odd && part.first);
        for (part.begin = begin; part.begin < end; part.begin = part.end) {
            part.end = min_int32(part.begin + piece, end);
            part.initial = part.begin == begin;
            part.last = part.end == end;
            if (laid_out != part.begin) {
                lay_out(&layer->view, tile, part.begin, part.end, layer->columns);
                laid_out = part.begin;
            }
            if (tile->pixels == 1 && part.initial && !part.last) {
                clear(layer->kept, 2 * part.count);
            }
            make_job(layer, tile->pixels, &part);
            layer->job.output = to;
            (tile->pixels == 1 ? packed_tile_1 : packed_tile_4)(&layer->job);
        }
    }
}

// Makes all channels of one pixel of the output, or of as many as the tile has.
static inline void convolve(struct layer *layer, const struct tile *tile, int8_t *output) {
    const int32_t rows = layer->params->spatial.window_height;
    const bool all_rows = tile->rows.begin == 0 && tile->rows.end == rows;
    if (layer->at_once && all_rows && tile->pixels == TILE) {
        convolve_at_once(layer, tile, output);
    } else {
        convolve_by_parts(layer, tile, output);
    }
}

static void clamp_bytes(int8_t *bytes, int32_t count, int32_t low, int32_t high) {
    for (int32_t i = 0; i < count; ++i) {
        bytes[i] = (int8_t)clamp_int32(bytes[i], low, high);
    }
}

static inline void make_layer(struct layer *layer, const struct conv_2d_packed_int8_params *params,
                              const int8_t *input, const uint32_t *weights) {
    const struct spatial *s = &params->spatial;
    make_view(&layer->view, s, input, params->input_offset);
    layer->params = params;
    layer->weights = weights;
    layer->taps = s->window_height * layer->view.row_taps;
    layer->pairs = divide_up(s->output_channels, 2);
    layer->pair_words = layer->taps / 2 + PACKED_PAIR_WORDS;
    layer->pooled = params->pool_height * params->pool_width > 1;
    layer->at_once = layer->taps <= PIECE && s->output_channels % 2 == 0;
    layer->prepared = false;
}

void conv_2d_packed_int8(const struct conv_2d_packed_int8_params *params, const int8_t *input,
                         const uint32_t *weights, int32_t *scratch, int8_t *output) {
    struct layer layer;
    layer.kept = scratch;
    make_layer(&layer, params, input, weights);
    const struct spatial *s = &params->spatial;
    const int32_t pixels = s->batches * s->output_height * s->output_width;
    struct place place = {0, 0, 0};
    struct tile tile;
    for (int32_t done = 0, step; done < pixels; done += step) {
        step = layer.pooled || pixels - done < TILE ? 1 : TILE;
        if (layer.pooled) {
            next_window(params, &layer.view, &tile, &place);
        } else {
            next_pixels(&layer.view, &tile, step, &place);
        }
        convolve(&layer, &tile, output + done * s->output_channels);
    }
    if (params->activation_min > INT8_MIN || params->activation_max < INT8_MAX) {
        clamp_bytes(output, pixels * s->output_channels, params->activation_min,
                    params->activation_max);
    }
}
