#include <stddef.h>

#include "console.h"
#include "interface.h"
#include "report.h"

static const char *type_name(enum inference_type type) {
    static const char names[][8] = {"float32", "int8", "uint8", "int16", "int32"};
    return names[type];
}

static void print_shape(const struct inference_tensor *tensor) {
    for (uint32_t i = 0; i < tensor->rank; ++i) {
        console_text(i > 0 ? "x" : " ");
        console_i32(tensor->shape[i], 0);
    }
}

// The scale in millionths, which leaves enough of its digits.
static void print_quantization(const struct inference_tensor *tensor) {
    if (tensor->scale > 0.0f) {
        console_text(", scale ");
        console_fixed(tensor->scale * 1e6f, 3, 0);
        console_text("e-6, zero ");
        console_i32(tensor->zero_point, 0);
    }
}

static void print_place(const struct inference_model *model,
                        const struct inference_tensor *tensor) {
    const uintptr_t offset = (uintptr_t)tensor->data - (uintptr_t)model->arena;
    if (offset < model->arena_bytes) {
        console_text(" at ");
        console_u32((uint32_t)offset, 0);
    }
}

static void print_tensor(const struct inference_model *model,
                         const struct inference_tensor *tensor) {
    board_watchdog_feed(); // there may be hundreds of them, on a slow line
    console_padded(type_name(tensor->type), 7);
    print_shape(tensor);
    print_quantization(tensor);
    console_text(", ");
    console_u32(tensor->bytes, 0);
    console_text(" bytes");
    print_place(model, tensor);
    console_text("\n");
}

static void print_named(const struct inference_model *model, const char *kind,
                        const struct inference_tensor *tensors, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        console_padded(kind, 8);
        console_text(tensors[i].name);
        console_text("\n        ");
        print_tensor(model, &tensors[i]);
    }
}

static void print_operators(const struct inference_model *model) {
    for (uint32_t i = 0; i < model->operator_count; ++i) {
        console_u32(i, 5);
        console_text("   ");
        console_padded(model->operators[i].type, 18);
        if (model->results && model->results[i].data) {
            print_tensor(model, &model->results[i]);
        } else {
            console_text("\n");
        }
    }
}

void report_model(const struct inference_model *model) {
    console_text("model   ");
    console_text(model->name);
    console_text("\n");
    print_named(model, "input", model->inputs, model->input_count);
    print_named(model, "output", model->outputs, model->output_count);
    print_operators(model);
    report_bytes("arena", model->arena_bytes);
    report_bytes("weights", model->weight_bytes);
    report_bytes("state", model->state_bytes);
}
