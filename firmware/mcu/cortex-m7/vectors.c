#include "vectors.h"

__attribute__((section(".vectors"), used)) const struct vector_table vectors = {
    .initial_stack = __stack_top,
    .exceptions =
        {
            [0] = reset,
            [1 ... 13] = fault_entry,
            [14] = systick_interrupt,
        },
    .interrupts = {[0 ... LAST_IRQn] = fault_entry},
};
