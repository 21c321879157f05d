// TIM2 as a free-running clock. It interrupts nobody; it can only end a sleep.
#ifndef TINYML_MCU_STM32F7_TIMEBASE_H
#define TINYML_MCU_STM32F7_TIMEBASE_H

#include <stdint.h>

// Starts it at the bus clock of this moment.
void timebase_start(void);

// Time since timebase_start. Call it at least once in ten days: the counter behind it has 32 bits
// of about a quarter of a millisecond.
uint64_t timebase_milliseconds(void);

// Waits for an interrupt, at most about a second. Call it with interrupts disabled: one that is
// pending ends the wait all the same, and is taken once they are enabled.
void timebase_sleep(void);

#endif
