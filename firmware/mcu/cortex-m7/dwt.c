#include "dwt.h"

#include "core_registers.h"

void dwt_start(void) {
    DEBUG_DEMCR |= DEBUG_DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_KEY;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

uint32_t dwt_cycles(void) {
    return DWT_CYCCNT;
}
