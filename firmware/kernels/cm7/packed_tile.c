// Registers are counted out: four pixels need all fourteen. What the loops need rarely is on the
// stack, a copy of the job, and weights wait in FPU registers.
#include "packed_tile.h"

#include <assert.h>
#include <stddef.h>

#define TEXT(value)    TEXT_OF(value)
#define TEXT_OF(value) #value

// Offsets of the job's members, known to the assembly.
#define COLUMNS     0
#define COLUMNS_END 4
#define FIRST       8
#define WEIGHTS_END 12
#define OUTPUT      16
#define ADDEND      20
#define CHANNELS    24
#define HEAD        28
#define TAIL        32
#define KEPT        36
#define KEPT_AGAIN  40
#define AHEAD       44
#define BEHIND      48
#define WEIGHTS     52
#define JOB_BYTES   56
static_assert(sizeof(struct packed_job) == JOB_BYTES, "copied whole");
static_assert(offsetof(struct packed_job, addend) == ADDEND, "");
static_assert(offsetof(struct packed_job, channels) == ADDEND + 4, "loaded in a pair");
static_assert(offsetof(struct packed_job, tail) == TAIL, "");
static_assert(offsetof(struct packed_job, behind) == BEHIND, "");

#define JOB(member) "[sp, #" TEXT(member) "]"

// Copies the job to the stack, with addresses from the table at label 9 for `first`, which
// `find_first` looks up, `head` and `tail`. lr: the weights.
#define ENTER(find_first, heads, tails)                                                            \
    "push  {r4-r11, lr}\n\t"                                                                       \
    "ldrd  r1, r2, [r0, #" TEXT(BEHIND) "]\n\t"                                                    \
                                        "push  {r1, r2}\n\t"                                       \
                                        "ldm   r0, {r1-r12}\n\t"                                   \
                                        "adr   lr, 9f\n\t" find_first "add   lr, #4 * " heads      \
                                        "\n\t"                                                     \
                                        "ldr   r8, [lr, r8, lsl #2]\n\t"                           \
                                        "add   lr, #4 * (" tails " - " heads ")\n\t"               \
                                        "ldr   r9, [lr, r9, lsl #2]\n\t"                           \
                                        "push  {r1-r12}\n\t"                                       \
                                        "ldr   lr, " JOB(WEIGHTS) "\n"

#define LEAVE                                                                                      \
    "add   sp, #" TEXT(JOB_BYTES) "\n\t"                                                           \
                                  "pop   {r4-r11, pc}\n\t"

// Goes on with the next pair at label 1 if there is one. `spare` is free.
#define NEXT_PAIR(spare)                                                                           \
    "ldr   " spare ", " JOB(WEIGHTS_END) "\n\t"                                                    \
                                         "cmp   lr, " spare "\n\t"                                 \
                                         "bne   1b\n\t"

// scale_sum() with the scale in `multiplier` and `shift`.
#define SCALE(sum, multiplier, shift, addend)                                                      \
    "smmlar " sum ", " sum ", " multiplier ", " sum "\n\t"                                         \
    "add   " sum ", " sum ", " sum ", asr #31\n\t"                                                 \
    "asr   " sum ", " sum ", " shift "\n\t"                                                        \
    "add   " sum ", " sum ", " addend "\n\t"                                                       \
    "ssat  " sum ", #8, " sum ", asr #1\n\t"

// --- Four pixels: sums of a in r0-r3, of r in r4-r7, columns in r8-r11, r12 points to them.

