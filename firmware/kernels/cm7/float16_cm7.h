// Half precision in the FPU's own instructions (ARMv7-M Architecture Reference Manual, DDI 0403E,
// VCVTB, VCVTT): a word holds two numbers.
#ifndef TINYML_KERNELS_CM7_FLOAT16_CM7_H
#define TINYML_KERNELS_CM7_FLOAT16_CM7_H

#include <stdint.h>
#include <string.h>

struct float_pair {
    float first, second;
};

// Two numbers from any address of halfwords.
static inline struct float_pair widen_two(const uint16_t *halves) {
    struct float_pair pair;
    uint32_t word;
    memcpy(&word, halves, sizeof(word)); // LDR may be unaligned, VLDR may not
    __asm__("vmov %0, %2\n\t"
            "vcvtt.f32.f16 %1, %0\n\t"
            "vcvtb.f32.f16 %0, %0"
            : "=&t"(pair.first), "=t"(pair.second)
            : "r"(word));
    return pair;
}

static inline float widen_one(const uint16_t *half) {
    float value;
    __asm__("vmov %0, %1\n\t"
            "vcvtb.f32.f16 %0, %0"
            : "=t"(value)
            : "r"((uint32_t)*half));
    return value;
}

// Eights of numbers, from an address of words.
static inline void widen_eights(const uint16_t *halves, int32_t eights, float *to) {
    for (; eights > 0; --eights) {
        __asm__ volatile("vldmia %0!, {s0-s3}\n\t"
                         "vcvtb.f32.f16 s4, s0\n\t"
                         "vcvtt.f32.f16 s5, s0\n\t"
                         "vcvtb.f32.f16 s6, s1\n\t"
                         "vcvtt.f32.f16 s7, s1\n\t"
                         "vcvtb.f32.f16 s8, s2\n\t"
                         "vcvtt.f32.f16 s9, s2\n\t"
                         "vcvtb.f32.f16 s10, s3\n\t"
                         "vcvtt.f32.f16 s11, s3\n\t"
                         "vstmia %1!, {s4-s11}"
                         : "+r"(halves), "+r"(to)
                         :
                         : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
                           "memory");
    }
}

static inline void widen(const uint16_t *halves, int32_t count, float *to) {
    if ((uintptr_t)halves % sizeof(uint32_t) == 0) {
        const int32_t eights = count / 8;
        widen_eights(halves, eights, to);
        halves += 8 * eights;
        to += 8 * eights;
        count %= 8;
    }
    for (; count >= 2; count -= 2, halves += 2, to += 2) {
        const struct float_pair pair = widen_two(halves);
        to[0] = pair.first;
        to[1] = pair.second;
    }
    if (count) {
        *to = widen_one(halves);
    }
}

#endif
