// Sums of products of 16-bit columns with packed weights, for one or four pixels, and what becomes
// of them: the inner loops of convolutions and fully connected layers, in assembly.
//
// Two output channels a and b share each 16-bit lane of the weights: 256 * b + a. SMLAD with the
// lanes as they are gives r = 256 * sum(b) + sum(a) modulo 2^32; SXTB16 leaves a, which gives
// sum(a); what is left is sum(b) = (r - sum(a)) / 256, exact while it fits 24 bits. So one
// unpacking serves two channels.
//
// The weights of a pair of channels, all words, then those of the next pair:
//     256 * bias b + bias a; bias a
//     for every four taps 0 to 3: lanes of taps 0 and 2, lanes of taps 1 and 3
//     struct channel_scale of a, of b
//
// Columns: for every four taps, the pixels' taps 0 and 2 (a word each), then their taps 1 and 3.
#ifndef TINYML_KERNELS_CM7_PACKED_TILE_H
#define TINYML_KERNELS_CM7_PACKED_TILE_H

#include <stdint.h>

enum {
    PACKED_SCALE_BYTES = 16, // both scales of a pair
    PACKED_PAIR_WORDS = 6,   // of a pair, beside its taps
};

// What the sums start with, and what happens to them in the end. `PACKED_PART_...` where the job's
// taps begin after the window's first, or end before its last. Of one pixel it is the sums of a
// and b that are kept, so that no more than a piece's sum need fit 24 bits: a job goes on with 0,
// and adds what it has to what was kept, 0 at first. Of four pixels it is those of a and r.
enum packed_head { PACKED_BIAS, PACKED_PART_BIAS, PACKED_CONTINUED };
enum packed_tail {
    PACKED_STORED,
    PACKED_PART_STORED,
    PACKED_KEPT,
    PACKED_POOLED,
    PACKED_PART_POOLED,
    PACKED_ADDED = PACKED_POOLED // of one pixel: with what was kept, stored
};

// Some pairs of channels and some taps of one tile. The assembly knows the order of the members.
struct packed_job {
    const uint32_t *columns, *columns_end;
    uint32_t first;              // where the loop over the taps is entered: packed_first_...()
    const uint32_t *weights_end; // of the last pair
    int8_t *output;              // channel a of the first pair, first pixel
    int32_t addend;              // scale_addend(...)
    int32_t channels;            // bytes from pixel to pixel in the output
    uint32_t head, tail;
    int32_t *kept, *kept_again; // sums between pieces, twice: eight a pair, or two for one pixel
    uint32_t ahead, behind;     // weights to skip before and after the taps, in bytes
    const uint32_t *weights;    // of the first pair
};

// For `quads` groups of four taps, at least one.
static inline uint32_t packed_first_of_four(int32_t quads) {
    return (uint32_t)(quads - 1) % 8;
}

static inline uint32_t packed_first_of_one(int32_t quads) {
    return (uint32_t)(quads - 1) % 16;
}

// PACKED_POOLED writes one pixel: of the largest of the four sums.
void packed_tile_4(const struct packed_job *job);
void packed_tile_1(const struct packed_job *job); // not pooled

// Widens `quads` groups of four bytes of four pixels into columns, adding `halves` to each half.
// The pixels are at so many bytes from `input`.
void packed_widen_4(const int32_t offsets[4], const int8_t *input, uint32_t halves,
                    uint32_t *columns, int32_t quads);

#endif
