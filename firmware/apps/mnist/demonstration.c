#include "demonstration.h"

#include "console.h"
#include "digit.h"
#include "interface.h"
#include "model.h"
#include "profile.h"
#include "report.h"
#include "server.h"
#include "tensor.h"

#define CLASSES 10u

static const struct inference_model *const model = &INFERENCE_MODEL;

static bool is_digit_classifier(void) {
    return model->input_count == 1 && model->output_count == 1 &&
           tensor_elements(&model->inputs[0]) == DIGIT_PIXELS &&
           tensor_elements(&model->outputs[0]) == CLASSES;
}

bool demonstration_fits(void) {
    if (is_digit_classifier()) {
        return true;
    }
    console_text("error: model ");
    console_text(model->name);
    console_text(" is not a digit classifier\nexpected: one input of ");
    console_u32(DIGIT_PIXELS, 0);
    console_text(" elements, one output of ");
    console_u32(CLASSES, 0);
    console_text("\n");
    return false;
}

static void write_digit(void) {
    for (uint32_t i = 0; i < DIGIT_PIXELS; ++i) {
        const uint8_t grey = digit_grey(i / DIGIT_SIDE, i % DIGIT_SIDE);
        tensor_write(&model->inputs[0], i, (float)grey / 255.0f);
    }
}

static void print_digit(void) {
    char row[DIGIT_SIDE + 2] = {[DIGIT_SIDE] = '\n'};
    console_text("\n");
    for (uint32_t y = 0; y < DIGIT_SIDE; ++y) {
        for (uint32_t x = 0; x < DIGIT_SIDE; ++x) {
            row[x] = digit_ink(y, x);
        }
        console_text(row);
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

static void print_cost(uint32_t count) {
    if (PROFILE) {
        print_operators();
    }
    console_padded("total", 27);
    console_u32(count, 14);
    console_text(" ");
    console_text(board_counter_unit);
    console_text("\n\n");
    report_bytes("arena", model->arena_bytes);
    report_bytes("weights", model->weight_bytes);
}

enum exit_status demonstration_invoke(uint32_t *cost) {
    write_digit();
    const int failure = server_invoke(0, cost);
    if (failure) {
        console_text("error: inference failed with ");
        console_i32(failure, 0);
        console_text("\n");
        return STATUS_INVOKE_FAILED;
    }
    return STATUS_OK;
}

enum exit_status demonstration_run(void) {
    uint32_t cost;
    print_digit();
    const enum exit_status status = demonstration_invoke(&cost);
    if (status == STATUS_OK) {
        print_scores();
        print_cost(cost);
    }
    return status;
}
