#include "softmax.h"

#include "fixed_point.h"

// The sum of exponentials is kept in Q12.19: up to 4096 terms of 1.
#define SUM_INTEGER_BITS 12

static int32_t largest(const int8_t *input, int32_t count) {
    int32_t largest = INT8_MIN;
    for (int32_t i = 0; i < count; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

// exp(beta * scale * difference) in Q0.31; `difference` is in [difference_min, 0].
static int32_t exponential(const struct softmax_int8_params *params, int32_t difference) {
    return exp_of_negative(requantize(difference, params->multiplier, params->shift));
}

static int32_t sum_of_exponentials(const struct softmax_int8_params *params, const int8_t *input,
                                   int32_t maximum) {
    int32_t sum = 0;
    for (int32_t i = 0; i < params->depth; ++i) {
        const int32_t difference = input[i] - maximum;
        if (difference >= params->difference_min) {
            sum +=
                rounding_divide_by_power_of_two(exponential(params, difference), SUM_INTEGER_BITS);
        }
    }
    return sum;
}

static void softmax_row(const struct softmax_int8_params *params, const int8_t *input,
                        int8_t *output) {
    const int32_t maximum = largest(input, params->depth);
    const int32_t sum = sum_of_exponentials(params, input, maximum);
    // sum = 2^excess * (1 + fraction); it is at least 1, that of the maximum itself.
    const int32_t zeros = __builtin_clz((unsigned)sum);
    const int32_t excess = SUM_INTEGER_BITS - zeros;
    const int32_t fraction = (int32_t)(((uint32_t)sum << zeros) - (UINT32_C(1) << 31));
    const int32_t reciprocal = reciprocal_of_one_plus(fraction);
    for (int32_t i = 0; i < params->depth; ++i) {
        const int32_t difference = input[i] - maximum;
        int32_t probability = 0; // in 1/256
        if (difference >= params->difference_min) {
            probability = rounding_divide_by_power_of_two(
                doubling_high_multiply(reciprocal, exponential(params, difference)),
                excess + 31 - 8);
        }
        output[i] = (int8_t)clamp_int32(probability + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void softmax_int8(const struct softmax_int8_params *params, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input + row * params->depth, output + row * params->depth);
    }
}
