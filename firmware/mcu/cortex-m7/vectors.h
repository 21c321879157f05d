// The vector table: PM0253 section 2.4.4. Everything unexpected goes through fault_entry, which
// reads the exception's number from IPSR.
#ifndef TINYML_MCU_VECTORS_H
#define TINYML_MCU_VECTORS_H

#include <stdint.h>

#include "device.h"

typedef void (*vector_handler)(void);

struct vector_table {
    uint32_t *initial_stack;
    vector_handler exceptions[15]; // numbers 1 to 15
    vector_handler interrupts[LAST_IRQn + 1];
};

extern const struct vector_table vectors;

extern uint32_t __stack_bottom[], __stack_top[]; // linker script
void reset(void);
void fault_entry(void);
// Does nothing but report itself, unless the firmware uses SysTick (systick.c).
void systick_interrupt(void);
// The receivers of the board's serial ports; board.c has them.
void console_interrupt(void);
void link_interrupt(void);

#endif
