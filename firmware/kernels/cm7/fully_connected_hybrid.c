// Four outputs at a time: each four inputs are widened once for all of them.
#include "fully_connected.h"

#include "arch_armv7em.h"
#include "requantize.h"

enum { OUTPUTS = 4 };

struct dots {
    int32_t of[OUTPUTS];
};

// The sums of four outputs, whose weights start `rows` bytes after `weights`.
static inline struct dots dot(const int8_t *input, const int8_t *weights,
                              const int32_t rows[OUTPUTS], int32_t zero_point, int32_t depth) {
    const uint32_t offsets = both_halves(-zero_point);
    struct dots dots = {{0}};
    for (; depth >= 4; depth -= 4, input += 4, weights += 4) {
        const uint32_t word = load_word(input);
        const uint32_t even = add_even_bytes(offsets, word), odd = add_odd_bytes(offsets, word);
#pragma GCC unroll 4
        for (int32_t i = 0; i < OUTPUTS; ++i) {
            const uint32_t w = load_word(weights + rows[i]);
            dots.of[i] = dot_halves(odd, odd_bytes(w), dot_halves(even, even_bytes(w), dots.of[i]));
        }
    }
    for (; depth > 0; --depth, ++input, ++weights) {
#pragma GCC unroll 4
        for (int32_t i = 0; i < OUTPUTS; ++i) {
            dots.of[i] += weights[rows[i]] * (*input - zero_point);
        }
    }
    return dots;
}

// Outputs from `channel` on; past the last, the last again, which is not written.
static void write_outputs(const struct fully_connected_hybrid_params *params, const int8_t *input,
                          struct quantized by, const int8_t *weights, const float *bias,
                          int32_t channel, float *output) {
    const int32_t last = params->output_depth - 1;
    int32_t rows[OUTPUTS];
    for (int32_t i = 0; i < OUTPUTS; ++i) {
        rows[i] = clamp_int32(channel + i, 0, last) * params->input_depth;
    }
    const struct dots dots = dot(input, weights, rows, by.zero_point, params->input_depth);
    for (int32_t i = 0; i < OUTPUTS && channel + i <= last; ++i) {
        const int32_t at = channel + i;
        const float scale = by.scale * weights_scale(&params->hybrid, at);
        const float value = (float)dots.of[i] * scale + (bias ? bias[at] : 0.0f);
        output[at] = clamp_float32(value, params->activation_min, params->activation_max);
    }
}

void fully_connected_hybrid(const struct fully_connected_hybrid_params *params, const float *input,
                            const int8_t *weights, const float *bias, int8_t *quantized,
                            float *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        const struct quantized by =
            quantize_input(&params->hybrid, input, params->input_depth, quantized);
        for (int32_t channel = 0; channel < params->output_depth; channel += OUTPUTS) {
            write_outputs(params, quantized, by, weights, bias, channel, output);
        }
        input += params->input_depth;
        output += params->output_depth;
    }
}
