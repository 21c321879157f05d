// exp and 1/(1 + x) on fixed-point numbers, as published with gemmlowp (fixedpoint.h's
// description: range reduction to [-1/4, 0), a Taylor polynomial about -1/8, one constant
// factor per bit of the rest; Newton-Raphson division). Qm.n has n fractional bits.
#ifndef TINYML_KERNELS_FIXED_POINT_H
#define TINYML_KERNELS_FIXED_POINT_H

#include "requantize.h"

#ifdef __cplusplus
extern "C" {
#endif

// x * 2^exponent, saturating; exponent > 0.
static inline int32_t saturating_shift_left(int32_t x, int32_t exponent) {
    const int64_t wide = (int64_t)x * (INT64_C(1) << exponent);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

// exp(x) in Q0.31 for x in [-1/4, 0), Q0.31:
// exp(-1/8) * (1 + y + y^2/2 + y^3/6 + y^4/24) with y = x + 1/8.
static inline int32_t exp_last_quarter(int32_t x) {
    const int32_t exp_minus_eighth = 1895147668; // exp(-1/8) * 2^31
    const int32_t third = 715827883;             // 1/3 * 2^31
    const int32_t y = x + (1 << 28);
    const int32_t y2 = doubling_high_multiply(y, y);
    const int32_t y3 = doubling_high_multiply(y2, y);
    const int32_t y4_over_4 = rounding_divide_by_power_of_two(doubling_high_multiply(y2, y2), 2);
    const int32_t tail = rounding_divide_by_power_of_two(
        doubling_high_multiply(y4_over_4 + y3, third) + y2, 1); // y^4/24 + y^3/6 + y^2/2
    return exp_minus_eighth + doubling_high_multiply(exp_minus_eighth, y + tail);
}

// exp(x) in Q0.31 for x <= 0 in Q5.26. The largest Q0.31 number stands for 1.
static inline int32_t exp_of_negative(int32_t x) {
    // exp(-2^k) * 2^31 for k = -2 .. 4
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t last = (x & (quarter - 1)) - quarter; // x modulo 1/4, in [-1/4, 0)
    const int32_t rest = last - x;                      // a multiple of 1/4
    int32_t result = exp_last_quarter(shift_left(last, 5));
    for (int bit = 0; bit < 7; ++bit) {
        if (rest & (quarter << bit)) {
            result = doubling_high_multiply(result, factors[bit]);
        }
    }
    return result;
}

// 1 / (1 + x) in Q0.31 for x in [0, 1), Q0.31. Newton-Raphson on d = (1 + x) / 2, started
// from 48/17 - 32/17 d, which is within 1/17 of 1/d everywhere.
static inline int32_t reciprocal_of_one_plus(int32_t x) {
    const int32_t two_to_29 = 1 << 29; // 1 in Q2.29
    // x is not negative, so that the halved sum rounds upwards.
    const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) >> 1);
    int32_t estimate = 1515870810 + doubling_high_multiply(d, -1010580540); // Q2.29
    for (int step = 0; step < 3; ++step) {
        const int32_t error = two_to_29 - doubling_high_multiply(d, estimate);
        estimate += saturating_shift_left(doubling_high_multiply(estimate, error), 2);
    }
    return saturating_shift_left(estimate, 1); // 1/d halved: Q2.29 read as Q1.30
}

#ifdef __cplusplus
}
#endif

#endif
