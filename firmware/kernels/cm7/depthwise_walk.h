// The inner loops of depthwise convolutions of 3 x 3 taps, for one channel and a tile of its
// outputs: all in registers, so written out.
//
// The tile's input lies in memory as columns of words. Word r of a column holds rows 2r and
// 2r + 1 as 16-bit numbers, input offset added, so that padding is 0: SMLAD multiplies two rows.
#ifndef TINYML_KERNELS_CM7_DEPTHWISE_WALK_H
#define TINYML_KERNELS_CM7_DEPTHWISE_WALK_H

#include <stdint.h>

enum {
    COLUMN_BYTES = 64, // from one column to the next: 16 words
    COLUMN_WORDS = COLUMN_BYTES / 4,
    RECTIFIED_SHIFT = 12, // see WALK_RECTIFY
};

// One output channel. For column c of the window, `weights` holds the halfwords (w0 w1) (w1 w2) of
// its rows. What the last three are depends on the loop: WALK_SCALE or WALK_RECTIFY.
struct depthwise_channel {
    uint32_t weights[6];
    int32_t bias, multiplier, addend;
};

// What a loop over a tile needs; each field but the last two serves all channels. A column ends
// where the address of its words is a multiple of COLUMN_BYTES, which saves a register.
struct depthwise_walk {
    int32_t column_step;   // from the end of one column of words to the start of the next
    int32_t output_column; // and of outputs
    int32_t columns;       // of outputs
    int32_t single;        // of the loop over pairs of outputs: whether one is left at the end
    int32_t output_offset; // of WALK_SCALE
    int32_t output_step;   // from one output of a column to the next
    const uint32_t *words; // the first of the first output's window
    int8_t *output;
};

typedef void depthwise_loop(const struct depthwise_walk *walk,
                            const struct depthwise_channel *channel);

// r0 to r5: weights; r6, r7: two words of a column; r8, r9: sums; r10, r11: addresses of words and
// outputs; r12: bias; lr: output_step. The stack: multiplier, addend, column_step, output_column,
// columns, single, output_offset.
#define WALK_BEGIN                                                                                 \
    "push   {r4-r11, lr}\n\t"                                                                      \
    "sub    sp, #28\n\t"                                                                           \
    "ldm    r0, {r4, r5, r6, r7, r8, r9, r10, r11}\n\t"                                            \
    "ldrd   r2, r3, [r1, #28]\n\t"                                                                 \
    "stm    sp, {r2-r8}\n\t"                                                                       \
    "mov    lr, r9\n\t"                                                                            \
    "ldr    r12, [r1, #24]\n\t"                                                                    \
    "ldm    r1, {r0-r5}\n\t"

// Goes on with the next column of outputs, if there is one.
#define WALK_END                                                                                   \
    "ldr    r8, [sp, #16]\n\t"                                                                     \
    "ldrd   r6, r7, [sp, #8]\n\t"                                                                  \
    "subs   r8, #1\n\t"                                                                            \
    "str    r8, [sp, #16]\n\t"                                                                     \
    "add    r10, r6\n\t"                                                                           \
    "add    r11, r7\n\t"                                                                           \
    "bne    1b\n\t"                                                                                \
    "add    sp, #28\n\t"                                                                           \
    "pop    {r4-r11, pc}"

#define WALK_NOT_AT_END "tst    r10, #63\n\t"

// A column of the window with both weights, for one output: 2 rows of the first word and 1 of the
// second. `start` is what is added to.
#define WALK_TAPS(w01, w12, start)                                                                 \
    "smlad  r8, r6, " w01 ", " start "\n\t"                                                        \
    "smlabt r8, r7, " w12 ", r8\n\t"

// And for two outputs below each other.
#define WALK_TAPS_TWICE(w01, w12, start_0, start_1)                                                \
    "smlad  r8, r6, " w01 ", " start_0 "\n\t"                                                      \
    "smlad  r9, r7, " w12 ", " start_1 "\n\t"                                                      \
    "smlabt r8, r7, " w12 ", r8\n\t"                                                               \
    "smlatb r9, r6, " w01 ", r9\n\t"

// The sum of one output in 9 instructions.
#define WALK_SUM                                                                                   \
    "ldrd   r6, r7, [r10, #64]\n\t" WALK_TAPS(                                                     \
        "r2", "r3",                                                                                \
        "r12") "ldrd   r6, r7, [r10, #128]\n\t" WALK_TAPS("r4", "r5",                              \
                                                          "r8") "ldrd   r6, r7, [r10], "           \
                                                                "#4\n\t" WALK_TAPS("r0", "r1",     \
                                                                                   "r8")

