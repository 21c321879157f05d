// The image is quantized, then convolved as conv_2d_int8 does it: the windows of two output pixels
// laid out as 16-bit columns, against which go all output channels, two at a time. A long window is
// done in pieces.
#include "columns.h"
#include "conv_2d.h"
#include "dot_tile.h"
#include "requantize.h"

enum {
    CHANNEL_GROUP = 32 // output channels whose sums are kept from piece to piece
};

// What goes into the outputs of one image; `image` has the zero point that `by` says.
struct source {
    const struct conv_2d_hybrid_params *params;
    const int8_t *image, *weights;
    const float *bias;
    struct quantized by;
};

// A pair of pixels: their indices in the output, and where their channels go.
struct target {
    int32_t pixels[2];
    float *outputs[2];
};

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

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

// The sum in real numbers: the order of the factors decides the last bit.
static inline void write_sum(const struct source *source, int32_t sum, int32_t channel,
                             float *output) {
    const struct conv_2d_hybrid_params *p = source->params;
    const float weights = weights_scale(&p->hybrid, channel), scale = source->by.scale;
    const float real =
        p->hybrid.asymmetric ? (float)sum * weights * scale : (float)sum * (scale * weights);
    const float value = real + (source->bias ? source->bias[channel] : 0.0f);
    output[channel] = clamp_float32(value, p->activation_min, p->activation_max);
}

// Channels `first` to `last` of two pixels, piece by piece of the window. An odd last channel is
// done twice.
static void convolve(const struct source *source, const struct target *target, int32_t first,
                     int32_t last, struct columns *columns) {
    const struct spatial *s = &source->params->spatial;
    const int32_t size = s->window_height * s->window_width * s->input_channels;
    struct tile tiles[CHANNEL_GROUP / 2];
    for (int32_t begin = 0; begin < size; begin += PIECE) {
        if (columns->begin != begin) {
            lay_out(s, -source->by.zero_point, source->image, target->pixels, begin,
                    smaller(begin + PIECE, size), columns);
        }
        const int8_t *piece = source->weights + begin;
        for (int32_t channel = first; channel <= last; channel += 2) {
            const int32_t other = smaller(channel + 1, last);
            struct tile *kept = &tiles[(channel - first) / 2];
            struct tile tile = begin ? *kept : (struct tile){0, 0, 0, 0};
            tile = add_dots(tile, columns, piece + channel * size, piece + other * size);
            if (begin + PIECE < size) {
                *kept = tile;
            } else {
                write_sum(source, tile.s00, channel, target->outputs[0]);
                write_sum(source, tile.s01, channel, target->outputs[1]);
                write_sum(source, tile.s10, other, target->outputs[0]);
                write_sum(source, tile.s11, other, target->outputs[1]);
            }
        }
    }
}

static void convolve_image(const struct source *source, float *output) {
    const struct spatial *s = &source->params->spatial;
    const int32_t count = s->output_height * s->output_width;
    const int32_t channels = s->output_channels;
    struct columns columns;
    for (int32_t index = 0; index < count; index += 2) {
        const int32_t next = smaller(index + 1, count - 1); // an odd last pixel is done twice
        const struct target target = {{index, next},
                                      {output + index * channels, output + next * channels}};
        columns.begin = -1;
        for (int32_t first = 0; first < channels; first += CHANNEL_GROUP) {
            const int32_t last = smaller(first + CHANNEL_GROUP, channels) - 1;
            convolve(source, &target, first, last, &columns);
        }
    }
}

void conv_2d_hybrid(const struct conv_2d_hybrid_params *params, const float *input,
                    const int8_t *weights, const float *bias, int8_t *quantized, float *output) {
    const struct spatial *s = &params->spatial;
    const int32_t inputs = s->input_height * s->input_width * s->input_channels;
    const int32_t outputs = s->output_height * s->output_width * s->output_channels;
    struct source source = {params, quantized, weights, bias, {1.0f, 0}};
    for (int32_t batch = 0; batch < s->batches; ++batch) {
        source.by = quantize_input(&params->hybrid, input + batch * inputs, inputs, quantized);
        convolve_image(&source, output + batch * outputs);
    }
}
