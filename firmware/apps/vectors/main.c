// Runs the model on every record of inputs.bin and writes its outputs to outputs.bin.
//
// A record is the raw bytes of all inputs, in the model's order; the outputs are written in the
// same way. The files are in the folder that the emulator was started in.
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

static const struct inference_model *const model = &INFERENCE_MODEL;

static enum exit_status failed(const char *what) {
    console_text("error: ");
    console_text(what);
    console_text("\n");
    return STATUS_FAILED;
}

static uint32_t record_bytes(void) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        bytes += model->inputs[i].bytes;
    }
    return bytes;
}

static enum record read_inputs(int32_t file) {
    size_t done = 0;
    for (uint32_t i = 0; i < model->input_count; ++i) {
        done += file_read(file, model->inputs[i].data, model->inputs[i].bytes);
    }
    return done == record_bytes() ? RECORD_READ : done == 0 ? RECORD_END : RECORD_CUT_SHORT;
}

static bool write_outputs(int32_t file) {
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

static enum exit_status run_records(int32_t inputs, int32_t outputs) {
    uint32_t records = 0;
    uint32_t count = 0; // of the inferences alone, not of the files
    enum record next;
    while ((next = read_inputs(inputs)) == RECORD_READ) {
        const uint32_t start = board_counter();
        if (model->invoke()) {
            return failed("inference failed");
        }
        count += board_counter() - start;
        if (!write_outputs(outputs)) {
            return failed("cannot write outputs.bin");
        }
        ++records;
    }
    if (next == RECORD_CUT_SHORT) {
        return failed("inputs.bin is not a whole number of records");
    }
    print_summary(records, count);
    return STATUS_OK;
}

static enum exit_status run(void) {
    if (inference_initialise(model)) {
        return STATUS_FAILED;
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
