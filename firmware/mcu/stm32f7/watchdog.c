#include "watchdog.h"

#include "stm32f7_registers.h"

#define LSI_HZ  32000u
#define SECONDS 30u
#define DIVIDER 256u
#define RELOAD  (SECONDS * LSI_HZ / DIVIDER - 1u)

_Static_assert(RELOAD <= 0xFFFu, "the counter has 12 bits: section 28.4.3");

// The registers take over after up to five periods of the slow clock, 40 ms at 17 kHz and /256.
#define WAIT_POLLS 10000000u

void watchdog_start(void) {
    DBGMCU_APB1_FZ |= DBGMCU_APB1_FZ_IWDG; // a breakpoint is no hang
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = IWDG_PR_DIV256;
    IWDG_RLR = RELOAD;
    for (unsigned polls = WAIT_POLLS; polls && IWDG_SR; --polls) {
    }
    watchdog_feed();
}

void watchdog_feed(void) {
    IWDG_KR = IWDG_KR_FEED;
}
