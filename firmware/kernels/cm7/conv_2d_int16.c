// As conv_2d_int8.c, with the image's own 16 bits in the columns. The sums of one piece of the
// window have 32 bits, as 288 * 128 * 2^15 < 2^31; those of the whole window have 64.
#include "columns_int16.h"
#include "conv_2d.h"
#include "dot_tile.h"
#include "requantize_wide_cm7.h"

enum {
    CHANNEL_GROUP = 16 // output channels whose sums are kept from piece to piece
};

// What goes into a pair of output pixels.
struct source {
    const int16_t *input;
    const int8_t *weights;
    const int64_t *bias;
    int32_t pixels[2]; // their indices in the output
};

// Where the outputs of a pair of pixels go, and how they become 16 bits.
struct target {
    int16_t *pixels[2];
    const struct conv_2d_int16_params *params;
};

// Sums of both pixels.
struct sums {
    int64_t of[2];
};

// The products of both columns with the weights of two channels.
static inline struct tile dots_of(const struct columns *columns, const int8_t *weights_0,
                                  const int8_t *weights_1) {
    const int32_t whole = columns->count / 4;
    struct tile tile = {0, 0, 0, 0};
    tile = dot_tile(tile, columns->words[0], weights_0, weights_1, whole);
    if (columns->count % 4) {
        tile = add_products(tile, columns->words[whole], last_word(weights_0, columns->count),
                            last_word(weights_1, columns->count));
    }
    return tile;
}

static inline void write_channel(const struct target *target, int32_t channel, int64_t sum_0,
                                 int64_t sum_1) {
    const struct conv_2d_int16_params *p = target->params;
    const int32_t low = p->activation_min, high = p->activation_max;
    const int32_t multiplier = p->multipliers[channel], shift = p->shifts[channel];
    const int32_t scaled_0 = requantize_wide_cm7(sum_0, multiplier, shift);
    const int32_t scaled_1 = requantize_wide_cm7(sum_1, multiplier, shift);
    target->pixels[0][channel] = (int16_t)clamp_int32(scaled_0, low, high);
    target->pixels[1][channel] = (int16_t)clamp_int32(scaled_1, low, high);
}

static inline struct sums plus(struct sums sums, int32_t dot_0, int32_t dot_1) {
    return (struct sums){{sums.of[0] + dot_0, sums.of[1] + dot_1}};
}

static inline struct sums start_of(const int64_t *bias, int32_t channel) {
    const int64_t start = bias ? bias[channel] : 0;
    return (struct sums){{start, start}};
}

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// Channels `first` to `last` of two pixels, piece by piece of the window. An odd last channel is
// done twice.
static void convolve(const struct target *target, const struct source *source,
                     const struct spatial *bytes, int32_t first, int32_t last,
                     struct columns *columns) {
    const struct spatial *s = &target->params->spatial;
    const int32_t size = s->window_height * s->window_width * s->input_channels;
    struct sums kept[CHANNEL_GROUP];
    for (int32_t begin = 0; begin < size; begin += PIECE) {
        const int32_t end = smaller(begin + PIECE, size);
        if (columns->begin != begin) {
            lay_out_int16(bytes, source->input, source->pixels, begin, end, columns);
        }
        const int8_t *piece = source->weights + begin;
        for (int32_t channel = first; channel <= last; channel += 2) {
            const int32_t other = smaller(channel + 1, last);
            struct sums *a = &kept[channel - first], *b = &kept[other - first];
            const struct tile tile = dots_of(columns, piece + channel * size, piece + other * size);
            const struct sums of_b = begin ? *b : start_of(source->bias, other);
            const struct sums new_b = plus(of_b, tile.s10, tile.s11);
            const struct sums of_a = begin ? *a : start_of(source->bias, channel);
            const struct sums new_a = plus(of_a, tile.s00, tile.s01);
            if (end < size) {
                *a = new_a;
                *b = new_b;
            } else {
                write_channel(target, channel, new_a.of[0], new_a.of[1]);
                write_channel(target, other, new_b.of[0], new_b.of[1]);
            }
        }
    }
}

void conv_2d_int16(const struct conv_2d_int16_params *params, const int16_t *input,
                   const int8_t *weights, const int64_t *bias, int16_t *output) {
    const struct spatial *s = &params->spatial;
    const struct spatial bytes = in_bytes(s);
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
            convolve(&target, &source, &bytes, first, last, &columns);
        }
    }
}
