// Functions of one byte by a table of all 256 values.
#ifndef TINYML_KERNELS_CM7_BYTE_TABLE_H
#define TINYML_KERNELS_CM7_BYTE_TABLE_H

#include "quantize.h"
#include "requantize_cm7.h"

// Bytes for which it pays to make a table first.
enum { WORTH_A_BYTE_TABLE = 400 };

// `zero` is the table's entry of value 0.
static inline void look_up_bytes(const int8_t *zero, const int8_t *input, int8_t *output,
                                 int32_t count) {
    __asm__("" : "+r"(zero)); // or gcc adds its offset to every index
#pragma GCC unroll 4
    for (int8_t *const end = output + count; output != end;) {
        *output++ = zero[*input++];
    }
}

// The low byte of what requantize() makes of a value, clamped to [low, low + 255].
static inline int8_t quantized_value(const struct quantize_int8_params *params,
                                     const struct requantizer *by, int32_t value, int32_t low) {
    const int32_t scaled = requantize_cm7(value + params->input_offset, by);
    return (int8_t)clamp_int32(scaled + params->output_offset, low, low + UINT8_MAX);
}

// Bytes of [input_low, input_low + 255] to bytes of [output_low, output_low + 255], held as int8.
static inline __attribute__((always_inline)) void
quantize_bytes(const struct quantize_int8_params *params, int32_t input_low, int32_t output_low,
               const int8_t *input, int8_t *output) {
    const struct requantizer by = make_requantizer(params->multiplier, params->shift);
    int8_t table[256];
    if (params->count < WORTH_A_BYTE_TABLE) {
        for (int32_t i = 0; i < params->count; ++i) {
            const int32_t value = input_low < 0 ? input[i] : (uint8_t)input[i];
            output[i] = quantized_value(params, &by, value, output_low);
        }
        return;
    }
    for (int32_t i = 0; i < 256; ++i) { // in the order of int8, whatever the type
        const int32_t byte = i + INT8_MIN;
        const int32_t value = input_low < 0 ? byte : (uint8_t)byte;
        table[i] = quantized_value(params, &by, value, output_low);
    }
    look_up_bytes(table - INT8_MIN, input, output, params->count);
}

#endif
