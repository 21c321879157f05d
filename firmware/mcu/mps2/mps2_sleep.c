#include "mps2_sleep.h"

#include "device.h"
#include "mps2_registers.h"

// The interrupt is enabled for the wait alone and never taken, so it needs no handler.
void mps2_sleep(uint32_t clock_hz) {
    const IRQn_Type interrupt = (IRQn_Type)MPS2_TIMER1_INTERRUPT;
    MPS2_TIMER1->reload = clock_hz;
    MPS2_TIMER1->value = clock_hz;
    MPS2_TIMER1->ctrl = MPS2_TIMER_CTRL_ENABLE | MPS2_TIMER_CTRL_INTERRUPT;
    NVIC_EnableIRQ(interrupt);
    __DSB();
    __WFI();
    NVIC_DisableIRQ(interrupt);
    MPS2_TIMER1->ctrl = 0;
    MPS2_TIMER1->intstatus = 1;
    NVIC_ClearPendingIRQ(interrupt);
}
