// Register tiles for float32 sums of products on the Cortex-M7: the only assembly of the float
// kernels.
//
// A tile holds the sums of a few pixels times four output channels in VFP registers. Each sum is
// built in the order of the reference kernels, with one rounding a term (VFMA) instead of two.
//
// Why this shape: a VFMA starts every cycle where three or more sums are independent; 5 x 4 sums
// leave 12 registers, enough for two terms of four channels and, alternating, of two pixels. Two
// terms come in with one VLDM, so that 40 multiply-accumulates take 49 instructions. VLDR could
// issue beside VFMA, but costs 18 instructions instead of 9. gcc 12 makes 1.7 instructions a
// multiply-accumulate of the same tile in C, as it keeps a pointer or two on the stack.
#ifndef TINYML_KERNELS_CM7_FLOAT_TILE_H
#define TINYML_KERNELS_CM7_FLOAT_TILE_H

#include <stddef.h>
#include <stdint.h>

#define TILE_PIXELS   5
#define TILE_CHANNELS 4

// The terms lie in `runs` runs of `length` floats, contiguous in the input and in the weights;
// the steps lead from the end of a run to the start of the next. The assembly knows the order.
struct float_tile {
    const float *inputs[TILE_PIXELS];
    const float *weights[TILE_CHANNELS];
    int32_t runs; // at least 1
    int32_t length;
    int32_t input_step, weights_step;    // in bytes
    const float (*start)[TILE_CHANNELS]; // what the sums start from
    float *outputs[TILE_PIXELS];         // four sums each
    float minimum, maximum;
    float bias[TILE_PIXELS][TILE_CHANNELS];
};

_Static_assert(offsetof(struct float_tile, runs) == 36, "loaded by one LDM with the pointers");
_Static_assert(offsetof(struct float_tile, length) == 40, "an offset in the assembly");
_Static_assert(offsetof(struct float_tile, input_step) == 44, "an offset in the assembly");
_Static_assert(offsetof(struct float_tile, weights_step) == 48, "an offset in the assembly");
_Static_assert(offsetof(struct float_tile, start) == 52, "an offset in the assembly");
_Static_assert(offsetof(struct float_tile, outputs) == 56, "an offset in the assembly");
_Static_assert(offsetof(struct float_tile, minimum) == 76, "loaded after the outputs");

// r0 tile, r1-r5 inputs, r6 and r8-r10 weights, r11 terms left, r12 runs left. r7 is the
// compiler's.
#define TILE_LOAD             "ldmia r0, {r1-r6, r8-r10, r12}\n"
#define TILE_STEP(base, step) "add " #base ", " #base ", " #step "\n"
#define TILE_STEPS            "ldrd r11, lr, [r0, #44]\n" // to r11 inputs', to lr weights'
#define TILE_WEIGHTS_STEP TILE_STEP(r6, lr) TILE_STEP(r8, lr) TILE_STEP(r9, lr) TILE_STEP(r10, lr)
#define VLDM(base, registers)    "vldmia " #base "!, {" registers "}\n"
#define VFMA(sum, weight, input) "vfma.f32 s" #sum ", s" #weight ", s" #input "\n"

// One term of the sums a, b, c, d; weights in s(p), s(q), s(r), s(t), input in s(x).
#define FOUR_SUMS(a, b, c, d, p, q, r, t, x) VFMA(a, p, x) VFMA(b, q, x) VFMA(c, r, x) VFMA(d, t, x)