// Two taps: 11 instructions for 16 products. The weights come from FPU register `s`.
#define TAPS_4(s)                                                                                  \
    "ldm   r12!, {r8-r11}\n\t"                                                                     \
    "vmov  lr, " s "\n\t"                                                                          \
    "smlad r4, lr, r8, r4\n\t"                                                                     \
    "smlad r5, lr, r9, r5\n\t"                                                                     \
    "smlad r6, lr, r10, r6\n\t"                                                                    \
    "smlad r7, lr, r11, r7\n\t"                                                                    \
    "sxtb16 lr, lr\n\t"                                                                            \
    "smlad r0, lr, r8, r0\n\t"                                                                     \
    "smlad r1, lr, r9, r1\n\t"                                                                     \
    "smlad r2, lr, r10, r2\n\t"                                                                    \
    "smlad r3, lr, r11, r3\n\t"

// Enters the loop at `label` with the weights in FPU registers from `s` on.
#define ENTRY_4(label, s, entry)                                                                   \
    label ": vldmia lr!, {" s "-s15}\n\t"                                                          \
          "str   lr, " JOB(WEIGHTS) "\n\t"                                                         \
                                    "b     " entry "\n"

#define MAX(a, b)                                                                                  \
    "cmp   " a ", " b "\n\t"                                                                       \
    "it    lt\n\t"                                                                                 \
    "movlt " a ", " b "\n\t"

#define SPLIT(a, r) "sub   " r ", " r ", " a "\n\t"
#define SHIFTED(r)  "asr   " r ", " r ", #8\n\t"

