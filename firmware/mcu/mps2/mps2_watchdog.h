// The CMSDK watchdog: it reports a hang as an NMI, with the place where it happened.
#ifndef TINYML_MCU_MPS2_WATCHDOG_H
#define TINYML_MCU_MPS2_WATCHDOG_H

#include <stdint.h>

// Reports a hang when it is not fed for 30 s.
void mps2_watchdog_start(uint32_t clock_hz);

// Does nothing before the start.
void mps2_watchdog_feed(void);

#endif
