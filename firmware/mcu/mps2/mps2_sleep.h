// Waits for an interrupt, at most a second.
#ifndef TINYML_MCU_MPS2_SLEEP_H
#define TINYML_MCU_MPS2_SLEEP_H

#include <stdint.h>

// Call it with interrupts disabled: one that is pending ends the wait all the same, and is taken
// once they are enabled.
void mps2_sleep(uint32_t clock_hz);

#endif
