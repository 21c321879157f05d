// What goes into a register tile and what comes out: weights, bias and activation of the float32
// kernels whose outputs are sums over `terms` weights each.
#ifndef TINYML_KERNELS_CM7_FLOAT_OUTPUTS_H
#define TINYML_KERNELS_CM7_FLOAT_OUTPUTS_H

#include "float_tile.h"
#include "requantize.h"

struct float_outputs {
    const float *weights; // [channel][term]
    const float *bias;    // or NULL
    int32_t terms, channels;
    float minimum, maximum;
};

// Points the tile at four channels from `channel` on, `offset` terms into each. Channels past the
// last are the last again: computed, and not written.
static inline void start_channels(const struct float_outputs *outputs, struct float_tile *tile,
                                  int32_t channel, int32_t offset) {
    tile->start = (const float (*)[TILE_CHANNELS])tile->bias;
    tile->minimum = outputs->minimum;
    tile->maximum = outputs->maximum;
    for (int32_t i = 0; i < TILE_CHANNELS; ++i) {
        const int32_t at = clamp_int32(channel + i, 0, outputs->channels - 1);
        tile->weights[i] = outputs->weights + at * outputs->terms + offset;
        for (int32_t p = 0; p < TILE_PIXELS; ++p) {
            tile->bias[p][i] = outputs->bias ? outputs->bias[at] : 0.0f;
        }
    }
}

// What the assembly leaves undone where a result is not a number.
static inline void clamp_outputs(const struct float_tile *tile, int32_t pixels) {
    for (int32_t p = 0; p < pixels; ++p) {
        for (int32_t i = 0; i < TILE_CHANNELS; ++i) {
            float *output = &tile->outputs[p][i];
            *output = clamp_float32(*output, tile->minimum, tile->maximum);
        }
    }
}

// Computes and writes four outputs of `pixels` (5 or 1) pixels.
static inline void write_four(struct float_tile *tile, int32_t pixels) {
    const int32_t unordered = pixels == TILE_PIXELS ? float_tile_5x4(tile) : float_tile_1x4(tile);
    if (unordered) {
        clamp_outputs(tile, pixels);
    }
}

// The same for the first `channels` of the four.
static inline void write_few(struct float_tile *tile, int32_t pixels, int32_t channels) {
    float results[TILE_PIXELS][TILE_CHANNELS];
    struct float_tile whole = *tile;
    for (int32_t p = 0; p < pixels; ++p) {
        whole.outputs[p] = results[p];
    }
    write_four(&whole, pixels);
    for (int32_t p = 0; p < pixels; ++p) {
        for (int32_t i = 0; i < channels; ++i) {
            tile->outputs[p][i] = results[p][i];
        }
    }
}

static inline void write_tile(struct float_tile *tile, int32_t pixels, int32_t channels) {
    if (channels >= TILE_CHANNELS) {
        write_four(tile, pixels);
    } else {
        write_few(tile, pixels, channels);
    }
}

#endif