// The sums of two outputs in 15.
#define WALK_SUM_TWICE                                                                             \
    "ldrd   r6, r7, [r10, #64]\n\t" WALK_TAPS_TWICE(                                               \
        "r2", "r3", "r12",                                                                         \
        "r12") "ldrd   r6, r7, [r10, #128]\n\t" WALK_TAPS_TWICE("r4", "r5", "r8",                  \
                                                                "r9") "ldrd   r6, r7, [r10], "     \
                                                                      "#4\n\t" WALK_TAPS_TWICE(    \
                                                                          "r"                      \
                                                                          "0",                     \
                                                                          "r"                      \
                                                                          "1",                     \
                                                                          "r"                      \
                                                                          "8",                     \
                                                                          "r"                      \
                                                                          "9")

// A sum to 8 bits, as requantize() does for a multiplier in [2^30, 2^31) and a shift in [-31, -2]:
// `multiplier` is 2 * multiplier - 2^32, so that SMMLAR rounds at bit 31; `addend` is
// 2^(32 + shift), so that another SMMLAR divides by 2^-shift, rounds, and adds the output offset.
// In between, 1 is taken from a negative number: ties go away from zero.
#define WALK_SCALE                                                                                 \
    "ldrd   r6, r7, [sp]\n\t"                                                                      \
    "smmlar r8, r8, r6, r8\n\t"                                                                    \
    "ldr    r6, [sp, #24]\n\t"                                                                     \
    "add    r8, r8, r8, asr #31\n\t"                                                               \
    "smmlar r8, r8, r7, r6\n\t"                                                                    \
    "ssat   r8, #8, r8\n\t"

#define WALK_SCALE_TWICE                                                                           \
    "ldrd   r6, r7, [sp]\n\t"                                                                      \
    "smmlar r8, r8, r6, r8\n\t"                                                                    \
    "smmlar r9, r9, r6, r9\n\t"                                                                    \
    "ldr    r6, [sp, #24]\n\t"                                                                     \
    "add    r8, r8, r8, asr #31\n\t"                                                               \
    "add    r9, r9, r9, asr #31\n\t"                                                               \
    "smmlar r8, r8, r7, r6\n\t"                                                                    \
    "smmlar r9, r9, r7, r6\n\t"                                                                    \
    "ssat   r8, #8, r8\n\t"                                                                        \
    "ssat   r9, #8, r9\n\t"

// The same in two instructions where the output is at least its zero point, so that no number
// under zero counts. Both roundings are then one, and exact: with s = -shift,
//
//   floor((floor(x m / 2^31 + 1/2) + 2^(s-1)) / 2^s) = floor((x m 2^-31 + 1/2 + 2^(s-1)) / 2^s).
//
// Weights and bias come multiplied by 2^(13 - s), which makes one shift, 12, right for all
// channels; `addend` is the rest of the numerator and the output offset, 2^(12 - s) as large.
#define WALK_RECTIFY                                                                               \
    "ldrd   r6, r7, [sp]\n\t"                                                                      \
    "smmla  r8, r8, r6, r7\n\t"                                                                    \
    "ssat   r8, #8, r8, asr #12\n\t"

#define WALK_RECTIFY_TWICE                                                                         \
    "ldrd   r6, r7, [sp]\n\t"                                                                      \
    "smmla  r8, r8, r6, r7\n\t"                                                                    \
    "smmla  r9, r9, r6, r7\n\t"                                                                    \
    "ssat   r8, #8, r8, asr #12\n\t"                                                               \
    "ssat   r9, #8, r9, asr #12\n\t"

// Windows one row apart.
#define DEPTHWISE_STRIDE_1(scale, scale_twice)                                                     \
    __asm__(WALK_BEGIN "1:\n\t" WALK_NOT_AT_END "beq    3f\n"                                      \
                       "2:\n\t" WALK_SUM_TWICE scale_twice "strb   r8, [r11]\n\t"                  \
                       "strb   r9, [r11, lr]\n\t"                                                  \
                       "add    r11, r11, lr, lsl #1\n\t" WALK_NOT_AT_END "bne    2b\n"             \
                       "3:\n\t"                                                                    \
                       "ldr    r6, [sp, #20]\n\t"                                                  \
                       "cbz    r6, 4f\n\t" WALK_SUM scale "strb   r8, [r11]\n"                     \
                       "4:\n\t" WALK_END)

// Windows two rows apart.
#define DEPTHWISE_STRIDE_2(scale)                                                                  \
    __asm__(WALK_BEGIN "1:\n\t" WALK_SUM scale "strb   r8, [r11]\n\t"                              \
                       "add    r11, lr\n\t" WALK_NOT_AT_END "bne    1b\n\t" WALK_END)

#endif
