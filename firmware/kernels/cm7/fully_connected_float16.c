// Four outputs at a time, two terms each: one load and two conversions bring in two weights.
// Accuracy: that of fully_connected_float32, whose sums these are.
#include "fully_connected.h"

#include "float16_cm7.h"
#include "requantize.h"

enum { OUTPUTS = 4 };

struct sums {
    float of[OUTPUTS];
};

// Adds the products of `depth` inputs with four rows, which start `rows` halfwords after `weights`.
static inline struct sums add_products(struct sums sums, const float *input,
                                       const uint16_t *weights, const int32_t rows[OUTPUTS],
                                       int32_t depth) {
    for (; depth >= 2; depth -= 2, input += 2, weights += 2) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < OUTPUTS; ++i) {
            const struct float_pair w = widen_two(weights + rows[i]);
            sums.of[i] = __builtin_fmaf(w.first, input[0], sums.of[i]);
            sums.of[i] = __builtin_fmaf(w.second, input[1], sums.of[i]);
        }
    }
    if (depth) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < OUTPUTS; ++i) {
            sums.of[i] = __builtin_fmaf(widen_one(weights + rows[i]), *input, sums.of[i]);
        }
    }
    return sums;
}

// Outputs from `channel` on; past the last, the last again, which is not written.
static void write_outputs(const struct fully_connected_float16_params *params, const float *input,
                          const uint16_t *weights, const float *bias, int32_t channel,
                          float *output) {
    const int32_t last = params->output_depth - 1;
    int32_t rows[OUTPUTS];
    struct sums sums;
    for (int32_t i = 0; i < OUTPUTS; ++i) {
        const int32_t at = clamp_int32(channel + i, 0, last);
        rows[i] = at * params->input_depth;
        sums.of[i] = bias ? bias[at] : 0.0f;
    }
    sums = add_products(sums, input, weights, rows, params->input_depth);
    for (int32_t i = 0; i < OUTPUTS && channel + i <= last; ++i) {
        output[channel + i] =
            clamp_float32(sums.of[i], params->activation_min, params->activation_max);
    }
}

void fully_connected_float16(const struct fully_connected_float16_params *params,
                             const float *input, const uint16_t *weights, const float *bias,
                             float *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t channel = 0; channel < params->output_depth; channel += OUTPUTS) {
            write_outputs(params, input, weights, bias, channel, output);
        }
        input += params->input_depth;
        output += params->output_depth;
    }
}
