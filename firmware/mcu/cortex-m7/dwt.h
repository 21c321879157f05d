// The cycle counter of the data watchpoint and trace unit.
#ifndef TINYML_MCU_DWT_H
#define TINYML_MCU_DWT_H

#include <stdint.h>

void dwt_start(void);

// Core clock cycles since dwt_start; wraps at 2^32. Reads 0 in QEMU, which has no DWT.
// Not inline: a call boundary before the read keeps the count exact on an emulated core, which
// counts whole basic blocks.
uint32_t dwt_cycles(void);

#endif