__attribute__((naked)) void packed_tile_4(const struct packed_job *job __attribute__((unused))) {
    // clang-format off
    __asm__(
        ENTER("ldr r3, [lr, r3, lsl #2]\n\t", "8", "11")
        "1:\n\t"
        "ldr   pc, " JOB(HEAD) "\n"
        // PACKED_BIAS
        "31:\n\t"
        "ldrd  r4, r0, [lr], #8\n\t"
        "mov   r1, r0\n\t"
        "mov   r2, r0\n\t"
        "mov   r3, r0\n\t"
        "mov   r5, r4\n\t"
        "mov   r6, r4\n\t"
        "mov   r7, r4\n\t"
        "ldr   r12, " JOB(COLUMNS) "\n\t"
        "ldr   pc, " JOB(FIRST) "\n"
        // PACKED_PART_BIAS
        "33:\n\t"
        "ldrd  r4, r0, [lr], #8\n\t"
        "mov   r1, r0\n\t"
        "mov   r2, r0\n\t"
        "mov   r3, r0\n\t"
        "mov   r5, r4\n\t"
        "mov   r6, r4\n\t"
        "mov   r7, r4\n\t"
        "b     34f\n"
        // PACKED_CONTINUED
        "32:\n\t"
        "ldr   r12, " JOB(KEPT) "\n\t"
        "ldm   r12!, {r0-r7}\n\t"
        "str   r12, " JOB(KEPT) "\n\t"
        "add   lr, #8\n"
        "34:\n\t"
        "ldr   r8, " JOB(AHEAD) "\n\t"
        "add   lr, r8\n\t"
        "ldr   r12, " JOB(COLUMNS) "\n\t"
        "ldr   pc, " JOB(FIRST) "\n"
        ENTRY_4("11", "s14", "27f")
        ENTRY_4("12", "s12", "26f")
        ENTRY_4("13", "s10", "25f")
        ENTRY_4("14", "s8", "24f")
        ENTRY_4("15", "s6", "23f")
        ENTRY_4("16", "s4", "22f")
        ENTRY_4("17", "s2", "21f")
        "18:\n\t"
        "vldmia lr!, {s0-s15}\n\t"
        "str   lr, " JOB(WEIGHTS) "\n\t"
        TAPS_4("s0") TAPS_4("s1")
        "21:\n\t" TAPS_4("s2") TAPS_4("s3")
        "22:\n\t" TAPS_4("s4") TAPS_4("s5")
        "23:\n\t" TAPS_4("s6") TAPS_4("s7")
        "24:\n\t" TAPS_4("s8") TAPS_4("s9")
        "25:\n\t" TAPS_4("s10") TAPS_4("s11")
        "26:\n\t" TAPS_4("s12") TAPS_4("s13")
        "27:\n\t" TAPS_4("s14") TAPS_4("s15")
        "ldr   r8, " JOB(COLUMNS_END) "\n\t"
        "ldr   lr, " JOB(WEIGHTS) "\n\t"
        "cmp   r12, r8\n\t"
        "bne   18b\n\t"
        "ldr   pc, " JOB(TAIL) "\n"
        // PACKED_PART_STORED
        "45:\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n"
        // PACKED_STORED
        "42:\n\t"
        SPLIT("r0", "r4") SPLIT("r1", "r5") SPLIT("r2", "r6") SPLIT("r3", "r7")
        SHIFTED("r4") SHIFTED("r5") SHIFTED("r6") SHIFTED("r7")
        "ldrd  r8, r9, [lr], #8\n\t"
        "ldrd  r10, r11, " JOB(ADDEND) "\n\t"
        "ldr   r12, " JOB(OUTPUT) "\n\t"
        SCALE("r0", "r8", "r9", "r10")
        SCALE("r1", "r8", "r9", "r10")
        SCALE("r2", "r8", "r9", "r10")
        SCALE("r3", "r8", "r9", "r10")
        "strb  r0, [r12]\n\t"
        "strb  r1, [r12, r11]\n\t"
        "add   r0, r12, r11, lsl #1\n\t"
        "strb  r2, [r0]\n\t"
        "strb  r3, [r0, r11]\n\t"
        "ldrd  r8, r9, [lr], #8\n\t"
        SCALE("r4", "r8", "r9", "r10")
        SCALE("r5", "r8", "r9", "r10")
        SCALE("r6", "r8", "r9", "r10")
        SCALE("r7", "r8", "r9", "r10")
        "strb  r4, [r12, #1]!\n\t"
        "strb  r5, [r12, r11]\n\t"
        "strb  r6, [r0, #1]!\n\t"
        "strb  r7, [r0, r11]\n\t"
        "add   r12, #1\n\t"
        "str   r12, " JOB(OUTPUT) "\n\t"
        NEXT_PAIR("r8")
        LEAVE
        // PACKED_PART_POOLED
        "46:\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n"
        // PACKED_POOLED
        "43:\n\t"
        SPLIT("r0", "r4") SPLIT("r1", "r5") SPLIT("r2", "r6") SPLIT("r3", "r7")
        MAX("r0", "r1") MAX("r2", "r3") MAX("r0", "r2")
        MAX("r4", "r5") MAX("r6", "r7") MAX("r4", "r6")
        SHIFTED("r4")
        "ldrd  r8, r9, [lr], #8\n\t"
        "ldr   r10, " JOB(ADDEND) "\n\t"
        "ldr   r12, " JOB(OUTPUT) "\n\t"
        SCALE("r0", "r8", "r9", "r10")
        "ldrd  r8, r9, [lr], #8\n\t"
        SCALE("r4", "r8", "r9", "r10")
        "strb  r0, [r12], #1\n\t"
        "strb  r4, [r12], #1\n\t"
        "str   r12, " JOB(OUTPUT) "\n\t"
        NEXT_PAIR("r8")
        LEAVE
        // PACKED_KEPT
        "41:\n\t"
        "ldr   r12, " JOB(KEPT_AGAIN) "\n\t"
        "stm   r12!, {r0-r7}\n\t"
        "str   r12, " JOB(KEPT_AGAIN) "\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n\t"
        NEXT_PAIR("r8")
        LEAVE
        ".balign 4\n"
        "9:\n\t"
        ".word 11b + 1, 12b + 1, 13b + 1, 14b + 1, 15b + 1, 16b + 1, 17b + 1, 18b + 1\n\t"
        ".word 31b + 1, 33b + 1, 32b + 1\n\t"
        ".word 42b + 1, 45b + 1, 41b + 1, 43b + 1, 46b + 1\n\t");
    // clang-format on
}

