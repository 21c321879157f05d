#include "softmax.h"

#include "requantize.h"

// A table's point every 128 steps of an int16.
#define STEP_BITS 7

// A table's value at `x`, on the line between two points.
static int32_t interpolated(const int16_t *table, int32_t x) {
    const int32_t step = x & ((1 << STEP_BITS) - 1);
    const int16_t *point = table + ((x - INT16_MIN) >> STEP_BITS);
    const int32_t half = 1 << (STEP_BITS - 1);
    return point[0] + (((point[1] - point[0]) * step + half) >> STEP_BITS);
}

static int32_t largest(const int16_t *input, int32_t count) {
    int32_t largest = INT16_MIN;
    for (int32_t i = 0; i < count; ++i) {
        largest = input[i] > largest ? input[i] : largest;
    }
    return largest;
}

// exp(beta * scale * difference) in Q0.15, the difference being 0 or less.
static int32_t exponential(const struct softmax_int16_params *params, int32_t difference) {
    const int32_t steps = requantize(difference, params->multiplier, params->shift);
    return interpolated(params->exponentials, clamp_int32(steps + INT16_MAX, INT16_MIN, INT16_MAX));
}

// 2^15 over the fraction of sum = 2^excess * fraction, 1 <= fraction < 2.
static int32_t reciprocal(const struct softmax_int16_params *params, int32_t sum, int32_t excess) {
    const int32_t fraction = (int32_t)((((int64_t)sum << (30 - excess)) + (1 << 13)) >> 14);
    const int32_t steps = fraction - (1 << 16); // above 1, in 2^-16
    return interpolated(params->reciprocals, clamp_int32(steps + INT16_MIN, INT16_MIN, INT16_MAX));
}

static void softmax_row(const struct softmax_int16_params *params, const int16_t *input,
                        int16_t *output) {
    const int32_t maximum = largest(input, params->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < params->depth; ++i) {
        output[i] = (int16_t)exponential(params, input[i] - maximum);
        sum += output[i];
    }
    // At least 14, as the maximum alone counts 32767.
    const int32_t excess = 31 - __builtin_clz((unsigned)sum);
    const int32_t factor = reciprocal(params, sum, excess);
    for (int32_t i = 0; i < params->depth; ++i) {
        const int64_t product = (int64_t)output[i] * factor + (INT64_C(1) << (excess - 1));
        output[i] = (int16_t)clamp_int32((int32_t)(product >> excess), 0, INT16_MAX);
    }
}

void softmax_int16(const struct softmax_int16_params *params, const int16_t *input,
                   int16_t *output) {
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input + row * params->depth, output + row * params->depth);
    }
}
