// Why the chip was reset.
#ifndef TINYML_MCU_STM32F7_RESET_CAUSE_H
#define TINYML_MCU_STM32F7_RESET_CAUSE_H

// Returns it in words and clears the flags for the next reset: call it once.
const char *reset_cause_take(void);

#endif
