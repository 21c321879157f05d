// Runs each int16 kernel of cm7/ and its reference with random parameters and data, at odd
// addresses of weights, and compares all that either wrote. Half of the time one operand ends
// where the memory does: reading further is a bus fault.
#include <stdbool.h>
#include <string.h>

#include "console.h"
#include "conv_2d.h"
#include "depthwise_conv_2d.h"
#include "fully_connected.h"
#include "interface.h"
#include "max_pool_2d.h"

// Of the AN500's PSRAM; nothing answers after it in QEMU.
#define MEMORY_END UINT32_C(0x61000000)

enum { ROUNDS = 300, CHANNELS = 40, INPUTS = 20000, WEIGHTS = 60000, OUTPUTS = 8000, GUARD = 16 };

static int16_t inputs[INPUTS];
static int8_t weights[WEIGHTS + 4];
static int16_t got[OUTPUTS], wanted[OUTPUTS];
static int64_t biases[CHANNELS];
static int16_t multipliers[CHANNELS];
static uint8_t shifts[CHANNELS];
static uint32_t state;

void reference_conv_2d_int16(const struct conv_2d_int16_params *params, const int16_t *input,
                             const int8_t *weights, const int64_t *bias, int16_t *output);
void reference_depthwise_conv_2d_int16(const struct depthwise_conv_2d_int16_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, int16_t *output);
void reference_fully_connected_int16(const struct fully_connected_int16_params *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, int16_t *output);
void reference_max_pool_2d_int16(const struct max_pool_2d_int16_params *params,
                                 const int16_t *input, int16_t *output);

// Marsaglia's xorshift32, in [low, high].
static int32_t draw(int32_t low, int32_t high) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return low + (int32_t)(state % (uint32_t)(high - low + 1));
}

// Any numbers, or nothing but one end of the range: the largest sums.
static void draw_data(void) {
    const bool extreme = draw(0, 3) == 0;
    const bool highest = draw(0, 1);
    for (int32_t i = 0; i < INPUTS; ++i) {
        const int16_t end = highest ? INT16_MAX : INT16_MIN;
        inputs[i] = extreme ? end : (int16_t)draw(INT16_MIN, INT16_MAX);
    }
    for (int32_t i = 0; i < WEIGHTS; ++i) {
        weights[i] = extreme ? INT8_MIN : (int8_t)draw(INT8_MIN, INT8_MAX);
    }
}

// Factors from one that leaves a bit to one that fills 32 bits, among them those without a word
// of 32 bits to drop.
static void draw_scaling(void) {
    for (int32_t i = 0; i < CHANNELS; ++i) {
        biases[i] = (int64_t)draw(-(1 << 30), 1 << 30) * draw(0, 40);
        multipliers[i] = draw(0, 7) ? (int16_t)draw(1 << 14, INT16_MAX) : 0;
        shifts[i] = (uint8_t)(draw(0, 3) ? draw(26, 36) : draw(23, 46));
    }
}

static const int16_t *input_at_end(bool wanted_there, int32_t count) {
    int16_t *const there = (int16_t *)MEMORY_END - count;
    return wanted_there ? memcpy(there, inputs, (size_t)count * sizeof *there) : inputs;
}

static const int8_t *weights_at_end(bool wanted_there, int32_t count) {
    int8_t *const there = (int8_t *)MEMORY_END - count;
    const int8_t *const here = weights + draw(0, 3);
    return wanted_there ? memcpy(there, here, (size_t)count) : here;
}

static const int64_t *draw_bias(void) {
    return draw(0, 3) ? biases : NULL;
}

static void draw_range(int32_t *low, int32_t *high) {
    const bool whole = draw(0, 1);
    *low = whole ? INT16_MIN : draw(INT16_MIN, 500);
    *high = whole ? INT16_MAX : draw(*low, INT16_MAX);
}

static struct spatial draw_spatial(void) {
    struct spatial s = {.batches = draw(1, 2), .input_height = draw(1, 8)};
    s.input_width = draw(1, 8);
    s.input_channels = draw(0, 3) ? draw(1, 13) : draw(14, 100);
    s.window_height = draw(1, 4);
    s.window_width = draw(1, 4);
    s.output_height = draw(1, 4);
    s.output_width = draw(1, 4);
    s.output_channels = draw(1, CHANNELS);
    s.stride_height = draw(1, 3);
    s.stride_width = draw(1, 3);
    s.dilation_height = draw(0, 2) ? 1 : draw(2, 3);
    s.dilation_width = draw(0, 2) ? 1 : draw(2, 3);
    s.padding_top = draw(0, s.window_height);
    s.padding_left = draw(0, s.window_width);
    return s;
}

