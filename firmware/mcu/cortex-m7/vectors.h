// The vector table: what every Cortex-M7 has in common. Each family adds its interrupts.
// PM0253 section 2.4.4.
#ifndef TINYML_MCU_VECTORS_H
#define TINYML_MCU_VECTORS_H

#include <stdint.h>

typedef void (*vector_handler)(void);

struct core_vectors {
    uint32_t *initial_stack;
    vector_handler exceptions[15]; // numbers 1 to 15
};

extern uint32_t __stack_bottom[], __stack_top[]; // linker script
void reset(void);
void fault_entry(void);
// Does nothing but report itself, unless the firmware uses SysTick (systick.c).
void systick_interrupt(void);

// Everything unexpected goes through fault_entry, which reads the number from IPSR.
#define CORE_VECTORS                                                                               \
    {                                                                                              \
        .initial_stack = __stack_top,                                                              \
        .exceptions =                                                                              \
            {                                                                                      \
                [0] = reset,                                                                       \
                [1 ... 13] = fault_entry,                                                          \
                [14] = systick_interrupt,                                                          \
            },                                                                                     \
    }

#endif
