#include "vectors.h"

#include "stm32f7_registers.h"

struct vector_table {
    struct core_vectors core;
    vector_handler interrupts[STM32F7_INTERRUPTS];
};

extern const struct vector_table vectors;
__attribute__((section(".vectors"), used)) const struct vector_table vectors = {
    .core = CORE_VECTORS,
    .interrupts = {[0 ... STM32F7_INTERRUPTS - 1] = fault_entry},
};
