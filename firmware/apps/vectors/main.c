// Runs the models on every record of inputs.bin and writes their outputs to outputs.bin.
//
// A record is the raw bytes of all inputs, in the model's order, of one model after the other; the
// outputs are written in the same way. Each model runs before the inputs of the next one are read:
// they may share their memory. The files are in the folder that the emulator was started in.
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "file.h"
#include "interface.h"
#include "model.h"

enum exit_status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
};

enum record { RECORD_READ, RECORD_END, RECORD_CUT_SHORT };

static const struct inference_model *const models[] = {INFERENCE_MODELS};
static const uint32_t model_count = sizeof models / sizeof models[0];

static enum exit_status failed(const char *what) {
    console_text("error: ");
    console_text(what);
    console_text("\n");
    return STATUS_FAILED;
}

static uint32_t input_bytes(const struct inference_model *model) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        bytes += model->inputs[i].bytes;
    }
    return bytes;
}

static enum record read_inputs(const struct inference_model *model, int32_t file) {
    size_t done = 0;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        done += file_read(file, model->inputs[i].data, model->inputs[i].bytes);
    }
    return done == input_bytes(model) ? RECORD_READ : done == 0 ? RECORD_END : RECORD_CUT_SHORT;
}

static bool write_outputs(const struct inference_model *model, int32_t file) {
    bool written = true;
    for (uint32_t i = 0; i < model->output_count; ++i) {
        written &= file_write(file, model->outputs[i].data, model->outputs[i].bytes);
    }
    return written;
}

static void print_summary(uint32_t records, uint32_t count) {
    console_u32(records, 0);
    console_text(" vectors, ");
    console_u32(count, 0);
    console_text(" ");
    console_text(board_counter_unit);
    console_text("\n");
}

// Adds to `count` what the inference alone took, not the files.
static enum exit_status run_model(const struct inference_model *model, int32_t outputs,
                                  uint32_t *count) {
    const uint32_t start = board_counter();
    if (model->invoke()) {
        return failed("inference failed");
    }
    *count += board_counter() - start;
    return write_outputs(model, outputs) ? STATUS_OK : failed("cannot write outputs.bin");
}

static enum exit_status run_records(int32_t inputs, int32_t outputs) {
    uint32_t runs = 0;
    uint32_t count = 0;
    enum record next;
    while ((next = read_inputs(models[runs % model_count], inputs)) == RECORD_READ) {
        if (run_model(models[runs % model_count], outputs, &count)) {
            return STATUS_FAILED;
        }
        ++runs;
    }
    if (next == RECORD_CUT_SHORT || runs % model_count) {
        return failed("inputs.bin is not a whole number of records");
    }
    print_summary(runs / model_count, count);
    return STATUS_OK;
}

static enum exit_status run(void) {
    for (uint32_t i = 0; i < model_count; ++i) {
        if (inference_initialise(models[i])) {
            return STATUS_FAILED;
        }
    }
    const int32_t inputs = file_open("inputs.bin", FILE_READ);
    const int32_t outputs = file_open("outputs.bin", FILE_WRITE);
    if (inputs < 0 || outputs < 0) {
        return failed(inputs < 0 ? "cannot read inputs.bin" : "cannot write outputs.bin");
    }
    const enum exit_status status = run_records(inputs, outputs);
    if (!file_close(inputs) || !file_close(outputs)) {
        return failed("cannot close a file");
    }
    return status;
}

int main(void) {
    board_init();
    board_exit(run());
}
