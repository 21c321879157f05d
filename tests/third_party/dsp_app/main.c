// Filters and transforms the samples of inputs.bin with CMSIS-DSP, for a test to compare.
//
// inputs.bin: the coefficients of all stages of the filter, then the samples. outputs.bin: the
// filtered samples, then the spectrum in the order of arm_rfft_fast_f32. All numbers are float32.
#include "arm_math.h"

#include "interface.h"
#include "semihosting.h"

enum { STAGES = 2, SAMPLES = 256 };

static struct {
    float32_t coefficients[5 * STAGES];
    float32_t samples[SAMPLES];
} inputs;

static struct {
    float32_t filtered[SAMPLES];
    float32_t spectrum[SAMPLES];
} outputs;

static bool read_inputs(void) {
    const int32_t file = semihosting_open("inputs.bin", SEMIHOSTING_READ);
    return file >= 0 && semihosting_read(file, &inputs, sizeof inputs) == sizeof inputs;
}

static void filter(void) {
    float32_t state[4 * STAGES];
    arm_biquad_casd_df1_inst_f32 biquads;
    arm_biquad_cascade_df1_init_f32(&biquads, STAGES, inputs.coefficients, state);
    arm_biquad_cascade_df1_f32(&biquads, inputs.samples, outputs.filtered, SAMPLES);
}

static bool transform(void) {
    arm_rfft_fast_instance_f32 fft;
    if (arm_rfft_fast_init_f32(&fft, SAMPLES) != ARM_MATH_SUCCESS) {
        return false;
    }
    arm_rfft_fast_f32(&fft, inputs.samples, outputs.spectrum, 0); // overwrites the samples
    return true;
}

static bool write_outputs(void) {
    const int32_t file = semihosting_open("outputs.bin", SEMIHOSTING_WRITE);
    return file >= 0 && semihosting_write(file, &outputs, sizeof outputs) &&
           semihosting_close(file);
}

int main(void) {
    board_init();
    if (!read_inputs()) {
        board_exit(1);
    }
    filter();
    board_exit(transform() && write_outputs() ? 0 : 2);
}
