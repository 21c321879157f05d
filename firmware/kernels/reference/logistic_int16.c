#include "logistic.h"

#include "sigmoid_int16.h"

// 512 steps of 1/12288 lie between two points, so that values are in 2^-25.
#define STEP_BITS   9
#define ONE         (INT32_C(1) << 25)
#define END_VALUE   (INT32_C(32767) << 10)
#define OUTPUT_BITS 10 // that the values have more than the output

static int32_t of_magnitude(const uint16_t *table, uint32_t magnitude) {
    const int known = magnitude >> STEP_BITS < SIGMOID_LAST_POINT;
    return known ? sigmoid_between_points(table, magnitude, STEP_BITS) : END_VALUE;
}

// logistic(-x) = 1 - logistic(x); halves are rounded away from 1/2.
static int16_t logistic(const struct logistic_int16_params *params, int16_t x) {
    const int32_t half = INT32_C(1) << (OUTPUT_BITS - 1);
    const int32_t argument = sigmoid_argument(x, params->multiplier, params->shift);
    if (argument >= 0) {
        return (int16_t)((of_magnitude(params->table, (uint32_t)argument) + half) >> OUTPUT_BITS);
    }
    const int32_t mirrored = ONE - of_magnitude(params->table, (uint32_t)-argument);
    return (int16_t)((mirrored + half - 1) >> OUTPUT_BITS);
}

void logistic_int16(const struct logistic_int16_params *params, const int16_t *input,
                    int16_t *output) {
    for (int32_t i = 0; i < params->count; ++i) {
        output[i] = logistic(params, input[i]);
    }
}
