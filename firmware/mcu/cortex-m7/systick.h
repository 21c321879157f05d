// SysTick as a clock of milliseconds.
#ifndef TINYML_MCU_SYSTICK_H
#define TINYML_MCU_SYSTICK_H

#include <stdint.h>

// Starts a tick every millisecond of a core clock of `core_hz`.
void systick_start(uint32_t core_hz);

// Milliseconds since systick_start; wraps at 2^32.
uint32_t systick_milliseconds(void);

#endif
