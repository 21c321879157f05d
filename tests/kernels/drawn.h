// Random parameters and data for comparing the kernels of cm7/ with their references: at odd
// addresses, with all bytes compared that either wrote. Half of the time one operand ends where
// the memory does: reading further is a bus fault.
#include <stdbool.h>
#include <string.h>

#include "console.h"
#include "interface.h"
#include "spatial.h"

// Of the AN500's PSRAM; nothing answers after it in QEMU.
#define MEMORY_END UINT32_C(0x61000000)

enum { ROUNDS = 400, CHANNELS = 40, INPUTS = 40000, WEIGHTS = 60000, OUTPUTS = 8000 };

static int8_t inputs[INPUTS + 4], weights[WEIGHTS + 4];
static int8_t got[OUTPUTS], wanted[OUTPUTS];
static int32_t biases[CHANNELS], multipliers[CHANNELS], shifts[CHANNELS];
static uint32_t state;

// Marsaglia's xorshift32, in [low, high].
static int32_t draw(int32_t low, int32_t high) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return low + (int32_t)(state % (uint32_t)(high - low + 1));
}

// Any bytes, or nothing but the ends of the range, or but one of them.
static void draw_bytes(int8_t *bytes, int32_t count) {
    const int32_t kind = draw(0, 7);
    const int32_t end = draw(0, 1) ? INT8_MAX : INT8_MIN;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t other = kind == 0 || draw(0, 1) ? end : -1 - end;
        bytes[i] = (int8_t)(kind < 2 ? other : draw(INT8_MIN, INT8_MAX));
    }
}

// Mostly factors that spread the sums over the output's range; 0 and both ends of a multiplier.
static void draw_quantization(void) {
    for (int32_t i = 0; i < CHANNELS; ++i) {
        const int32_t rare[] = {0, INT32_MAX, 1 << 30, 12345};
        const int32_t pick = draw(0, 15);
        biases[i] = draw(-20000, 20000);
        multipliers[i] = pick < 4 ? rare[pick] : draw(1 << 30, INT32_MAX);
        shifts[i] = draw(0, 7) ? draw(-14, -6) : draw(-31, 2);
    }
}

// `count` bytes, copied to the end of the memory if `wanted_there`.
static const int8_t *at_end(bool wanted_there, const int8_t *bytes, int32_t count) {
    int8_t *const there = (int8_t *)MEMORY_END - count;
    return wanted_there ? memcpy(there, bytes, (size_t)count) : bytes;
}

static int32_t image_bytes(const struct spatial *s) {
    return s->batches * s->input_height * s->input_width * s->input_channels;
}

static int32_t window_elements(const struct spatial *s) {
    return s->window_height * s->window_width;
}

static void draw_range(int32_t *low, int32_t *high) {
    const bool whole = draw(0, 1);
    *low = whole ? INT8_MIN : draw(INT8_MIN, 20);
    *high = whole ? INT8_MAX : draw(*low, INT8_MAX);
}

static struct spatial draw_spatial(void) {
    struct spatial s = {.batches = draw(1, 2), .input_height = draw(1, 9)};
    s.input_width = draw(1, 9);
    s.input_channels = draw(0, 3) ? draw(1, 13) : draw(14, 200);
    s.window_height = draw(1, 4);
    s.window_width = draw(1, 4);
    s.output_height = draw(1, 4);
    s.output_width = draw(1, 4);
    s.output_channels = s.input_channels > 100 ? draw(1, 10) : draw(1, CHANNELS);
    s.stride_height = draw(1, 3);
    s.stride_width = draw(1, 3);
    s.dilation_height = draw(0, 2) ? 1 : draw(2, 3);
    s.dilation_width = draw(0, 2) ? 1 : draw(2, 3);
    s.padding_top = draw(0, s.window_height);
    s.padding_left = draw(0, s.window_width);
    return s;
}

// Runs a kernel and its reference: `input` and `w` are at odd addresses, `bias` may be NULL, and
// outputs go to `got` and `wanted`, `shift` bytes from their start.
typedef void comparison(const int8_t *input, const int8_t *w, const int32_t *bias, int32_t shift);

struct compared_kernel {
    const char *name;
    comparison *run;
};

static bool same(comparison *run) {
    draw_bytes(inputs, sizeof(inputs));
    draw_bytes(weights, sizeof(weights));
    draw_quantization();
    memset(got, 0x5a, sizeof(got));
    memset(wanted, 0x5a, sizeof(wanted));
    run(inputs + draw(0, 3), weights + draw(0, 3), draw(0, 3) ? biases : NULL, 16 + draw(0, 3));
    return memcmp(got, wanted, sizeof(got)) == 0;
}

// Compares all kernels ROUNDS times, prints the first difference, and ends the emulation.
static void compare(const struct compared_kernel *kernels, uint32_t count) {
    board_init();
    for (uint32_t round = 1; round <= ROUNDS; ++round) {
        for (uint32_t i = 0; i < count; ++i) {
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
    console_text("same bytes\n");
    board_exit(0);
}