static int32_t image_elements(const struct spatial *s) {
    return s->batches * s->input_height * s->input_width * s->input_channels;
}

static int32_t window_elements(const struct spatial *s) {
    return s->window_height * s->window_width;
}

static void conv_2d(void) {
    struct conv_2d_int16_params params = {
        .spatial = draw_spatial(), .multipliers = multipliers, .shifts = shifts};
    const struct spatial *s = &params.spatial;
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    const int16_t *input = input_at_end(which, image_elements(s));
    const int32_t count = s->output_channels * window_elements(s) * s->input_channels;
    const int8_t *w = weights_at_end(!which, count);
    const int64_t *bias = draw_bias();
    reference_conv_2d_int16(&params, input, w, bias, wanted + GUARD);
    conv_2d_int16(&params, input, w, bias, got + GUARD);
}

static void depthwise_conv_2d(void) {
    struct depthwise_conv_2d_int16_params params = {.spatial = draw_spatial(),
                                                    .depth_multiplier = draw(0, 1) ? 1 : draw(1, 3),
                                                    .multipliers = multipliers,
                                                    .shifts = shifts};
    struct spatial *s = &params.spatial;
    s->input_channels = draw(1, CHANNELS / params.depth_multiplier);
    s->output_channels = s->input_channels * params.depth_multiplier;
    if (draw(0, 7) == 0) { // more taps than 32 bits hold
        s->input_height = s->window_height = 30;
        s->input_width = s->window_width = 20;
        s->input_channels = 4;
        s->output_channels = 4 * params.depth_multiplier;
        s->batches = s->dilation_height = s->dilation_width = 1;
    }
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    const int16_t *input = input_at_end(which, image_elements(s));
    const int8_t *w = weights_at_end(!which, s->output_channels * window_elements(s));
    const int64_t *bias = draw_bias();
    reference_depthwise_conv_2d_int16(&params, input, w, bias, wanted + GUARD);
    depthwise_conv_2d_int16(&params, input, w, bias, got + GUARD);
}

static void fully_connected(void) {
    struct fully_connected_int16_params params = {.batches = draw(1, 3),
                                                  .input_depth =
                                                      draw(0, 3) ? draw(1, 150) : draw(500, 1400),
                                                  .output_depth = draw(1, CHANNELS),
                                                  .multipliers = multipliers,
                                                  .shifts = shifts};
    draw_range(&params.activation_min, &params.activation_max);
    const bool which = draw(0, 1);
    const int16_t *input = input_at_end(which, params.batches * params.input_depth);
    const int8_t *w = weights_at_end(!which, params.output_depth * params.input_depth);
    const int64_t *bias = draw_bias();
    reference_fully_connected_int16(&params, input, w, bias, wanted + GUARD);
    fully_connected_int16(&params, input, w, bias, got + GUARD);
}

static void max_pool_2d(void) {
    struct max_pool_2d_int16_params params = {.spatial = draw_spatial()};
    params.spatial.output_channels = params.spatial.input_channels;
    draw_range(&params.activation_min, &params.activation_max);
    const int16_t *input = input_at_end(draw(0, 1), image_elements(&params.spatial));
    reference_max_pool_2d_int16(&params, input, wanted + GUARD);
    max_pool_2d_int16(&params, input, got + GUARD);
}

static const struct {
    const char *name;
    void (*run)(void);
} kernels[] = {{"conv_2d", conv_2d},
               {"depthwise_conv_2d", depthwise_conv_2d},
               {"fully_connected", fully_connected},
               {"max_pool_2d", max_pool_2d}};

static bool same(void (*run)(void)) {
    draw_data();
    draw_scaling();
    memset(got, 0x5a, sizeof got);
    memset(wanted, 0x5a, sizeof wanted);
    run();
    return memcmp(got, wanted, sizeof got) == 0;
}

int main(void) {
    board_init();
    for (uint32_t round = 1; round <= ROUNDS; ++round) {
        for (uint32_t i = 0; i < sizeof kernels / sizeof *kernels; ++i) {
            state = round * UINT32_C(2654435761); // never 0
            if (!same(kernels[i].run)) {
                console_text(kernels[i].name);
                console_text(" differs, round ");
                console_u32(round, 0);
                console_text("\n");
                board_exit(1);
            }
        }
    }
    console_text("same numbers\n");
    board_exit(0);
}
