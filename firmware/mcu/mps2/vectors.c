#include "vectors.h"

#include "mps2_registers.h"

struct vector_table {
    struct core_vectors core;
    vector_handler interrupts[MPS2_INTERRUPTS];
};

extern const struct vector_table vectors;
__attribute__((section(".vectors"), used)) const struct vector_table vectors = {
    .core = CORE_VECTORS,
    .interrupts = {[0 ... MPS2_INTERRUPTS - 1] = fault_entry},
};