// --- One pixel: sum of a in r0, of r in r1, weights in r4-r7, column in r8-r11; r12 and lr point
// to them. r2: where the column ends; r3: the output.

// Eight taps: 14 instructions for 16 products.
#define TAPS_1                                                                                     \
    "ldm   lr!, {r4-r7}\n\t"                                                                       \
    "ldm   r12!, {r8-r11}\n\t"                                                                     \
    "smlad r1, r4, r8, r1\n\t"                                                                     \
    "sxtb16 r4, r4\n\t"                                                                            \
    "smlad r1, r5, r9, r1\n\t"                                                                     \
    "sxtb16 r5, r5\n\t"                                                                            \
    "smlad r0, r4, r8, r0\n\t"                                                                     \
    "smlad r1, r6, r10, r1\n\t"                                                                    \
    "sxtb16 r6, r6\n\t"                                                                            \
    "smlad r0, r5, r9, r0\n\t"                                                                     \
    "smlad r1, r7, r11, r1\n\t"                                                                    \
    "sxtb16 r7, r7\n\t"                                                                            \
    "smlad r0, r6, r10, r0\n\t"                                                                    \
    "smlad r0, r7, r11, r0\n\t"

// Adds what was kept of both sums, of which r gives that of b first. r12: behind it.
#define ADD_KEPT                                                                                   \
    SPLIT("r0", "r1")                                                                              \
    SHIFTED("r1")                                                                                  \
    "ldr   r12, " JOB(KEPT) "\n\t"                                                                 \
                            "ldm   r12!, {r8, r9}\n\t"                                             \
                            "str   r12, " JOB(KEPT) "\n\t"                                         \
                                                    "add   r0, r8\n\t"                             \
                                                    "add   r1, r9\n\t"

__attribute__((naked)) void packed_tile_1(const struct packed_job *job __attribute__((unused))) {
    // `channels` is not used here: its place holds where an odd group of four goes on.
    // clang-format off
    __asm__(
        ENTER("add r3, lr, r3, lsl #2\n\tldrd r7, r3, [r3, #-4]\n\t", "16", "19")
        "ldr   r2, " JOB(COLUMNS_END) "\n\t"
        "ldr   r3, " JOB(OUTPUT) "\n"
        "1:\n\t"
        "ldr   pc, " JOB(HEAD) "\n"
        // PACKED_BIAS
        "31:\n\t"
        "ldrd  r1, r0, [lr], #8\n\t"
        "ldr   r12, " JOB(COLUMNS) "\n\t"
        "ldr   pc, " JOB(FIRST) "\n"
        // PACKED_PART_BIAS
        "33:\n\t"
        "ldrd  r1, r0, [lr], #8\n\t"
        "b     34f\n"
        // PACKED_CONTINUED
        "32:\n\t"
        "mov   r0, #0\n\t"
        "mov   r1, #0\n\t"
        "add   lr, #8\n"
        "34:\n\t"
        "ldr   r8, " JOB(AHEAD) "\n\t"
        "add   lr, r8\n\t"
        "ldr   r12, " JOB(COLUMNS) "\n\t"
        "ldr   pc, " JOB(FIRST) "\n"
        // An odd group of four taps.
        "10:\n\t"
        "ldrd  r4, r5, [lr], #8\n\t"
        "ldrd  r8, r9, [r12], #8\n\t"
        "smlad r1, r4, r8, r1\n\t"
        "sxtb16 r4, r4\n\t"
        "smlad r1, r5, r9, r1\n\t"
        "sxtb16 r5, r5\n\t"
        "smlad r0, r4, r8, r0\n\t"
        "smlad r0, r5, r9, r0\n\t"
        "ldr   pc, " JOB(CHANNELS) "\n"
        "18:\n\t" TAPS_1
        "17:\n\t" TAPS_1
        "16:\n\t" TAPS_1
        "15:\n\t" TAPS_1
        "14:\n\t" TAPS_1
        "13:\n\t" TAPS_1
        "12:\n\t" TAPS_1
        "11:\n\t" TAPS_1
        "20:\n\t"
        "cmp   r12, r2\n\t"
        "bne   18b\n\t"
        "ldr   pc, " JOB(TAIL) "\n"
        // PACKED_PART_STORED
        "45:\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n"
        // PACKED_STORED
        "42:\n\t"
        SPLIT("r0", "r1") SHIFTED("r1")
        "ldm   lr!, {r4-r7}\n"
        "48:\n\t"
        "ldr   r8, " JOB(ADDEND) "\n\t"
        SCALE("r0", "r4", "r5", "r8")
        SCALE("r1", "r6", "r7", "r8")
        "strb  r0, [r3], #1\n\t"
        "strb  r1, [r3], #1\n\t"
        NEXT_PAIR("r8")
        LEAVE
        // PACKED_ADDED
        "47:\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n\t"
        ADD_KEPT
        "ldm   lr!, {r4-r7}\n\t"
        "b     48b\n"
        // PACKED_KEPT
        "41:\n\t"
        ADD_KEPT
        "strd  r0, r1, [r12, #-8]\n\t"
        "ldr   r8, " JOB(BEHIND) "\n\t"
        "add   lr, r8\n\t"
        NEXT_PAIR("r8")
        LEAVE
        ".balign 4\n\t"
        ".word 20b + 1\n"
        "9:\n\t"
        ".word 10b + 1, 11b + 1, 10b + 1, 12b + 1, 10b + 1, 13b + 1, 10b + 1, 14b + 1\n\t"
        ".word 10b + 1, 15b + 1, 10b + 1, 16b + 1, 10b + 1, 17b + 1, 10b + 1, 18b + 1\n\t"
        ".word 31b + 1, 33b + 1, 32b + 1\n\t"
        ".word 42b + 1, 45b + 1, 41b + 1, 47b + 1\n\t");
    // clang-format on
}

