// Inline primitives of the ARMv7E-M DSP extension (ARMv7-M Architecture Reference Manual,
// DDI 0403E, section A7.7). A word holds four bytes, or two halfwords: lanes from the low end.
#ifndef TINYML_KERNELS_CM7_ARCH_ARMV7EM_H
#define TINYML_KERNELS_CM7_ARCH_ARMV7EM_H

#include <stdint.h>
#include <string.h>

// Four bytes from any address. LDR and STR may be unaligned, LDRD and LDM may not: memcpy tells
// the compiler so.
static inline uint32_t load_word(const int8_t *address) {
    uint32_t word;
    memcpy(&word, address, sizeof(word));
    return word;
}

// Two halfwords from any address.
static inline uint32_t load_halves(const int16_t *address) {
    uint32_t word;
    memcpy(&word, address, sizeof(word));
    return word;
}

static inline void store_halves(int16_t *address, uint32_t word) {
    memcpy(address, &word, sizeof(word));
}

static inline void store_word(int8_t *address, uint32_t word) {
    memcpy(address, &word, sizeof(word));
}

static inline uint32_t both_halves(int32_t value) {
    return (uint32_t)(uint16_t)value * UINT32_C(0x00010001);
}

static inline uint32_t all_bytes(int32_t value) {
    return (uint32_t)(uint8_t)value * UINT32_C(0x01010101);
}

// Bytes 0 and 2, sign-extended to halfwords.
static inline uint32_t even_bytes(uint32_t bytes) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(bytes));
    return halves;
}

// Bytes 1 and 3.
static inline uint32_t odd_bytes(uint32_t bytes) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(bytes));
    return halves;
}

// Bytes 0 and 2, sign-extended, plus the halfwords of `halves`.
static inline uint32_t add_even_bytes(uint32_t halves, uint32_t bytes) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(halves), "r"(bytes));
    return sums;
}

// Bytes 1 and 3.
static inline uint32_t add_odd_bytes(uint32_t halves, uint32_t bytes) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(halves), "r"(bytes));
    return sums;
}

// The low halfwords of two words, the first one's below.
static inline uint32_t pack_low_halves(uint32_t a, uint32_t b) {
    uint32_t halves;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

static inline uint32_t pack_high_halves(uint32_t a, uint32_t b) {
    uint32_t halves;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(halves) : "r"(b), "r"(a));
    return halves;
}

// sum + both products of halfwords, modulo 2^32.
static inline int32_t dot_halves(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

// sum + the product of the low, or of the high halfwords.
static inline int32_t multiply_low_halves(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline int32_t multiply_low_by_high_half(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlabt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline int32_t multiply_high_by_low_half(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlatb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline int32_t multiply_high_halves(uint32_t a, uint32_t b, int32_t sum) {
    __asm__("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

static inline int32_t product_of_low_halves(uint32_t a, uint32_t b) {
    int32_t product;
    __asm__("smulbb %0, %1, %2" : "=r"(product) : "r"(a), "r"(b));
    return product;
}

static inline int32_t product_of_high_halves(uint32_t a, uint32_t b) {
    int32_t product;
    __asm__("smultt %0, %1, %2" : "=r"(product) : "r"(a), "r"(b));
    return product;
}

// The larger of each pair of signed bytes. SSUB8 leaves a >= b in the GE flags for SEL.
static inline uint32_t max_bytes(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b));
    return larger;
}

static inline uint32_t min_bytes(uint32_t a, uint32_t b) {
    uint32_t smaller;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b));
    return smaller;
}

// The larger of each pair of signed halfwords.
static inline uint32_t max_halves(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b));
    return larger;
}

static inline uint32_t min_halves(uint32_t a, uint32_t b) {
    uint32_t smaller;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(smaller) : "r"(a), "r"(b));
    return smaller;
}

// (sum * 2^32 + a * b + 2^31) / 2^32, rounded down.
static inline int32_t multiply_high_add(int32_t a, int32_t b, int32_t sum) {
    int32_t high;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(a), "r"(b), "r"(sum));
    return high;
}

// value clamped to 8 bits.
static inline int32_t saturate_byte(int32_t value) {
    int32_t clamped;
    __asm__("ssat %0, #8, %1" : "=r"(clamped) : "r"(value));
    return clamped;
}

static inline int32_t saturate_unsigned_byte(int32_t value) {
    int32_t clamped;
    __asm__("usat %0, #8, %1" : "=r"(clamped) : "r"(value));
    return clamped;
}

// value / 2, rounded down, clamped to 8 bits.
static inline int32_t saturate_half(int32_t value) {
    int32_t clamped;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(clamped) : "r"(value));
    return clamped;
}

#endif
