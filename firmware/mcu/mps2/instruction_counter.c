#include "instruction_counter.h"

#include "mps2_registers.h"

// TIMER0 runs at 25 MHz (AN500 section 3.7), a tick every 40 ns; QEMU's -icount shift=N makes an
// instruction take 2^N ns. So instructions = ticks * 40 / 2^N.
#define TICK_NS 40u

static uint32_t last;
static uint64_t ticks;

void instruction_counter_start(void) {
    MPS2_TIMER0->reload = UINT32_MAX;
    MPS2_TIMER0->value = UINT32_MAX;
    MPS2_TIMER0->ctrl = MPS2_TIMER_CTRL_ENABLE;
    last = MPS2_TIMER0->value;
    ticks = 0;
}

uint64_t instruction_counter_ns(void) {
    const uint32_t now = MPS2_TIMER0->value; // counts down
    ticks += last - now;
    last = now;
    return ticks * TICK_NS;
}

uint32_t instruction_counter_read(void) {
    return (uint32_t)(instruction_counter_ns() >> BOARD_ICOUNT_SHIFT);
}
