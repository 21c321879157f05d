#include "tanh.h"

#include "sigmoid_int16.h"

// tanh(x) = 2 logistic(2x) - 1. Of 2x there are 256 steps of 1/12288 between two points, so that
// values are in 2^-24; doubled they are in 2^-23.
#define STEP_BITS   8
#define HALF        (INT32_C(1) << 23)
#define END_VALUE   (INT32_C(65535) << 8)
#define OUTPUT_BITS 8 // that the values have more than the output

static int32_t of_magnitude(const uint16_t *table, uint32_t magnitude) {
    const int known = magnitude >> STEP_BITS < SIGMOID_LAST_POINT;
    return (known ? sigmoid_between_points(table, magnitude, STEP_BITS) : END_VALUE) - HALF;
}

// tanh(-x) = -tanh(x), halves rounded away from 0.
static int16_t hyperbolic_tangent(const struct tanh_int16_params *params, int16_t x) {
    const int32_t half = INT32_C(1) << (OUTPUT_BITS - 1);
    const int32_t argument = sigmoid_argument(x, params->multiplier, params->shift);
    if (argument >= 0) {
        return (int16_t)((of_magnitude(params->table, (uint32_t)argument) + half) >> OUTPUT_BITS);
    }
    const int32_t mirrored = -of_magnitude(params->table, (uint32_t)-argument);
    return (int16_t)((mirrored + half - 1) >> OUTPUT_BITS);
}

void tanh_int16(const struct tanh_int16_params *params, const int16_t *input, int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = hyperbolic_tangent(params, input[i]);
    }
}
