#include "vectors.h"

#include "board_serial.h"

__attribute__((section(".vectors"), used)) const struct vector_table vectors = {
    .initial_stack = __stack_top,
    .exceptions =
        {
            [0] = reset,
            [1 ... 13] = fault_entry,
            [14] = systick_interrupt,
        },
    .interrupts = {BOARD_INTERRUPTS},
};
