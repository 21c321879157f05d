#include "mps2_watchdog.h"

#include "mps2_registers.h"

#define SECONDS 30u

void mps2_watchdog_start(uint32_t clock_hz) {
    MPS2_WATCHDOG->lock = MPS2_WATCHDOG_UNLOCK;
    MPS2_WATCHDOG->load = SECONDS * clock_hz;
    MPS2_WATCHDOG->control = MPS2_WATCHDOG_CONTROL_INTERRUPT | MPS2_WATCHDOG_CONTROL_RESET;
    MPS2_WATCHDOG->lock = 0;
}

// Any value written there makes the counter start from its load again.
void mps2_watchdog_feed(void) {
    if (MPS2_WATCHDOG->control & MPS2_WATCHDOG_CONTROL_INTERRUPT) {
        MPS2_WATCHDOG->lock = MPS2_WATCHDOG_UNLOCK;
        MPS2_WATCHDOG->intclr = 1;
        MPS2_WATCHDOG->lock = 0;
    }
}
