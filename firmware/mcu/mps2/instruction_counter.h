// Counts instructions on an emulator whose virtual time advances by a fixed step for each.
#ifndef TINYML_MCU_INSTRUCTION_COUNTER_H
#define TINYML_MCU_INSTRUCTION_COUNTER_H

#include <stdint.h>

void instruction_counter_start(void);

// Instructions since the start; wraps at 2^32. Call it at least once in 171 s of virtual time,
// the period of the timer behind it. Reads 0 before the start.
uint32_t instruction_counter_read(void);

// Virtual time since the start; the same about 171 s.
uint64_t instruction_counter_ns(void);

#endif
