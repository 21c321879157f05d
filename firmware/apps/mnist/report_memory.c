#include <string.h>

#include "console.h"
#include "interface.h"
#include "report.h"
#include "server.h"

// What an inference hardly writes to the last byte that it uses.
#define UNUSED 0xA5

void report_bytes(const char *name, uint32_t bytes) {
    console_padded(name, 8);
    console_u32(bytes, 9);
    console_text(" bytes\n");
}

static void print_used(const char *name, uint32_t used, uint32_t bytes) {
    console_padded(name, 8);
    console_u32(used, 9);
    console_text(" of ");
    console_u32(bytes, 0);
    console_text(" bytes\n");
}

static uint32_t high_water(const uint8_t *bytes, uint32_t length) {
    while (length > 0 && bytes[length - 1] == UNUSED) {
        --length;
    }
    return length;
}

// An arena that the engine manages is not ours to fill, and a model with variables would be a step
// further.
static void print_arena(const struct inference_model *model, uint32_t index) {
    uint32_t cost;
    if (model->arena == NULL || model->state_bytes > 0) {
        report_bytes("arena", model->arena_bytes);
        return;
    }
    memset(model->arena, UNUSED, model->arena_bytes);
    server_invoke(index, &cost);
    print_used("arena", high_water(model->arena, model->arena_bytes), model->arena_bytes);
}

void report_memory(const struct inference_model *model, uint32_t index) {
    const struct board_stack_use stack = board_stack();
    print_arena(model, index);
    if (stack.bytes > 0) {
        print_used("stack", stack.used, stack.bytes);
    }
}
