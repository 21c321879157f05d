// Dot products of two columns of 16-bit pixels with two rows of 8-bit weights.
#ifndef TINYML_KERNELS_CM7_DOT_TILE_H
#define TINYML_KERNELS_CM7_DOT_TILE_H

#include "arch_armv7em.h"

// Sums of channels 0 and 1 over pixels 0 and 1: s01 is of channel 0 and pixel 1.
struct tile {
    int32_t s00, s01, s10, s11;
};

// One group of four elements; `x` holds (a c) (a' c') (b d) (b' d').
static inline struct tile add_products(struct tile t, const uint32_t x[4], uint32_t w0,
                                       uint32_t w1) {
    const uint32_t even_0 = even_bytes(w0), even_1 = even_bytes(w1);
    const uint32_t odd_0 = odd_bytes(w0), odd_1 = odd_bytes(w1);
    return (struct tile){dot_halves(odd_0, x[2], dot_halves(even_0, x[0], t.s00)),
                         dot_halves(odd_0, x[3], dot_halves(even_0, x[1], t.s01)),
                         dot_halves(odd_1, x[2], dot_halves(even_1, x[0], t.s10)),
                         dot_halves(odd_1, x[3], dot_halves(even_1, x[1], t.s11))};
}

// One group in 16 instructions for 16 products. LDRD reads `x`, which is aligned; it issues alone
// but takes the place of two loads.
#define DOT_TILE_GROUP                                                                             \
    "ldr    %[a], [%[w0]], #4\n\t"                                                                 \
    "ldrd   %[p], %[q], [%[x]], #8\n\t"                                                            \
    "ldr    %[b], [%[w1]], #4\n\t"                                                                 \
    "sxtb16 %[e], %[a]\n\t"                                                                        \
    "smlad  %[s00], %[e], %[p], %[s00]\n\t"                                                        \
    "smlad  %[s01], %[e], %[q], %[s01]\n\t"                                                        \
    "sxtb16 %[e], %[b]\n\t"                                                                        \
    "smlad  %[s10], %[e], %[p], %[s10]\n\t"                                                        \
    "smlad  %[s11], %[e], %[q], %[s11]\n\t"                                                        \
    "ldrd   %[p], %[q], [%[x]], #8\n\t"                                                            \
    "sxtb16 %[a], %[a], ror #8\n\t"                                                                \
    "sxtb16 %[b], %[b], ror #8\n\t"                                                                \
    "smlad  %[s00], %[a], %[p], %[s00]\n\t"                                                        \
    "smlad  %[s01], %[a], %[q], %[s01]\n\t"                                                        \
    "smlad  %[s10], %[b], %[p], %[s10]\n\t"                                                        \
    "smlad  %[s11], %[b], %[q], %[s11]\n\t"

// `groups` groups, two a turn. Written out because gcc 12 spills several of these registers.
static inline struct tile dot_tile(struct tile t, const uint32_t *x, const int8_t *w0,
                                   const int8_t *w1, int32_t groups) {
    if (groups % 2) {
        t = add_products(t, x, load_word(w0), load_word(w1));
        x += 4, w0 += 4, w1 += 4;
    }
    const int8_t *const end = w0 + 4 * (groups & ~1);
    uint32_t a, b, e, p, q;
    if (w0 != end) {
        __asm__("1:\n\t" DOT_TILE_GROUP DOT_TILE_GROUP "cmp %[w0], %[end]\n\t"
                "bne 1b"
                : [s00] "+r"(t.s00), [s01] "+r"(t.s01), [s10] "+r"(t.s10), [s11] "+r"(t.s11),
                  [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1), [a] "=&r"(a), [b] "=&r"(b),
                  [e] "=&r"(e), [p] "=&r"(p), [q] "=&r"(q)
                : [end] "r"(end)
                : "cc", "memory");
    }
    return t;
}

#endif
