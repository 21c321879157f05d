// Classifies the built-in digit and shows where the time went.
#include <stdbool.h>
#include <stdint.h>

#include "build_info.h"
#include "console.h"
#include "digit.h"
#include "interface.h"
#include "model.h"
#include "profile.h"
#include "tensor.h"

#define CLASSES 10u

enum exit_status {
    STATUS_OK = 0,
    STATUS_INVOKE_FAILED = 1,
    STATUS_WRONG_MODEL = 2,
    STATUS_NOT_INITIALISED = 3,
};

static const struct inference_model *const model = &INFERENCE_MODEL;

static void print_field(const char *name, const char *value) {
    console_padded(name, 8);
    console_text(value);
    console_text("\n");
}

static void print_clock(void) {
    if (board_clock_hz() == 0) {
        return;
    }
    console_padded("clock", 8);
    console_fixed((float)board_clock_hz() / 1e6f, 1, 0);
    console_text(" MHz\n");
}

static void print_banner(void) {
    console_text("\nscons-tinyml\n");
    print_field("board", BUILD_BOARD);
    print_field("model", BUILD_MODEL " (" BUILD_QUANTIZE ")");
    print_field("engine", BUILD_ENGINE);
    print_field("kernel", BUILD_KERNEL);
    print_field("opt", BUILD_OPT);
    print_clock();
}

static bool is_digit_classifier(void) {
    return model->input_count == 1 && model->output_count == 1 &&
           tensor_elements(&model->inputs[0]) == DIGIT_PIXELS &&
           tensor_elements(&model->outputs[0]) == CLASSES;
}

static void print_wrong_model(void) {
    console_text("error: model ");
    console_text(model->name);
    console_text(" is not a digit classifier\nexpected: one input of ");
    console_u32(DIGIT_PIXELS, 0);
    console_text(" elements, one output of ");
    console_u32(CLASSES, 0);
    console_text("\n");
}

static void write_digit(void) {
    for (uint32_t i = 0; i < DIGIT_PIXELS; ++i) {
        const uint8_t grey = digit_grey(i / DIGIT_SIDE, i % DIGIT_SIDE);
        tensor_write(&model->inputs[0], i, (float)grey / 255.0f);
    }
}

static void print_digit(void) {
    console_text("\n");
    for (uint32_t y = 0; y < DIGIT_SIDE; ++y) {
        console_text(digit_row(y));
        console_text("\n");
    }
}

static void print_scores(void) {
    uint32_t best = 0;
    for (uint32_t i = 0; i < CLASSES; ++i) {
        const float score = tensor_read(&model->outputs[0], i);
        best = score > tensor_read(&model->outputs[0], best) ? i : best;
        console_u32(i, 2);
        console_fixed(score, 6, 12);
        console_text("\n");
    }
    console_text("answer  ");
    console_u32(best, 0);
    console_text("\n");
}

static void print_operators(void) {
    console_text("\noperator               MACs         count\n");
    for (uint32_t i = 0; i < model->operator_count; ++i) {
        console_padded(model->operators[i].type, 18);
        console_u32(model->operators[i].macs, 9);
        console_u32(profile_count(i), 14);
        console_text("\n");
    }
}

static void print_bytes(const char *name, uint32_t bytes) {
    console_padded(name, 8);
    console_u32(bytes, 9);
    console_text(" bytes\n");
}

static void print_cost(uint32_t count) {
    if (PROFILE) {
        print_operators();
    }
    console_padded("total", 27);
    console_u32(count, 14);
    console_text(" ");
    console_text(board_counter_unit);
    console_text("\n\n");
    print_bytes("arena", model->arena_bytes);
    print_bytes("weights", model->weight_bytes);
}

static enum exit_status run(void) {
    print_banner();
    if (inference_initialise(model)) {
        return STATUS_NOT_INITIALISED;
    }
    if (!is_digit_classifier()) {
        print_wrong_model();
        return STATUS_WRONG_MODEL;
    }
    print_digit();
    write_digit();
    const uint32_t start = board_counter();
    const int failure = model->invoke();
    const uint32_t count = board_counter() - start;
    if (failure) {
        console_text("error: inference failed with ");
        console_i32(failure, 0);
        console_text("\n");
        return STATUS_INVOKE_FAILED;
    }
    print_scores();
    print_cost(count);
    return STATUS_OK;
}

int main(void) {
    board_init();
    board_exit(run());
}