// The pixels in r0-r3, halves in r12, columns in lr; on the stack, where they end.
__attribute__((naked)) void packed_widen_4(const int32_t offsets[4] __attribute__((unused)),
                                           const int8_t *input __attribute__((unused)),
                                           uint32_t halves __attribute__((unused)),
                                           uint32_t *columns __attribute__((unused)),
                                           int32_t quads __attribute__((unused))) {
    // clang-format off
    __asm__(
        "push  {r4-r11, lr}\n\t"
        "ldr   r12, [sp, #36]\n\t"
        "add   r12, r3, r12, lsl #5\n\t"
        "push  {r12}\n\t"
        "mov   lr, r3\n\t"
        "mov   r12, r2\n\t"
        "ldm   r0, {r4-r7}\n\t"
        "add   r0, r1, r4\n\t"
        "add   r2, r1, r6\n\t"
        "add   r3, r1, r7\n\t"
        "add   r1, r1, r5\n"
        "1:\n\t"
        "ldr   r8, [r0], #4\n\t"
        "ldr   r9, [r1], #4\n\t"
        "ldr   r10, [r2], #4\n\t"
        "ldr   r11, [r3], #4\n\t"
        "sxtab16 r4, r12, r8\n\t"
        "sxtab16 r5, r12, r9\n\t"
        "sxtab16 r6, r12, r10\n\t"
        "sxtab16 r7, r12, r11\n\t"
        "sxtab16 r8, r12, r8, ror #8\n\t"
        "sxtab16 r9, r12, r9, ror #8\n\t"
        "sxtab16 r10, r12, r10, ror #8\n\t"
        "sxtab16 r11, r12, r11, ror #8\n\t"
        "stm   lr!, {r4-r11}\n\t"
        "ldr   r4, [sp]\n\t"
        "cmp   lr, r4\n\t"
        "bne   1b\n\t"
        "add   sp, #4\n\t"
        "pop   {r4-r11, pc}\n\t");
    // clang-format on
}
