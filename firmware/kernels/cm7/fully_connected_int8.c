// Three outputs at a time: each four inputs are widened once for all of them.
#include "fully_connected.h"

#include "requantize_cm7.h"

enum { OUTPUTS = 3 };

struct dots {
    int32_t of[OUTPUTS];
};

static inline int32_t add_products(int32_t sum, uint32_t even, uint32_t odd, uint32_t offsets,
                                   const int8_t *weights) {
    const uint32_t word = load_word(weights);
    sum = dot_halves(even, add_even_bytes(offsets, word), sum);
    return dot_halves(odd, add_odd_bytes(offsets, word), sum);
}

// The sums of three outputs; the weights of the second and third lie so many bytes further on.
static struct dots dot(const struct fully_connected_int8_params *params, const int8_t *input,
                       const int8_t *weights, int32_t second, int32_t third) {
    const uint32_t input_offsets = both_halves(params->input_offset);
    const uint32_t weights_offsets = both_halves(params->weights_offset);
    const int8_t *const end = input + params->input_depth;
    const int8_t *const whole = input + (params->input_depth & ~3);
    int32_t s0 = 0, s1 = 0, s2 = 0;
    for (; input != whole; input += 4, weights += 4) {
        const uint32_t word = load_word(input);
        const uint32_t even = add_even_bytes(input_offsets, word);
        const uint32_t odd = add_odd_bytes(input_offsets, word);
        s0 = add_products(s0, even, odd, weights_offsets, weights);
        s1 = add_products(s1, even, odd, weights_offsets, weights + second);
        s2 = add_products(s2, even, odd, weights_offsets, weights + third);
    }
    for (; input != end; ++input, ++weights) {
        const int32_t x = *input + params->input_offset;
        s0 += x * (weights[0] + params->weights_offset);
        s1 += x * (weights[second] + params->weights_offset);
        s2 += x * (weights[third] + params->weights_offset);
    }
    return (struct dots){{s0, s1, s2}};
}

static int8_t requantized(const struct fully_connected_int8_params *params, int32_t sum,
                          int32_t channel) {
    const int32_t quantizer = channel * params->per_channel;
    const struct requantizer by =
        make_requantizer(params->multipliers[quantizer], params->shifts[quantizer]);
    return (int8_t)clamp_int32(requantize_cm7(sum, &by) + params->output_offset,
                               params->activation_min, params->activation_max);
}

void fully_connected_int8(const struct fully_connected_int8_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *bias, int8_t *output) {
    const int32_t depth = params->input_depth;
    for (int32_t batch = 0; batch < params->batches; ++batch, input += depth) {
        for (int32_t first = 0; first < params->output_depth; first += OUTPUTS) {
            const int32_t rest = params->output_depth - first;
            const int32_t count = rest < OUTPUTS ? rest : OUTPUTS;
            // Where fewer than three outputs are left, the last one again.
            const int32_t second = count > 1 ? depth : 0;
            const int32_t third = count > 2 ? 2 * depth : second;
            const struct dots dots = dot(params, input, weights + first * depth, second, third);
            for (int32_t i = 0; i < count; ++i) {
                const int32_t channel = first + i;
                const int32_t sum = dots.of[i] + (bias ? bias[channel] : 0);
                *output++ = requantized(params, sum, channel);
            }
        }
    }
}
