// The windows of two output pixels are laid out as columns on the stack, widened to 16 bits with
// the input offset added, so that padding is 0 and each SMLAD does two multiply-accumulates.
// Against these columns go all output channels, two at a time. A long window is done in pieces.
#include "columns.h"
#include "conv_2d.h"
#include "dot_tile.h"
#include "requantize_cm7.h"

enum {
    CHANNEL_GROUP = 32 // output channels whose sums are kept from piece to piece
};

// What goes into a pair of output pixels.
struct source {
    const int8_t *input, *weights;
    const int32_t *bias;
    int32_t pixels[2]; // their indices in the output
};

// Adds the products of both columns with the weights of two channels.
static inline struct tile add_dots(struct tile tile, const struct columns *columns,
                                   const int8_t *weights_0, const int8_t *weights_1) {
    const int32_t whole = columns->count / 4;
    tile = dot_tile(tile, columns->words[0], weights_0, weights_1, whole);
    if (columns->count % 4) {
        tile = add_products(tile, columns->words[whole], last_word(weights_0, columns->count),
                            last_word(weights_1, columns->count));
    }
    return tile;
}

// Where the outputs of a pair of pixels go, and how they become 8 bits.
struct target {
    int8_t *pixels[2];
    const struct conv_2d_int8_params *params;
};

static inline void write_channel(const struct target *target, int32_t channel, int32_t sum_0,
                                 int32_t sum_1) {
    const struct conv_2d_int8_params *p = target->params;
    const int32_t low = p->activation_min, high = p->activation_max, offset = p->output_offset;
    const struct requantizer by = make_requantizer(p->multipliers[channel], p->shifts[channel]);
    const int32_t value_0 = clamp_int32(requantize_cm7(sum_0, &by) + offset, low, high);
    const int32_t value_1 = clamp_int32(requantize_cm7(sum_1, &by) + offset, low, high);
    target->pixels[0][channel] = (int8_t)value_0;
    target->pixels[1][channel] = (int8_t)value_1;
}

static inline struct tile start_of(const int32_t *bias, int32_t channel, int32_t other) {
    const int32_t b0 = bias ? bias[channel] : 0, b1 = bias ? bias[other] : 0;
    return (struct tile){b0, b0, b1, b1};
}

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// Channels `first` to `last` of two pixels, piece by piece of the window. An odd last channel is
// done twice.
static void convolve(const struct target *target, const struct source *source, int32_t first,
                     int32_t last, struct columns *columns) {
    const struct spatial *s = &target->params->spatial;
    const int32_t size = s->window_height * s->window_width * s->input_channels;
    struct tile tiles[CHANNEL_GROUP / 2];
    for (int32_t begin = 0; begin < size; begin += PIECE) {
        if (columns->begin != begin) {
            lay_out(s, target->params->input_offset, source->input, source->pixels, begin,
                    smaller(begin + PIECE, size), columns);
        }
        const int8_t *piece = source->weights + begin;
        for (int32_t channel = first; channel <= last; channel += 2) {
            const int32_t other = smaller(channel + 1, last);
            struct tile *kept = &tiles[(channel - first) / 2];
            struct tile tile = begin ? *kept : start_of(source->bias, channel, other);
            tile = add_dots(tile, columns, piece + channel * size, piece + other * size);
            if (begin + PIECE < size) {
                *kept = tile;
            } else {
                write_channel(target, channel, tile.s00, tile.s01);
                write_channel(target, other, tile.s10, tile.s11);
            }
        }
    }
}

void conv_2d_int8(const struct conv_2d_int8_params *params, const int8_t *input,
                  const int8_t *weights, const int32_t *bias, int8_t *output) {
    const struct spatial *s = &params->spatial;
    const int32_t count = s->batches * s->output_height * s->output_width;
    const int32_t channels = s->output_channels;
    struct columns columns;
    for (int32_t index = 0; index < count; index += 2) {
        const int32_t next = smaller(index + 1, count - 1); // an odd last pixel is done twice
        const struct source source = {input, weights, bias, {index, next}};
        const struct target target = {{output + index * channels, output + next * channels},
                                      params};
        columns.begin = -1;
        for (int32_t first = 0; first < channels; first += CHANNEL_GROUP) {
            const int32_t last = smaller(first + CHANNEL_GROUP, channels) - 1;
            convolve(&target, &source, first, last, &columns);
        }
    }
}
