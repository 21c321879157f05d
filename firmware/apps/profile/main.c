// Runs each model once, on inputs that are the same in every run, and prints what each operator
// cost in a form for programs.
#include <stdint.h>

#include "console.h"
#include "interface.h"
#include "model.h"
#include "profile.h"
#include "tensor.h"

enum exit_status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
};

static const struct inference_model *const models[] = {INFERENCE_MODELS};

// xorshift, 32 bits (G. Marsaglia, Xorshift RNGs, 2003).
static uint32_t next_random(void) {
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

// Real numbers from 0 to 1, integers over their whole range.
static void fill(const struct inference_tensor *tensor) {
    if (tensor->type == INFERENCE_FLOAT32) {
        for (uint32_t i = 0; i < tensor_elements(tensor); ++i) {
            tensor_write(tensor, i, (float)(next_random() >> 8) / 16777216.0f);
        }
        return;
    }
    uint8_t *bytes = tensor->data;
    for (uint32_t i = 0; i < tensor->bytes; ++i) {
        bytes[i] = (uint8_t)(next_random() >> 24);
    }
}

static void print_count(const char *name, uint32_t count) {
    console_text(name);
    console_text(" ");
    console_u32(count, 0);
    console_text(" ");
    console_text(board_counter_unit);
    console_text("\n");
}

static void print_operators(const struct inference_model *model) {
    for (uint32_t i = 0; i < model->operator_count; ++i) {
        console_text("operator ");
        console_u32(i, 0);
        print_count("", profile_count(i));
    }
}

static enum exit_status run(const struct inference_model *model) {
    console_text("model ");
    console_text(model->name);
    console_text("\n");
    if (inference_initialise(model)) {
        return STATUS_FAILED;
    }
    for (uint32_t i = 0; i < model->input_count; ++i) {
        fill(&model->inputs[i]);
    }
    const uint32_t start = board_counter();
    if (model->invoke()) {
        console_text("error: inference failed\n");
        return STATUS_FAILED;
    }
    const uint32_t total = board_counter() - start;
    print_operators(model);
    print_count("total", total);
    return STATUS_OK;
}

int main(void) {
    board_init();
    enum exit_status status = STATUS_OK;
    for (uint32_t i = 0; i < sizeof models / sizeof models[0] && status == STATUS_OK; ++i) {
        status = run(models[i]);
    }
    board_exit(status);
}
