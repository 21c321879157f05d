// Three outputs at a time: each four inputs are put in the weights' order once for all of them.
// The sums of a run of inputs have 32 bits, as 508 * 128 * 2^15 < 2^31; those of all have 64.
#include "fully_connected.h"

#include "arch_armv7em.h"
#include "requantize.h"
#include "requantize_wide_cm7.h"

enum {
    OUTPUTS = 3,
    RUN = 508 // a multiple of 4
};

struct dots {
    int32_t of[OUTPUTS];
};

static inline int32_t add_products(int32_t sum, uint32_t even, uint32_t odd,
                                   const int8_t *weights) {
    const uint32_t word = load_word(weights);
    return dot_halves(odd, odd_bytes(word), dot_halves(even, even_bytes(word), sum));
}

// The products of a run of `count` inputs with the weights of three outputs; those of the second
// and third lie so many bytes further on.
static struct dots dot(const int16_t *input, int32_t count, const int8_t *weights, int32_t second,
                       int32_t third) {
    const int16_t *const end = input + count;
    const int16_t *const whole = input + (count & ~3);
    int32_t s0 = 0, s1 = 0, s2 = 0;
    for (; input != whole; input += 4, weights += 4) {
        const uint32_t low = load_halves(input), high = load_halves(input + 2);
        const uint32_t even = pack_low_halves(low, high), odd = pack_high_halves(low, high);
        s0 = add_products(s0, even, odd, weights);
        s1 = add_products(s1, even, odd, weights + second);
        s2 = add_products(s2, even, odd, weights + third);
    }
    for (; input != end; ++input, ++weights) {
        s0 += *input * weights[0];
        s1 += *input * weights[second];
        s2 += *input * weights[third];
    }
    return (struct dots){{s0, s1, s2}};
}

// Writes `count` outputs from channel `first` on.
static void write_outputs(const struct fully_connected_int16_params *params, const int16_t *input,
                          const int8_t *weights, const int64_t *bias, int32_t first, int32_t count,
                          int16_t *output) {
    const int32_t depth = params->input_depth;
    // Where fewer than three outputs are left, the last one again.
    const int32_t second = count > 1 ? depth : 0;
    const int32_t third = count > 2 ? 2 * depth : second;
    int64_t sums[OUTPUTS] = {0};
    for (int32_t begin = 0; begin < depth; begin += RUN) {
        const int32_t run = depth - begin < RUN ? depth - begin : RUN;
        const struct dots dots =
            dot(input + begin, run, weights + first * depth + begin, second, third);
        for (int32_t i = 0; i < OUTPUTS; ++i) {
            sums[i] += dots.of[i];
        }
    }
    for (int32_t i = 0; i < count; ++i) {
        const int32_t channel = first + i;
        const int32_t scaled =
            requantize_wide_cm7(sums[i] + (bias ? bias[channel] : 0), params->multipliers[channel],
                                params->shifts[channel]);
        output[channel] =
            (int16_t)clamp_int32(scaled, params->activation_min, params->activation_max);
    }
}

void fully_connected_int16(const struct fully_connected_int16_params *params, const int16_t *input,
                           const int8_t *weights, const int64_t *bias, int16_t *output) {
    for (int32_t batch = 0; batch < params->batches; ++batch) {
        for (int32_t first = 0; first < params->output_depth; first += OUTPUTS) {
            const int32_t rest = params->output_depth - first;
            write_outputs(params, input, weights, bias, first, rest < OUTPUTS ? rest : OUTPUTS,
                          output);
        }
        input += params->input_depth;
        output += params->output_depth;
    }
}
