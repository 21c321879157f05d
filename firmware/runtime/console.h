// Text output without stdio. A `width` is the least number of characters: numbers are aligned
// to the right, text to the left.
#ifndef TINYML_RUNTIME_CONSOLE_H
#define TINYML_RUNTIME_CONSOLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void console_text(const char *text);
void console_padded(const char *text, uint32_t width);
void console_u32(uint32_t value, uint32_t width);
void console_i32(int32_t value, uint32_t width);

// Eight digits with 0x before them.
void console_hex32(uint32_t value);

// Prints `value` with `decimals` (0 to 6) digits after the point, rounded as C's printf rounds:
// the exact binary value, halves to even. Magnitudes from 2^40 on print as "huge".
void console_fixed(float value, uint32_t decimals, uint32_t width);

#ifdef __cplusplus
}
#endif

#endif
