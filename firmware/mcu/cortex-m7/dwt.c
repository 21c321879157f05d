#include "dwt.h"

#include "device.h"

// The Cortex-M7 keeps the DWT locked until its lock access register gets this key: CoreSight,
// Arm IHI 0029.
#define LOCK_KEY 0xC5ACCE55u

void dwt_start(void) {
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    DWT->LAR = LOCK_KEY;
    DWT->CYCCNT = 0;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
}

uint32_t dwt_cycles(void) {
    return DWT->CYCCNT;
}
