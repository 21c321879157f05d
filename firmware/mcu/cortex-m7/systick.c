#include "systick.h"

#include "core_registers.h"
#include "vectors.h"

static volatile uint32_t milliseconds;

void systick_start(uint32_t core_hz) {
    SYSTICK_RVR = core_hz / 1000u - 1u;
    SYSTICK_CVR = 0;
    SYSTICK_CSR = SYSTICK_CSR_CLKSOURCE | SYSTICK_CSR_TICKINT | SYSTICK_CSR_ENABLE;
}

uint32_t systick_milliseconds(void) {
    return milliseconds;
}

void systick_interrupt(void) {
    milliseconds = milliseconds + 1u;
}