#define PIXEL_TWO_TERMS(base, a, b, c, d, x, y)                                                    \
    VLDM(base, "s" #x "-s" #y)                                                                     \
    FOUR_SUMS(a, b, c, d, 20, 22, 24, 26, x) FOUR_SUMS(a, b, c, d, 21, 23, 25, 27, y)
#define PIXEL_ONE_TERM(base, a, b, c, d, x)                                                        \
    VLDM(base, "s" #x) FOUR_SUMS(a, b, c, d, 20, 22, 24, 26, x)
#define TILE_TWO_TERMS                                                                             \
    VLDM(r6, "s20-s21")                                                                            \
    VLDM(r8, "s22-s23")                                                                            \
    VLDM(r9, "s24-s25")                                                                            \
    VLDM(r10, "s26-s27")                                                                           \
    PIXEL_TWO_TERMS(r1, 0, 1, 2, 3, 28, 29)                                                        \
    PIXEL_TWO_TERMS(r2, 4, 5, 6, 7, 30, 31)                                                        \
    PIXEL_TWO_TERMS(r3, 8, 9, 10, 11, 28, 29)                                                      \
    PIXEL_TWO_TERMS(r4, 12, 13, 14, 15, 30, 31) PIXEL_TWO_TERMS(r5, 16, 17, 18, 19, 28, 29)
#define TILE_ONE_TERM                                                                              \
    VLDM(r6, "s20")                                                                                \
    VLDM(r8, "s22")                                                                                \
    VLDM(r9, "s24")                                                                                \
    VLDM(r10, "s26")                                                                               \
    PIXEL_ONE_TERM(r1, 0, 1, 2, 3, 28)                                                             \
    PIXEL_ONE_TERM(r2, 4, 5, 6, 7, 30)                                                             \
    PIXEL_ONE_TERM(r3, 8, 9, 10, 11, 28)                                                           \
    PIXEL_ONE_TERM(r4, 12, 13, 14, 15, 30) PIXEL_ONE_TERM(r5, 16, 17, 18, 19, 28)

#define PIXEL_FOUR_TERMS                                                                           \
    VLDM(r1, "s4-s7")                                                                              \
    VLDM(r6, "s8-s11")                                                                             \
    VLDM(r8, "s12-s15")                                                                            \
    VLDM(r9, "s16-s19")                                                                            \
    VLDM(r10, "s20-s23")                                                                           \
    FOUR_SUMS(0, 1, 2, 3, 8, 12, 16, 20, 4)                                                        \
    FOUR_SUMS(0, 1, 2, 3, 9, 13, 17, 21, 5)                                                        \
    FOUR_SUMS(0, 1, 2, 3, 10, 14, 18, 22, 6) FOUR_SUMS(0, 1, 2, 3, 11, 15, 19, 23, 7)

#define CLOBBERED_CORE                                                                             \
    "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r12", "lr", "cc", "memory"
#define CLOBBERED_VFP                                                                              \
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", \
        "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", \
        "s28", "s29", "s30", "s31"

#define VADD(sum, a, b) "vadd.f32 s" #sum ", s" #a ", s" #b "\n"
// Adds four sums to s(x): not a number once one of them is none.
#define CHECK(a, b, c, d, x) VADD(x, x, a) VADD(x, x, b) VADD(x, x, c) VADD(x, x, d)
#define CLAMP(sum)                                                                                 \
    "vmaxnm.f32 s" #sum ", s" #sum ", s20\n"                                                       \
    "vminnm.f32 s" #sum ", s" #sum ", s21\n"
#define CLAMP_FOUR(a, b, c, d) CLAMP(a) CLAMP(b) CLAMP(c) CLAMP(d)

// Outputs to r1-r5, minimum to s20, maximum to s21.
#define LOAD_OUTPUTS                                                                               \
    "add lr, r0, #56\n"                                                                            \
    "ldmia lr!, {r1-r5}\n"                                                                         \
    "vldmia lr, {s20-s21}\n"
// r11 is 1 and the clamping is left out if s(x) is not a number.
#define BRANCH_IF_UNORDERED(x, label)                                                              \
    "mov r11, #1\n"                                                                                \
    "vcmp.f32 s" #x ", s" #x "\n"                                                                  \
    "vmrs APSR_nzcv, fpscr\n"                                                                      \
    "bvs " #label "\n"                                                                             \
    "mov r11, #0\n"

// clang-format would fold the listings.
// clang-format off

// Writes a tile's outputs, clamped; returns 1 if one is not a number, and then none is clamped:
// VMAXNM and VMINNM would make a number of it.
static inline int32_t float_tile_5x4(struct float_tile *tile) {
    register struct float_tile *r0 __asm__("r0") = tile;
    register int32_t r11 __asm__("r11");
    __asm__ volatile(
        TILE_LOAD
        "ldr lr, [r0, #52]\n"
        "vldmia lr, {s0-s19}\n"
        "1: ldr r11, [r0, #40]\n" // a run
        "subs r11, r11, #8\n"
        "blo 3f\n"
        ".p2align 3\n"
        "2:\n"                    // eight of its terms
        TILE_TWO_TERMS TILE_TWO_TERMS TILE_TWO_TERMS TILE_TWO_TERMS
        "subs r11, r11, #8\n"
        "bhs 2b\n"
        "3: lsls lr, r11, #30\n"  // carry: four terms are left; negative: two
        "bcc 4f\n"
        TILE_TWO_TERMS TILE_TWO_TERMS
        "4: bpl 5f\n"
        TILE_TWO_TERMS
        "5: lsls lr, r11, #31\n"  // negative: one is left
        "bpl 6f\n"
        TILE_ONE_TERM
        "6: subs r12, r12, #1\n"
        "beq 7f\n"
        TILE_STEPS
        TILE_STEP(r1, r11) TILE_STEP(r2, r11) TILE_STEP(r3, r11) TILE_STEP(r4, r11)
        TILE_STEP(r5, r11)
        TILE_WEIGHTS_STEP
        "b 1b\n"
        "7:\n"
        LOAD_OUTPUTS
        VADD(22, 0, 1) VADD(22, 22, 2) VADD(22, 22, 3)
        VADD(23, 4, 5) VADD(23, 23, 6) VADD(23, 23, 7)
        CHECK(8, 9, 10, 11, 22) CHECK(12, 13, 14, 15, 23) CHECK(16, 17, 18, 19, 22)
        VADD(22, 22, 23)
        BRANCH_IF_UNORDERED(22, 8f)
        CLAMP_FOUR(0, 1, 2, 3) CLAMP_FOUR(4, 5, 6, 7) CLAMP_FOUR(8, 9, 10, 11)
        CLAMP_FOUR(12, 13, 14, 15) CLAMP_FOUR(16, 17, 18, 19)
        "8: vstmia r1, {s0-s3}\n"
        "vstmia r2, {s4-s7}\n"
        "vstmia r3, {s8-s11}\n"
        "vstmia r4, {s12-s15}\n"
        "vstmia r5, {s16-s19}\n"
        : "+r"(r0), "=&r"(r11)
        :
        : CLOBBERED_CORE, CLOBBERED_VFP);
    return r11;
}

// The same for the first pixel alone.
static inline int32_t float_tile_1x4(struct float_tile *tile) {
    register struct float_tile *r0 __asm__("r0") = tile;
    register int32_t r11 __asm__("r11");
    __asm__ volatile(
        TILE_LOAD
        "ldr lr, [r0, #52]\n"
        "vldmia lr, {s0-s3}\n"
        "1: ldr r11, [r0, #40]\n" // a run
        "subs r11, r11, #8\n"
        "blo 3f\n"
        ".p2align 3\n"
        "2:\n"                    // eight of its terms
        PIXEL_FOUR_TERMS PIXEL_FOUR_TERMS
        "subs r11, r11, #8\n"
        "bhs 2b\n"
        "3: adds r11, r11, #8\n"
        "beq 5f\n"
        "4:\n"                    // one of those left
        VLDM(r1, "s4") VLDM(r6, "s8") VLDM(r8, "s12") VLDM(r9, "s16") VLDM(r10, "s20")
        FOUR_SUMS(0, 1, 2, 3, 8, 12, 16, 20, 4)
        "subs r11, r11, #1\n"
        "bne 4b\n"
        "5: subs r12, r12, #1\n"
        "beq 6f\n"
        TILE_STEPS
        TILE_STEP(r1, r11) TILE_WEIGHTS_STEP
        "b 1b\n"
        "6:\n"
        LOAD_OUTPUTS
        VADD(22, 0, 1) VADD(22, 22, 2) VADD(22, 22, 3)
        BRANCH_IF_UNORDERED(22, 7f)
        CLAMP_FOUR(0, 1, 2, 3)
        "7: vstmia r1, {s0-s3}\n"
        : "+r"(r0), "=&r"(r11)
        :
        : CLOBBERED_CORE, CLOBBERED_VFP);
    return r11;
}
// clang-format on

#endif
